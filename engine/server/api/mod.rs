//! The interface for programs, under `/api/v1`.

mod answers;
mod asking;
pub(super) mod openapi;
mod records;
mod runs;
mod shapes;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};

use super::state::App;

pub(super) use answers::{StepWord, TypedStep, enter_answer, enter_step};
pub(super) use asking::{answer_text, keep_text, news_of};
pub(super) use records::{cursor_of, cursor_text};

/// All routes of the interface.
pub(super) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/me", get(runs::me))
        .route("/api/v1/search", get(records::search))
        .route("/api/v1/demands/{id}", get(records::demand))
        .route("/api/v1/supplies/{id}", get(records::supply))
        .route("/api/v1/demands/{id}/matches", get(records::demand_matches))
        .route("/api/v1/supplies/{id}/matches", get(records::supply_matches))
        .route("/api/v1/demands/{id}/contact", get(records::demand_contact))
        .route("/api/v1/supplies/{id}/contact", get(records::supply_contact))
        .route("/api/v1/pairs", get(records::pair))
        .route("/api/v1/gaps", get(records::gaps))
        .route("/api/v1/match", post(asking::match_text))
        .route("/api/v1/saved", get(asking::saved).post(asking::save))
        .route("/api/v1/saved/{id}", delete(asking::delete_saved))
        .route("/api/v1/saved/{id}/news", get(asking::news))
        .route("/api/v1/answers", get(answers::answers).post(answers::answer))
        .route("/api/v1/ledger", get(answers::ledger).post(answers::enter))
        .route("/api/v1/runs", get(runs::runs))
        .route("/api/v1/runs/current", get(runs::current))
        .route("/api/v1/organizations", get(runs::organization))
        .route("/api/v1/openapi.json", get(openapi::json))
        .route("/api/v1/docs", get(openapi::docs_home))
        .route("/api/v1/docs/{*file}", get(openapi::docs))
        .with_state(Arc::clone(app))
}

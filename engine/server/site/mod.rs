//! The pages: what a browser asks for, answered by [`pages`](super::pages) over what the caller sees.

mod admin;
mod asking;
mod browse;
mod frame;
mod import;
mod judge;
mod session;
mod sheets;
mod today;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use super::pages::{PAGE_CSS, PAGE_JS};
use super::state::App;

pub(super) use frame::{LocalPage, as_pages};
pub(super) use import::Jobs;

/// All pages.
pub(super) fn router(app: &Arc<App>) -> Router {
    let uploads = Router::new()
        .route("/import/check", post(import::check))
        .layer(DefaultBodyLimit::max(app.options.upload_bytes));
    Router::new()
        .route("/", get(browse::home))
        .route("/search", get(browse::search))
        .route("/search.xlsx", get(sheets::search))
        .route("/demands/{id}", get(browse::demand))
        .route("/supplies/{id}", get(browse::supply))
        .route("/pairs", get(browse::pair))
        .route("/proposal", get(browse::proposal))
        .route("/gaps", get(browse::gaps))
        .route("/gaps.xlsx", get(sheets::gaps))
        .route("/run", get(browse::run))
        .route("/run/files/{name}", get(browse::run_file))
        .route("/today", get(today::today))
        .route("/today.xlsx", get(sheets::today))
        .route("/answers", post(today::answer))
        .route("/ledger", post(today::step))
        .route("/match", get(asking::form).post(asking::answer))
        .route("/saved", get(asking::saved).post(asking::save))
        .route("/saved/{id}", get(asking::again))
        .route("/saved/{id}/delete", post(asking::delete))
        .route("/saved/{id}/seen", post(asking::seen))
        .route("/import", get(import::form))
        .route("/import/take", post(import::take))
        .route("/import/returned/{key}", get(import::returned))
        .route("/import/job/{id}", get(import::job))
        .merge(uploads)
        .route("/admin", get(admin::admin))
        .route("/admin/log.xlsx", get(sheets::log))
        .route("/admin/tokens", post(admin::create_token))
        .route("/admin/tokens/{id}/revoke", post(admin::revoke_token))
        .route("/admin/users", post(admin::add_user))
        .route("/admin/users/{id}/role", post(admin::set_role))
        .route("/admin/users/{id}/password", post(admin::set_password))
        .route("/admin/users/{id}/disable", post(admin::disable))
        .route("/admin/users/{id}/enable", post(admin::enable))
        .route("/judge", get(judge::judge).post(judge::grade))
        .route("/login", get(session::form).post(session::login))
        .route("/logout", post(session::logout))
        .route("/launch", get(session::launch))
        .route("/lang/{lang}", get(session::language))
        .route("/assets/page.css", get(|| async { asset("text/css; charset=utf-8", PAGE_CSS) }))
        .route(
            "/assets/page.js",
            get(|| async { asset("text/javascript; charset=utf-8", PAGE_JS) }),
        )
        .with_state(Arc::clone(app))
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}

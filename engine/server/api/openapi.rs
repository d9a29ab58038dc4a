//! The description of the interface, and the page to browse it.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::Config;

use super::{answers, asking, records, runs};
use crate::server::problem::Problem;
use crate::server::strict::{Path, Wanted};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "duijie",
        description = "Matches technology demands with technology supplies in both directions. \
            Scores and probabilities are decimals with at most six digits. Hidden records do not \
            exist for callers who may not see them."
    ),
    paths(
        runs::me, records::search, records::demand, records::supply, records::demand_matches,
        records::supply_matches, records::demand_contact, records::supply_contact, records::pair,
        records::gaps, asking::match_text, asking::saved, asking::save, asking::delete_saved,
        asking::news, answers::answers, answers::answer, answers::ledger, answers::enter,
        runs::runs, runs::current, runs::organization,
    ),
    components(schemas(Problem)),
    modifiers(&Token),
    tags(
        (name = "records", description = "Demands, supplies and their owners"),
        (name = "matches", description = "Who should talk to whom, and why"),
        (name = "answers", description = "What brokers answered, and how far pairs have come"),
        (name = "saved", description = "Texts that are asked again"),
        (name = "runs", description = "What is published"),
    )
)]
struct Document;

/// Tokens are sent as `Authorization: Bearer`.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", scheme);
    }
}

/// The description.
pub(in crate::server) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(document);

/// The description, for tools. It tells nothing about records, so everybody may read it.
pub(super) async fn json() -> Json<utoipa::openapi::OpenApi> {
    Json(DOCUMENT.clone())
}

static DOCS: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::from("/api/v1/openapi.json")));

pub(super) async fn docs_home() -> Redirect {
    Redirect::permanent("/api/v1/docs/index.html")
}

/// A file of the page on which the interface can be browsed; all are in the program.
pub(super) async fn docs(Wanted(lang): Wanted, Path(file): Path<String>) -> Response {
    match utoipa_swagger_ui::serve(&file, Arc::clone(&DOCS)) {
        Ok(Some(file)) => {
            ([(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response()
        }
        _ => Problem::not_found(lang).into_response(),
    }
}

//! Runs, organizations, and who the caller is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::model::{Permission, Role, Side};
use crate::server::access::Caller;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::strict::Query;
use crate::store::RunRow;

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeShape {
    name: String,
    #[schema(value_type = String)]
    role: Role,
    #[schema(value_type = Vec<String>)]
    may: Vec<Permission>,
}

/// Who the caller is, and what it may do.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "runs",
    responses((status = 200, body = MeShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn me(caller: Caller) -> Json<MeShape> {
    let may = Permission::ALL.into_iter().filter(|&permission| caller.may(permission)).collect();
    Json(MeShape { name: caller.by, role: caller.role, may })
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunShape {
    /// Its name.
    run: String,
    #[schema(value_type = String, format = Date)]
    as_of: Date,
    /// `open`, `published`, `failed` or `abandoned`.
    state: String,
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    generation: Option<u64>,
    program: String,
}

impl From<RunRow> for RunShape {
    fn from(run: RunRow) -> Self {
        Self {
            run: run.folder,
            as_of: run.as_of,
            state: format!("{:?}", run.state).to_lowercase(),
            started_at: run.started_at,
            finished_at: run.finished_at,
            generation: run.generation,
            program: run.program,
        }
    }
}

/// The last hundred runs, newest first. For the office: what went wrong concerns nobody else.
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs",
    responses((status = 200, body = Vec<RunShape>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn runs(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<RunShape>>, Problem> {
    caller.needs(Permission::Import)?;
    let found = app.read(|store| store.runs(100)).await;
    let runs = found.map_err(|error| Problem::of_store(caller.lang, &error))?;
    Ok(Json(runs.into_iter().map(Into::into).collect()))
}

/// What is published.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CurrentShape {
    run: String,
    generation: u64,
    #[schema(value_type = String, format = Date)]
    as_of: Date,
    /// 数据截至.
    #[schema(value_type = Option<String>, format = Date)]
    data_until: Option<Date>,
    #[schema(value_type = String, format = DateTime)]
    published_at: Timestamp,
    /// Records of either side that the caller sees.
    demands: usize,
    supplies: usize,
    /// Why a later run could not be opened; null where there is none.
    trouble: Option<String>,
    /// The run's manifest, which counts all records; for the office.
    #[schema(value_type = Option<Object>)]
    manifest: Option<serde_json::Value>,
}

/// What is published.
#[utoipa::path(
    get, path = "/api/v1/runs/current", tag = "runs",
    responses((status = 200, body = CurrentShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn current(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<CurrentShape>, Problem> {
    caller.needs(Permission::Read)?;
    let serving = app.serving(caller.lang)?;
    let (view, is_office) = (caller.view(&serving), caller.role >= Role::Office);
    let manifest = serving.snapshot.manifest();
    Ok(Json(CurrentShape {
        run: serving.current.run.clone(),
        generation: serving.current.generation,
        as_of: serving.current.as_of,
        data_until: view.data_until(),
        published_at: serving.current.published_at,
        demands: view.n_records(Side::Demand),
        supplies: view.n_records(Side::Supply),
        trouble: app.trouble().filter(|_| is_office),
        manifest: is_office.then(|| serde_json::to_value(manifest).unwrap_or_default()),
    }))
}

/// Which organization is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrganizationParams {
    /// Its name, an alias, or its 统一社会信用代码.
    name: String,
}

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganizationShape {
    name: String,
    /// 统一社会信用代码.
    code: Option<String>,
    /// All names under which it stands in lists.
    names: Vec<String>,
    /// Numbers of its demands that the caller sees with their owner.
    demands: Vec<String>,
    /// Numbers of its supplies, likewise.
    supplies: Vec<String>,
}

/// An organization with its records. One whose records are all hidden does not exist.
#[utoipa::path(
    get, path = "/api/v1/organizations", tag = "records", params(OrganizationParams),
    responses((status = 200, body = OrganizationShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn organization(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(asked): Query<OrganizationParams>,
) -> Result<Json<OrganizationShape>, Problem> {
    caller.needs(Permission::Read)?;
    let lang = caller.lang;
    let serving = app.serving(lang)?;
    let found = app.read(move |store| store.find_organization(&asked.name)).await;
    let found = found.map_err(|error| Problem::of_store(lang, &error))?;
    let found = found.ok_or_else(|| Problem::not_found(lang))?;
    let view = caller.view(&serving);
    let [demands, supplies] =
        [Side::Demand, Side::Supply].map(|side| view.numbers_of(side, &found.names, &found.name));
    if demands.is_empty() && supplies.is_empty() && caller.role < Role::Office {
        return Err(Problem::not_found(lang));
    }
    Ok(Json(OrganizationShape {
        code: found.code.map(|code| code.to_string()),
        names: found.names,
        name: found.name,
        demands,
        supplies,
    }))
}

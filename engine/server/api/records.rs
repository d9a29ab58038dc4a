//! Searching, records, their matches, pairs and gaps.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::shapes::{
    BriefShape, ContactShape, GapsShape, MatchShape, MatchesShape, PairShape, RecordShape,
    SearchShape,
};
use crate::model::{CooperationMode, Maturity, Permission, Side, Sight};
use crate::pipeline::{Cursor, Filters, SeenRecord};
use crate::server::access::Caller;
use crate::server::problem::Problem;
use crate::server::state::{App, blocking};
use crate::server::strict::{Path, Query};
use crate::store::AccessKind;

/// Most records on a page.
const MOST: usize = 100;

/// One of the two lists.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum SideWord {
    Demand,
    Supply,
}

impl From<SideWord> for Side {
    fn from(word: SideWord) -> Self {
        match word {
            SideWord::Demand => Self::Demand,
            SideWord::Supply => Self::Supply,
        }
    }
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParams {
    /// The side that is searched.
    #[param(inline)]
    side: SideWord,
    /// Words, a number, a code; words in quotation marks must stand together. Nothing gives every
    /// record, the latest first.
    #[serde(default)]
    #[param(max_length = 2000)]
    q: String,
    /// Words in the classification, or the beginning of a code.
    field: Option<String>,
    region: Option<String>,
    /// At least this far: `research`, `lab_tested`, `prototype`, `pilot_tested`, `mass_production`.
    #[param(value_type = Option<String>)]
    maturity: Option<Maturity>,
    /// `transfer`, `license`, `commission`, `joint_development`, `service`, `equity`, `pledge`, `other`.
    #[param(value_type = Option<String>)]
    cooperation: Option<CooperationMode>,
    /// Words in the owner's name, where it is shown.
    owner: Option<String>,
    /// Published on this day or later.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Published on this day or earlier.
    #[param(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Records on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Where a page begins, as text: score and id.
pub(in crate::server) fn cursor_text(cursor: &Cursor) -> String {
    format!("{:08x}.{}", cursor.score, cursor.id)
}

/// Reads it back.
pub(in crate::server) fn cursor_of(text: &str) -> Option<Cursor> {
    let (score, id) = text.split_once('.')?;
    let score = (score.len() == 8).then(|| u32::from_str_radix(score, 16).ok())??;
    Some(Cursor { score, id: id.to_owned() })
}

/// Searches one of the two lists.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "records", params(SearchParams),
    responses((status = 200, body = SearchShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn search(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(asked): Query<SearchParams>,
) -> Result<Json<SearchShape>, Problem> {
    caller.needs(Permission::Read)?;
    let lang = caller.lang;
    if asked.q.chars().count() > 2_000 {
        return Err(Problem::bad_request(
            lang,
            lang.pick("q 最长 2000 字", "q is at most 2000 characters"),
        ));
    }
    let limit = asked.limit.unwrap_or(20);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::bad_request(
            lang,
            lang.pick("limit 为 1 到 100", "limit is from 1 to 100"),
        ));
    }
    let after = match &asked.after {
        None => None,
        Some(text) => Some(cursor_of(text).ok_or_else(|| {
            Problem::bad_request(
                lang,
                lang.pick("after 不是上一页的 next", "after is not the next of a page"),
            )
        })?),
    };
    let query = crate::pipeline::Query {
        side: asked.side.into(),
        text: asked.q,
        filters: Filters {
            field: asked.field,
            region: asked.region,
            maturity: asked.maturity,
            cooperation: asked.cooperation,
            owner: asked.owner,
            posted_from: asked.from,
            posted_until: asked.until,
        },
        limit,
        after,
    };
    let serving = app.serving(lang)?;
    let role = caller.role;
    let found = blocking(move || serving.snapshot.seen_by(role).search(&query))
        .await
        .map_err(|error| Problem::of_pipeline(lang, &error))?;
    for record in &found.records {
        app.audit.note(&app, &caller, AccessKind::Search, &record.seen);
    }
    Ok(Json(SearchShape {
        found: found.n_found,
        records: found.records.iter().map(Into::into).collect(),
        next: found.next.as_ref().map(cursor_text),
    }))
}

/// The record a caller asks for, noted.
fn seen(app: &App, caller: &Caller, side: Side, id: &str) -> Result<SeenRecord, Problem> {
    caller.needs(Permission::Read)?;
    let serving = app.serving(caller.lang)?;
    let seen = caller.view(&serving).record(side, id);
    let seen = seen.ok_or_else(|| Problem::not_found(caller.lang))?;
    app.audit.note(app, caller, AccessKind::Record, &seen);
    Ok(seen)
}

/// A demand, by id or number.
#[utoipa::path(
    get, path = "/api/v1/demands/{id}", tag = "records",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, body = RecordShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn demand(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RecordShape>, Problem> {
    Ok(Json((&seen(&app, &caller, Side::Demand, &id)?).into()))
}

/// A supply, by id or number.
#[utoipa::path(
    get, path = "/api/v1/supplies/{id}", tag = "records",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, body = RecordShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn supply(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RecordShape>, Problem> {
    Ok(Json((&seen(&app, &caller, Side::Supply, &id)?).into()))
}

fn matches(app: &App, caller: &Caller, side: Side, id: &str) -> Result<MatchesShape, Problem> {
    let seen = seen(app, caller, side, id)?;
    let serving = app.serving(caller.lang)?;
    let (view, id) = (caller.view(&serving), seen.record().id.as_str());
    let heads = view.matches(side, id).ok_or_else(|| Problem::not_found(caller.lang))?;
    let matches = heads
        .iter()
        .filter_map(|head| {
            let other = match side {
                Side::Demand => view.record(Side::Supply, head.supply.as_str()),
                Side::Supply => view.record(Side::Demand, head.demand.as_str()),
            }?;
            app.audit.note(app, caller, AccessKind::Record, &other);
            Some(MatchShape { head: head.into(), other: BriefShape::from(&other) })
        })
        .collect();
    let for_demand = side == Side::Demand;
    Ok(MatchesShape {
        run: serving.current.run.clone(),
        matches,
        joint: view.joint(id).filter(|_| for_demand).map(Into::into),
        quality: view.quality(id).filter(|_| for_demand).map(Into::into),
    })
}

/// The matches of a demand, best first.
#[utoipa::path(
    get, path = "/api/v1/demands/{id}/matches", tag = "matches",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, body = MatchesShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn demand_matches(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MatchesShape>, Problem> {
    Ok(Json(matches(&app, &caller, Side::Demand, &id)?))
}

/// The matches of a supply, best first.
#[utoipa::path(
    get, path = "/api/v1/supplies/{id}/matches", tag = "matches",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, body = MatchesShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn supply_matches(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MatchesShape>, Problem> {
    Ok(Json(matches(&app, &caller, Side::Supply, &id)?))
}

async fn contact(
    app: Arc<App>,
    caller: Caller,
    side: Side,
    id: String,
) -> Result<Json<ContactShape>, Problem> {
    let seen = seen(&app, &caller, side, &id)?;
    if seen.sight() < Sight::WithContacts {
        return Err(Problem::forbidden(
            caller.lang,
            ("这条记录的联系方式不对您开放", "the contacts of this record are not shown to you"),
        ));
    }
    let id = seen.record().id.clone();
    let found = app.read(move |store| store.contact_of_record(side, &id)).await;
    let contact = found.map_err(|error| Problem::of_store(caller.lang, &error))?;
    app.audit.note(&app, &caller, AccessKind::Contacts, &seen);
    Ok(Json(contact.unwrap_or_default().into()))
}

/// How to reach the owner of a demand; noted in the audit log.
#[utoipa::path(
    get, path = "/api/v1/demands/{id}/contact", tag = "records",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, body = ContactShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn demand_contact(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ContactShape>, Problem> {
    contact(app, caller, Side::Demand, id).await
}

/// How to reach the owner of a supply; noted in the audit log.
#[utoipa::path(
    get, path = "/api/v1/supplies/{id}/contact", tag = "records",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, body = ContactShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn supply_contact(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ContactShape>, Problem> {
    contact(app, caller, Side::Supply, id).await
}

/// Which pair is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PairParams {
    /// Id or number of the demand.
    pub(super) demand: String,
    /// Id or number of the supply.
    pub(super) supply: String,
}

/// A pair, explained: every part with its quotes.
#[utoipa::path(
    get, path = "/api/v1/pairs", tag = "matches", params(PairParams),
    responses((status = 200, body = PairShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(asked): Query<PairParams>,
) -> Result<Json<PairShape>, Problem> {
    caller.needs(Permission::Read)?;
    let (serving, role, lang) = (app.serving(caller.lang)?, caller.role, caller.lang);
    let found =
        blocking(move || serving.snapshot.seen_by(role).pair(&asked.demand, &asked.supply)).await;
    let pair = found.map_err(|error| Problem::of_pipeline(lang, &error))?;
    let pair = pair.ok_or_else(|| Problem::not_found(lang))?;
    for seen in [&pair.demand, &pair.supply] {
        app.audit.note(&app, &caller, AccessKind::Record, seen);
    }
    Ok(Json((&pair).into()))
}

/// A page of the gap list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GapParams {
    /// How many are passed over.
    #[param(minimum = 0, maximum = 1000000)]
    skip: Option<usize>,
    /// How many are given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Demands that nothing answers, with the nearest miss and what it lacks.
#[utoipa::path(
    get, path = "/api/v1/gaps", tag = "matches", params(GapParams),
    responses((status = 200, body = GapsShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn gaps(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(asked): Query<GapParams>,
) -> Result<Json<GapsShape>, Problem> {
    caller.needs(Permission::Read)?;
    let (skip, limit, lang) = (asked.skip.unwrap_or(0), asked.limit.unwrap_or(20), caller.lang);
    if !(1..=MOST).contains(&limit) || skip > 1_000_000 {
        let what = lang.pick(
            "limit 为 1 到 100，skip 不超过 100 万",
            "limit is from 1 to 100, skip at most 1000000",
        );
        return Err(Problem::bad_request(lang, what));
    }
    let (serving, role) = (app.serving(lang)?, caller.role);
    let (entries, found) =
        blocking(move || serving.snapshot.seen_by(role).gaps(skip, limit, lang)).await;
    for entry in &entries {
        app.audit.note(&app, &caller, AccessKind::Record, &entry.demand);
    }
    Ok(Json(GapsShape { found, gaps: entries.iter().map(Into::into).collect() }))
}

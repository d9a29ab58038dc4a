//! Texts that stand in no list: matched at once, or kept and asked again every night.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::SideWord;
use super::shapes::TextShape;
use crate::model::{Maturity, Permission, RecordId, Side, SupplyKind, Verdict};
use crate::pipeline::{Draft, TextAnswer};
use crate::server::access::Caller;
use crate::server::problem::Problem;
use crate::server::state::{App, blocking};
use crate::server::strict::{Body, Path};
use crate::store::{AccessKind, NewQuery, QueryId, SavedQuery};

/// Characters of a text that are matched at once. A longer one belongs into a list.
pub(in crate::server) const LONGEST_TEXT: usize = 20_000;

/// A text to be matched.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TextBody {
    /// Whether it asks or offers.
    side: SideWord,
    /// The text; a short first line is its title.
    #[schema(max_length = 20000)]
    text: String,
    title: Option<String>,
    /// A classification path, such as `制造业——专用设备制造业`.
    field: Option<String>,
    region: Option<String>,
    #[schema(value_type = Option<String>)]
    maturity: Option<Maturity>,
    #[schema(value_type = Option<String>)]
    supply_kind: Option<SupplyKind>,
    /// How many pairs are given, 10 unless told.
    #[schema(minimum = 1, maximum = 50)]
    top: Option<usize>,
}

/// Matches a text, for the interface and for pages.
pub(in crate::server) async fn answer_text(
    app: &Arc<App>,
    caller: &Caller,
    draft: Draft,
    top: usize,
) -> Result<TextAnswer, Problem> {
    caller.needs(Permission::Match)?;
    let lang = caller.lang;
    let too_long = |text: &str| text.chars().count() > LONGEST_TEXT;
    if too_long(&draft.text) || draft.title.as_deref().is_some_and(too_long) {
        let what = lang.pick("文字最长 20000 字", "a text is at most 20000 characters");
        return Err(Problem::bad_request(lang, what));
    }
    let serving = app.serving(lang)?;
    let Ok(permit) = app.matching.try_acquire() else { return Err(Problem::busy(lang)) };
    let role = caller.role;
    let answer =
        blocking(move || serving.snapshot.seen_by(role).match_text(&draft, top, lang)).await;
    drop(permit);
    let answer = answer.map_err(|error| Problem::of_pipeline(lang, &error))?;
    for pair in &answer.pairs {
        let other = pair.of(answer.record.side.other());
        app.audit.note(app, caller, AccessKind::Search, other);
    }
    Ok(answer)
}

/// Matches a text that is in no list: the full answer, with parts, numbers, verdict and questions.
#[utoipa::path(
    post, path = "/api/v1/match", tag = "matches", request_body = TextBody,
    responses((status = 200, body = TextShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn match_text(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(asked): Body<TextBody>,
) -> Result<Json<TextShape>, Problem> {
    let lang = caller.lang;
    let top = asked.top.unwrap_or(10);
    if !(1..=50).contains(&top) {
        return Err(Problem::bad_request(lang, lang.pick("top 为 1 到 50", "top is from 1 to 50")));
    }
    let draft = Draft {
        side: asked.side.into(),
        text: asked.text,
        title: asked.title,
        field: asked.field,
        region: asked.region,
        maturity: asked.maturity,
        supply_kind: asked.supply_kind,
    };
    let run = app.serving(lang)?.current.run.clone();
    let answer = answer_text(&app, &caller, draft, top).await?;
    Ok(Json(TextShape {
        title: answer.record.title,
        body: answer.record.body,
        verdict: answer.verdict,
        pairs: answer.pairs.iter().map(Into::into).collect(),
        quality: answer.quality.as_ref().map(Into::into),
        run,
    }))
}

/// A text that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SavedShape {
    #[schema(value_type = i64)]
    id: QueryId,
    name: String,
    #[schema(value_type = String)]
    side: Side,
    text: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The run whose news were last looked at.
    seen_run: Option<String>,
}

impl From<SavedQuery> for SavedShape {
    fn from(saved: SavedQuery) -> Self {
        let SavedQuery { id, name, side, text, created_at, seen_run, .. } = saved;
        Self { id, name, side, text, created_at, seen_run }
    }
}

/// The caller's saved texts.
#[utoipa::path(
    get, path = "/api/v1/saved", tag = "saved",
    responses((status = 200, body = Vec<SavedShape>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn saved(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<SavedShape>>, Problem> {
    caller.needs(Permission::Read)?;
    let user = caller.user;
    let found = app.read(move |store| store.saved_queries(user)).await;
    let saved = found.map_err(|error| Problem::of_store(caller.lang, &error))?;
    Ok(Json(saved.into_iter().map(Into::into).collect()))
}

/// A text to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SaveBody {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    side: SideWord,
    #[schema(min_length = 1, max_length = 20000)]
    text: String,
}

/// Keeps a text.
pub(in crate::server) async fn keep_text(
    app: &Arc<App>,
    caller: &Caller,
    name: String,
    side: Side,
    text: String,
) -> Result<SavedQuery, Problem> {
    caller.needs(Permission::Match)?;
    let lang = caller.lang;
    let is_empty = name.trim().is_empty() || text.trim().is_empty();
    if is_empty || text.chars().count() > LONGEST_TEXT || name.chars().count() > 200 {
        let what = lang.pick(
            "名称为 1 到 200 字，文字为 1 到 20000 字",
            "a name has 1 to 200 characters, a text 1 to 20000",
        );
        return Err(Problem::bad_request(lang, what));
    }
    let (user, at) = (caller.user, app.now());
    let kept = app
        .write(move |store| {
            let filters = serde_json::json!({});
            let query = NewQuery { user, name: &name, side, text: &text, filters: &filters };
            store.save_query(&query, at)
        })
        .await;
    kept.map_err(|error| Problem::of_store(lang, &error))
}

/// Keeps a text, so that news about it can be asked for.
#[utoipa::path(
    post, path = "/api/v1/saved", tag = "saved", request_body = SaveBody,
    responses((status = 201, body = SavedShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn save(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(asked): Body<SaveBody>,
) -> Result<(StatusCode, Json<SavedShape>), Problem> {
    let kept = keep_text(&app, &caller, asked.name, asked.side.into(), asked.text).await?;
    Ok((StatusCode::CREATED, Json(kept.into())))
}

/// Forgets a saved text.
#[utoipa::path(
    delete, path = "/api/v1/saved/{id}", tag = "saved",
    params(("id" = i64, Path, description = "Id of the saved text")),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json"), (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn delete_saved(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::Match)?;
    let user = caller.user;
    let gone = app.write(move |store| store.delete_query(user, QueryId(id))).await;
    if gone.map_err(|error| Problem::of_store(caller.lang, &error))? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(caller.lang))
    }
}

/// What is new about a saved text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewsShape {
    /// Name of the run.
    run: String,
    /// The best verdict now.
    #[schema(value_type = String)]
    verdict: Verdict,
    /// Records among the ten best that were published since the text was saved or its news were last
    /// marked as seen, and why they stand there.
    new: Vec<super::shapes::PairShape>,
}

/// What is new about a saved text since its news were last looked at; looking marks them as seen.
#[utoipa::path(
    get, path = "/api/v1/saved/{id}/news", tag = "saved",
    params(("id" = i64, Path, description = "Id of the saved text")),
    responses((status = 200, body = NewsShape), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn news(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<NewsShape>, Problem> {
    let (user, lang) = (caller.user, caller.lang);
    let found = app.read(move |store| store.saved_queries(user)).await;
    let all = found.map_err(|error| Problem::of_store(lang, &error))?;
    let saved = all.into_iter().find(|saved| saved.id == QueryId(id));
    let saved = saved.ok_or_else(|| Problem::not_found(lang))?;
    let run = app.serving(lang)?.current.run.clone();
    let (answer, new) = news_of(&app, &caller, &saved).await?;
    let seen = run.clone();
    let marked = app.write(move |store| store.mark_query_seen(user, saved.id, &seen)).await;
    marked.map_err(|error| Problem::of_store(lang, &error))?;
    let new = new.iter().map(|&at| (&answer.pairs[at]).into()).collect();
    Ok(Json(NewsShape { run, verdict: answer.verdict, new }))
}

/// Asks a saved text again: the answer, and the places of the pairs that are new. Nothing is new in the
/// run whose news were seen.
pub(in crate::server) async fn news_of(
    app: &Arc<App>,
    caller: &Caller,
    saved: &SavedQuery,
) -> Result<(TextAnswer, Vec<usize>), Problem> {
    let lang = caller.lang;
    let serving = app.serving(lang)?;
    let answer = answer_text(app, caller, Draft::new(saved.side, saved.text.clone()), 10).await?;
    if saved.seen_run.as_ref() == Some(&serving.current.run) {
        return Ok((answer, Vec::new()));
    }
    let other = saved.side.other();
    let ids: Vec<RecordId> =
        answer.pairs.iter().map(|pair| pair.of(other).record().id.clone()).collect();
    let (seen_run, created_at) = (saved.seen_run.clone(), saved.created_at);
    let found = app
        .read(move |store| {
            let runs = store.runs(usize::MAX >> 1)?;
            let seen = seen_run.and_then(|name| runs.into_iter().find(|run| run.folder == name));
            let mut new = Vec::new();
            for (at, id) in ids.iter().enumerate() {
                // New is what the run that was seen had not read yet; without one, what came later
                // than the text.
                let last = store.history(other, id)?.into_iter().next_back();
                let is_new = match (&seen, last) {
                    (Some(run), Some(version)) => version.seq > run.reference,
                    (None, Some(_)) => store
                        .record(other, id.as_str())?
                        .is_some_and(|record| record.imported_at > created_at),
                    (_, None) => false,
                };
                if is_new {
                    new.push(at);
                }
            }
            Ok(new)
        })
        .await;
    let new = found.map_err(|error| Problem::of_store(lang, &error))?;
    Ok((answer, new))
}

//! Brokers' answers and the follow-up ledger.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::records::PairParams;
use crate::matching::fingerprint;
use crate::model::{Answer, BrokerAnswer, Permission, Reason, RecordId, Side, SourceRef};
use crate::server::access::Caller;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::strict::{Body, Query};
use crate::store::{AnswerRow, LedgerEntry, LedgerRow, Step};

/// The name of the place where answers through the server stand.
const SOURCE: &str = "server";

/// Ids of a pair that the caller sees.
fn pair_of(
    app: &App,
    caller: &Caller,
    demand: &str,
    supply: &str,
) -> Result<(RecordId, RecordId), Problem> {
    let serving = app.serving(caller.lang)?;
    let view = caller.view(&serving);
    let id = |side, wanted: &str| {
        let seen = view.record(side, wanted).ok_or_else(|| Problem::not_found(caller.lang))?;
        Ok::<_, Problem>(seen.record().id.clone())
    };
    Ok((id(Side::Demand, demand)?, id(Side::Supply, supply)?))
}

/// An answer that was given.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnswerShape {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = String, example = "introduced")]
    answer: Answer,
    #[schema(value_type = Option<String>)]
    reason: Option<Reason>,
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<Date>,
    by: Option<String>,
}

impl From<AnswerRow> for AnswerShape {
    fn from(AnswerRow { at, answer, .. }: AnswerRow) -> Self {
        let BrokerAnswer { answer, reason, date, by, .. } = answer;
        Self { at, answer, reason, date, by }
    }
}

/// The answers about a pair, oldest first.
#[utoipa::path(
    get, path = "/api/v1/answers", tag = "answers", params(PairParams),
    responses((status = 200, body = Vec<AnswerShape>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn answers(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(asked): Query<PairParams>,
) -> Result<Json<Vec<AnswerShape>>, Problem> {
    caller.needs(Permission::Answer)?;
    let (demand, supply) = pair_of(&app, &caller, &asked.demand, &asked.supply)?;
    let found = app.read(move |store| store.answers_of(&demand, &supply)).await;
    let rows = found.map_err(|error| Problem::of_store(caller.lang, &error))?;
    Ok(Json(rows.into_iter().map(Into::into).collect()))
}

/// An answer about a pair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerBody {
    /// Id or number.
    demand: String,
    /// Id or number.
    supply: String,
    /// `introduced` (已对接), `talking`, `undecided`, `unfit` (不合适), `unreachable`.
    #[schema(value_type = String, pattern = "^(introduced|talking|undecided|unfit|unreachable)$")]
    answer: Answer,
    /// For `unfit`: `technology`, `indicator`, `maturity`, `price`, `region`, `partnered`, `rights`, `other`.
    #[schema(value_type = Option<String>)]
    reason: Option<Reason>,
}

/// Enters an answer, for the interface and for pages.
pub(in crate::server) async fn enter_answer(
    app: &Arc<App>,
    caller: &Caller,
    (demand, supply): (&str, &str),
    answer: Answer,
    reason: Option<Reason>,
) -> Result<(), Problem> {
    caller.needs(Permission::Answer)?;
    let lang = caller.lang;
    if answer != Answer::Unfit && reason.is_some() {
        let what = lang.pick("只有“不合适”才有原因", "only `unfit` has a reason");
        return Err(Problem::bad_request(lang, what));
    }
    let (demand, supply) = pair_of(app, caller, demand, supply)?;
    let (at, date, by) = (app.now(), app.today(), caller.by.clone());
    let written = app
        .write(move |store| {
            let print = |store: &crate::store::Store, side, id: &RecordId| {
                let found = store.record(side, id.as_str())?;
                Ok::<_, crate::store::StoreError>(found.map(|it| fingerprint(&it.record)))
            };
            let versions =
                print(store, Side::Demand, &demand)?.zip(print(store, Side::Supply, &supply)?);
            let answer = BrokerAnswer {
                demand: demand.0,
                supply: supply.0,
                answer,
                reason: (answer == Answer::Unfit).then(|| reason.unwrap_or(Reason::Other)),
                date: Some(date),
                by: Some(by),
                versions,
                source: SourceRef { file: SOURCE.to_owned(), sheet: None, row: 1 },
            };
            store.add_answers(&[answer], at)
        })
        .await;
    written.map_err(|error| Problem::of_store(lang, &error))?;
    Ok(())
}

/// Answers about a pair; it counts from the next night on.
#[utoipa::path(
    post, path = "/api/v1/answers", tag = "answers", request_body = AnswerBody,
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json"), (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(asked): Body<AnswerBody>,
) -> Result<StatusCode, Problem> {
    let pair = (asked.demand.as_str(), asked.supply.as_str());
    enter_answer(&app, &caller, pair, asked.answer, asked.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A step of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LedgerShape {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// `step`, and for `signed` also `contract` and `amount_fen`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    step: Step,
    #[schema(value_type = String, format = Date)]
    date: Date,
    #[schema(value_type = Option<String>, format = Date)]
    next_date: Option<Date>,
    note: String,
    by: String,
}

impl From<LedgerRow> for LedgerShape {
    fn from(LedgerRow { at, entry, .. }: LedgerRow) -> Self {
        let LedgerEntry { step, date, next_date, note, by, .. } = entry;
        Self { at, step, date, next_date, note, by }
    }
}

/// How far a pair has come, oldest step first.
#[utoipa::path(
    get, path = "/api/v1/ledger", tag = "answers", params(PairParams),
    responses((status = 200, body = Vec<LedgerShape>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
              (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn ledger(
    State(app): State<Arc<App>>,
    caller: Caller,
    Query(asked): Query<PairParams>,
) -> Result<Json<Vec<LedgerShape>>, Problem> {
    caller.needs(Permission::Ledger)?;
    let (demand, supply) = pair_of(&app, &caller, &asked.demand, &asked.supply)?;
    let found = app.read(move |store| store.ledger(&demand, &supply)).await;
    let rows = found.map_err(|error| Problem::of_store(caller.lang, &error))?;
    Ok(Json(rows.into_iter().map(Into::into).collect()))
}

/// A step to be entered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerBody {
    /// Id or number.
    demand: String,
    /// Id or number.
    supply: String,
    /// `contacted` 已联系, `met` 已会面, `negotiating` 洽谈中, `signed` 已签约, `shelved` 搁置.
    step: StepWord,
    /// Number of the contract, for `signed`.
    contract: Option<String>,
    /// Its amount in fen, for `signed`.
    amount_fen: Option<i64>,
    /// The day it was so; today unless told.
    #[schema(value_type = Option<String>, format = Date)]
    date: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    next_date: Option<Date>,
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
}

/// A step without its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::server) enum StepWord {
    Contacted,
    Met,
    Negotiating,
    Signed,
    Shelved,
}

/// A step as somebody typed it.
pub(in crate::server) struct TypedStep {
    pub(in crate::server) step: StepWord,
    pub(in crate::server) contract: Option<String>,
    pub(in crate::server) amount_fen: Option<i64>,
    pub(in crate::server) date: Option<Date>,
    pub(in crate::server) next_date: Option<Date>,
    pub(in crate::server) note: String,
}

/// Enters a step, for the interface and for pages.
pub(in crate::server) async fn enter_step(
    app: &Arc<App>,
    caller: &Caller,
    (demand, supply): (&str, &str),
    typed: TypedStep,
) -> Result<(), Problem> {
    caller.needs(Permission::Ledger)?;
    let lang = caller.lang;
    let step = match (typed.step, typed.contract, typed.amount_fen) {
        (StepWord::Contacted, None, None) => Step::Contacted,
        (StepWord::Met, None, None) => Step::Met,
        (StepWord::Negotiating, None, None) => Step::Negotiating,
        (StepWord::Shelved, None, None) => Step::Shelved,
        (StepWord::Signed, Some(contract), Some(amount_fen)) => {
            Step::Signed { contract, amount_fen }
        }
        _ => {
            let what = lang.pick(
                "已签约需要合同号和金额，其他步骤没有这两项",
                "`signed` needs contract and amount_fen, other steps have neither",
            );
            return Err(Problem::bad_request(lang, what));
        }
    };
    let (demand, supply) = pair_of(app, caller, demand, supply)?;
    let entry = LedgerEntry {
        demand,
        supply,
        step,
        date: typed.date.unwrap_or_else(|| app.today()),
        next_date: typed.next_date,
        note: typed.note,
        by: caller.by.clone(),
    };
    let at = app.now();
    let written = app.write(move |store| store.add_ledger(&entry, at)).await;
    written.map_err(|error| Problem::of_store(lang, &error))?;
    Ok(())
}

/// Enters how far a pair has come.
#[utoipa::path(
    post, path = "/api/v1/ledger", tag = "answers", request_body = LedgerBody,
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json"), (status = "5XX", body = Problem, content_type = "application/problem+json")),
    security(("token" = []))
)]
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(asked): Body<LedgerBody>,
) -> Result<StatusCode, Problem> {
    let LedgerBody { demand, supply, step, contract, amount_fen, date, next_date, note } = asked;
    let typed = TypedStep { step, contract, amount_fen, date, next_date, note };
    enter_step(&app, &caller, (&demand, &supply), typed).await?;
    Ok(StatusCode::NO_CONTENT)
}

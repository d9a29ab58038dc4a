//! My list today: what was handed out, what became of it, what is due.

use std::collections::HashMap;

use axum::Form;
use axum::response::Response;
use serde::Deserialize;

use super::browse::{day, word};
use super::frame::{Notice, Site, back, html};
use crate::model::{Answer, Permission, Reason, Role, Side};
use crate::server::access::checks_form;
use crate::server::api::{StepWord, TypedStep, enter_answer, enter_step};
use crate::server::pages::{self, TodayFilter, TodayPage, TodayRow};
use crate::server::problem::Problem;
use crate::server::strict::Query as Params;
use crate::store::{LedgerRow, Seq};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TodayParams {
    show: String,
}

pub(super) async fn today(
    site: Site,
    Params(asked): Params<TodayParams>,
) -> Result<Response, Problem> {
    let filter = match asked.show.as_str() {
        "" => TodayFilter::All,
        text => TodayFilter::of_word(text)
            .ok_or_else(|| Problem::bad_request(site.lang, format!("show: {text}")))?,
    };
    let (rows, broker) = rows(&site).await?;
    let page =
        TodayPage { rows: &rows, filter, today: site.app.today(), broker: broker.as_deref() };
    Ok(html(pages::today_page(&site.frame(), &page)))
}

/// The pairs that were handed out of the caller's demands: a broker's own share where the office
/// shares out, else all.
pub(super) async fn rows(site: &Site) -> Result<(Vec<TodayRow>, Option<String>), Problem> {
    site.needs(Permission::Answer)?;
    let serving = site.serving()?;
    let view = site.view(&serving);
    let user = site.caller.session().and_then(|session| session.user.as_ref());
    let broker = user.and_then(|user| user.broker.clone());
    let own = broker.clone().filter(|name| {
        site.caller.role == Role::Broker && serving.news.broker_of.values().any(|of| of == name)
    });
    let mut heads = view.handed_out();
    if let Some(own) = &own {
        heads.retain(|head| serving.news.broker_of.get(head.demand.as_str()) == Some(own));
    }
    let found = site
        .app
        .read(|store| Ok((store.answers(Seq(i64::MAX))?, store.ledger_standing(Seq(i64::MAX))?)))
        .await;
    let (answers, ledger) = found.map_err(|error| Problem::of_store(site.lang, &error))?;
    // The last answer about a pair counts.
    let answers: HashMap<(String, String), Answer> =
        answers.into_iter().map(|it| ((it.demand, it.supply), it.answer)).collect();
    let mut steps: HashMap<(String, String), LedgerRow> = ledger
        .into_iter()
        .map(|row| ((row.entry.demand.0.clone(), row.entry.supply.0.clone()), row))
        .collect();
    let rows = heads
        .into_iter()
        .filter_map(|head| {
            let key = (head.demand.0.clone(), head.supply.0.clone());
            let why = serving.news.why.get(&key);
            Some(TodayRow {
                demand: view.record(Side::Demand, &key.0)?,
                supply: view.record(Side::Supply, &key.1)?,
                answer: answers.get(&key).copied(),
                step: steps.remove(&key),
                is_new: why.is_some(),
                why: (why.into_iter().flatten())
                    .map(|why| why.label(site.lang).to_owned())
                    .collect(),
                head,
            })
        })
        .collect();
    Ok((rows, own))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerForm {
    csrf: String,
    #[serde(default)]
    back: String,
    demand: String,
    supply: String,
    answer: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn answer(site: Site, Form(typed): Form<AnswerForm>) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    let answer: Answer = word(&site, "answer", &typed.answer)?
        .ok_or_else(|| Problem::bad_request(site.lang, "answer"))?;
    let reason: Option<Reason> = word(&site, "reason", &typed.reason)?;
    let reason = reason.filter(|_| answer == Answer::Unfit);
    enter_answer(&site.app, &site.caller, (&typed.demand, &typed.supply), answer, reason).await?;
    Ok(back(&typed.back, Notice::Recorded))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    csrf: String,
    #[serde(default)]
    back: String,
    demand: String,
    supply: String,
    step: StepWord,
    #[serde(default)]
    date: String,
    #[serde(default)]
    next_date: String,
    #[serde(default)]
    contract: String,
    /// Yuan, with two decimals at most.
    #[serde(default)]
    amount: String,
    #[serde(default)]
    note: String,
}

pub(super) async fn step(site: Site, Form(typed): Form<StepForm>) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    let is_signed = typed.step == StepWord::Signed;
    let amount_fen = match typed.amount.trim() {
        text if is_signed && !text.is_empty() => Some(fen(text).ok_or_else(|| {
            let what = site.lang.pick(
                "金额写成元，最多两位小数",
                "an amount is in yuan, with two decimals at most",
            );
            Problem::bad_request(site.lang, what)
        })?),
        _ => None,
    };
    let step = TypedStep {
        step: typed.step,
        contract: Some(typed.contract).filter(|text| is_signed && !text.trim().is_empty()),
        amount_fen,
        date: day(&site, "date", &typed.date)?,
        next_date: day(&site, "next_date", &typed.next_date)?,
        note: typed.note,
    };
    enter_step(&site.app, &site.caller, (&typed.demand, &typed.supply), step).await?;
    Ok(back(&typed.back, Notice::Recorded))
}

/// Yuan as typed, in fen.
fn fen(text: &str) -> Option<i64> {
    let text = text.replace([',', '，', ' '], "");
    let (yuan, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let are_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if yuan.is_empty() || decimals.len() > 2 || !are_digits(yuan) || !are_digits(decimals) {
        return None;
    }
    let fen: i64 = format!("{decimals:0<2}").parse().ok()?;
    yuan.parse::<i64>().ok()?.checked_mul(100)?.checked_add(fen)
}

#[cfg(test)]
mod tests {
    use super::fen;

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(fen("1,200,000"), Some(120_000_000));
        assert_eq!(fen("0.5"), Some(50));
        assert_eq!(fen("12.34"), Some(1_234));
        for wrong in ["", "1.234", "-1", "1e3", "十万", ".5", "99999999999999999999"] {
            assert_eq!(fen(wrong), None, "{wrong}");
        }
    }
}

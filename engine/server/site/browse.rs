//! Searching and looking: records, pairs, proposals, gaps, the run.

use std::fs;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::IntoDeserializer;

use super::frame::{Site, html};
use crate::job::Serving;
use crate::model::{CooperationMode, Maturity, Permission, Role, Side, Sight, Wording};
use crate::pipeline::{Filters, PairHead, Query, SeenPair, SeenRecord};
use crate::server::api::{cursor_of, cursor_text};
use crate::server::pages::{
    self, GapsPage, PairPage, ProposalPage, RecordPage, RunFile, RunPage, SearchPage,
};
use crate::server::problem::Problem;
use crate::server::state::blocking;
use crate::server::strict::{Path, Query as Params};
use crate::store::AccessKind;

/// Records on a page.
const PER_PAGE: usize = 20;
/// Pairs of a record that are shown with their quotes; the others are a list.
const CARDS: usize = 10;

/// What the form of a search sends: empty fields mean nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SearchParams {
    side: String,
    q: String,
    field: String,
    region: String,
    maturity: String,
    cooperation: String,
    owner: String,
    from: String,
    until: String,
    after: String,
}

/// What a word stands for, as it is serialised; `None` for the empty word.
pub(super) fn word<T: serde::de::DeserializeOwned>(
    site: &Site,
    name: &str,
    text: &str,
) -> Result<Option<T>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let deserializer: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
        text.into_deserializer();
    T::deserialize(deserializer)
        .map(Some)
        .map_err(|error| Problem::bad_request(site.lang, format!("{name}: {error}")))
}

/// A day; `None` for the empty field.
pub(super) fn day(
    site: &Site,
    name: &str,
    text: &str,
) -> Result<Option<jiff::civil::Date>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|error| Problem::bad_request(site.lang, format!("{name}: {error}")))
}

pub(super) fn side_of(site: &Site, text: &str) -> Result<Side, Problem> {
    Ok(word(site, "side", text)?.unwrap_or(Side::Supply))
}

impl SearchParams {
    pub(super) fn query(&self, site: &Site, limit: usize) -> Result<Query, Problem> {
        let some = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        if self.q.chars().count() > 2_000 {
            let what =
                site.lang.pick("查找的文字最长 2000 字", "a question has at most 2000 characters");
            return Err(Problem::bad_request(site.lang, what));
        }
        let after = match self.after.as_str() {
            "" => None,
            text => Some(cursor_of(text).ok_or_else(|| Problem::bad_request(site.lang, "after"))?),
        };
        Ok(Query {
            side: side_of(site, &self.side)?,
            text: self.q.clone(),
            filters: Filters {
                field: some(&self.field),
                region: some(&self.region),
                maturity: word::<Maturity>(site, "maturity", &self.maturity)?,
                cooperation: word::<CooperationMode>(site, "cooperation", &self.cooperation)?,
                owner: some(&self.owner),
                posted_from: day(site, "from", &self.from)?,
                posted_until: day(site, "until", &self.until)?,
            },
            limit,
            after,
        })
    }
}

pub(super) async fn home(site: Site) -> Result<Response, Problem> {
    site.needs(Permission::Read)?;
    let serving = site.serving()?;
    let view = site.view(&serving);
    let query = SearchParams::default().query(&site, PER_PAGE)?;
    let page = SearchPage {
        query: &query,
        found: None,
        next: None,
        n_records: [view.n_records(Side::Demand), view.n_records(Side::Supply)],
        error: None,
    };
    Ok(html(pages::search_page(&site.frame(), &page)))
}

pub(super) async fn search(
    site: Site,
    Params(asked): Params<SearchParams>,
) -> Result<Response, Problem> {
    site.needs(Permission::Read)?;
    let serving = site.serving()?;
    let query = asked.query(&site, PER_PAGE)?;
    let (role, asked, held) = (site.caller.role, query.clone(), serving.clone());
    let found = blocking(move || held.snapshot.seen_by(role).search(&asked))
        .await
        .map_err(|error| Problem::of_pipeline(site.lang, &error))?;
    for record in &found.records {
        site.app.audit.note(&site.app, &site.caller, AccessKind::Search, &record.seen);
    }
    let next = found.next.as_ref().map(cursor_text);
    let view = site.view(&serving);
    let page = SearchPage {
        query: &query,
        found: Some(&found),
        next: next.as_deref(),
        n_records: [view.n_records(Side::Demand), view.n_records(Side::Supply)],
        error: None,
    };
    Ok(html(pages::search_page(&site.frame(), &page)))
}

pub(super) async fn demand(site: Site, Path(id): Path<String>) -> Result<Response, Problem> {
    record(site, Side::Demand, id).await
}

pub(super) async fn supply(site: Site, Path(id): Path<String>) -> Result<Response, Problem> {
    record(site, Side::Supply, id).await
}

/// A record's page; with `.xlsx` at the end of its id, its matches as a workbook.
async fn record(site: Site, side: Side, id: String) -> Result<Response, Problem> {
    site.needs(Permission::Read)?;
    if let Some(id) = id.strip_suffix(".xlsx") {
        return super::sheets::matches(&site, side, id).await;
    }
    let serving = site.serving()?;
    let view = site.view(&serving);
    let seen = view.record(side, &id).ok_or_else(|| site.not_found())?;
    site.app.audit.note(&site.app, &site.caller, AccessKind::Record, &seen);
    let id = seen.record().id.0.clone();
    let heads = view.matches(side, &id).unwrap_or_default();
    let mut cards: Vec<(PairHead, SeenPair)> = Vec::new();
    let mut others: Vec<(PairHead, SeenRecord)> = Vec::new();
    for head in heads {
        let other = match side {
            Side::Demand => view.record(Side::Supply, head.supply.as_str()),
            Side::Supply => view.record(Side::Demand, head.demand.as_str()),
        };
        let Some(other) = other else { continue };
        site.app.audit.note(&site.app, &site.caller, AccessKind::Record, &other);
        if cards.len() < CARDS {
            let pair = view.pair(head.demand.as_str(), head.supply.as_str());
            let pair = pair.map_err(|error| Problem::of_pipeline(site.lang, &error))?;
            cards.extend(pair.map(|pair| (head, pair)));
        } else {
            others.push((head, other));
        }
    }
    let contact = if seen.sight() >= Sight::WithContacts {
        let wanted = seen.record().id.clone();
        let found = site.app.read(move |store| store.contact_of_record(side, &wanted)).await;
        found.map_err(|error| Problem::of_store(site.lang, &error))?
    } else {
        None
    };
    if contact.is_some() {
        site.app.audit.note(&site.app, &site.caller, AccessKind::Contacts, &seen);
    }
    let for_demand = side == Side::Demand;
    let page = RecordPage {
        record: &seen,
        contact: contact.as_ref(),
        cards: &cards,
        others: &others,
        joint: view.joint(&id).filter(|_| for_demand),
        quality: view.quality(&id).filter(|_| for_demand),
    };
    Ok(html(pages::record_page(&site.frame(), &page)))
}

/// Which pair is meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PairParams {
    pub(super) demand: String,
    pub(super) supply: String,
}

async fn seen_pair(site: &Site, asked: &PairParams, kind: AccessKind) -> Result<SeenPair, Problem> {
    site.needs(Permission::Read)?;
    let (serving, role) = (site.serving()?, site.caller.role);
    let (demand, supply) = (asked.demand.clone(), asked.supply.clone());
    let found = blocking(move || serving.snapshot.seen_by(role).pair(&demand, &supply)).await;
    let pair = found.map_err(|error| Problem::of_pipeline(site.lang, &error))?;
    let pair = pair.ok_or_else(|| site.not_found())?;
    for seen in [&pair.demand, &pair.supply] {
        site.app.audit.note(&site.app, &site.caller, kind, seen);
    }
    Ok(pair)
}

pub(super) async fn pair(
    site: Site,
    Params(asked): Params<PairParams>,
) -> Result<Response, Problem> {
    let pair = seen_pair(&site, &asked, AccessKind::Record).await?;
    let serving = site.serving()?;
    let (demand, supply) = (pair.demand.record().id.clone(), pair.supply.record().id.clone());
    let quality = site.view(&serving).quality(demand.as_str());
    let may_answer = site.caller.may(Permission::Answer);
    let (answers, ledger) = if may_answer {
        let found = site
            .app
            .read(move |store| {
                Ok((store.answers_of(&demand, &supply)?, store.ledger(&demand, &supply)?))
            })
            .await;
        found.map_err(|error| Problem::of_store(site.lang, &error))?
    } else {
        (Vec::new(), Vec::new())
    };
    let page = PairPage {
        pair: &pair,
        quality,
        answers: &answers,
        ledger: &ledger,
        today: site.app.today(),
    };
    Ok(html(pages::pair_page(&site.frame(), &page)))
}

pub(super) async fn proposal(
    site: Site,
    Params(asked): Params<PairParams>,
) -> Result<Response, Problem> {
    let pair = seen_pair(&site, &asked, AccessKind::Proposal).await?;
    let page = ProposalPage { pair: &pair, made_on: site.app.today() };
    Ok(html(pages::proposal_page(&site.frame(), &page)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GapParams {
    page: Option<usize>,
}

pub(super) async fn gaps(
    site: Site,
    Params(asked): Params<GapParams>,
) -> Result<Response, Problem> {
    site.needs(Permission::Read)?;
    let page = asked.page.unwrap_or(1).clamp(1, 100_000);
    let (serving, role, lang) = (site.serving()?, site.caller.role, site.lang);
    let skip = (page - 1) * PER_PAGE;
    let (entries, n_found) =
        blocking(move || serving.snapshot.seen_by(role).gaps(skip, PER_PAGE, lang)).await;
    for entry in &entries {
        site.app.audit.note(&site.app, &site.caller, AccessKind::Record, &entry.demand);
    }
    let page = GapsPage { entries: &entries, n_found, page, per_page: PER_PAGE };
    Ok(html(pages::gaps_page(&site.frame(), &page)))
}

/// Files of a run that people download, with what they are.
const FILES: [(&str, &str, &str); 7] = [
    ("lists.xlsx", "双向推荐清单", "lists for both sides"),
    ("report.html", "运行报告", "report of the run"),
    ("matches.jsonl", "全部配对（程序用）", "all pairs, for programs"),
    ("joint.jsonl", "联合体（程序用）", "joint answers, for programs"),
    ("quality.jsonl", "需求质量（程序用）", "quality of the demands, for programs"),
    ("rejected.csv", "被拒绝的行", "rejected rows"),
    ("expired.csv", "已过期的记录", "expired records"),
];

/// The files of the published run that people download.
pub(super) fn run_files(serving: &Serving) -> Vec<RunFile<'static>> {
    FILES
        .iter()
        .filter_map(|(name, zh, en)| {
            let file = serving.current.run_files.get(*name)?;
            Some(RunFile { name, what: Wording::new(*zh, *en), bytes: file.size })
        })
        .collect()
}

pub(super) async fn run(site: Site) -> Result<Response, Problem> {
    site.needs(Permission::Read)?;
    let serving = site.serving()?;
    let view = site.view(&serving);
    let is_office = site.caller.role >= Role::Office;
    let runs = if is_office {
        let found = site.app.read(|store| store.runs(30)).await;
        found.map_err(|error| Problem::of_store(site.lang, &error))?
    } else {
        Vec::new()
    };
    let files = if is_office { run_files(&serving) } else { Vec::new() };
    let page = RunPage {
        n_records: [view.n_records(Side::Demand), view.n_records(Side::Supply)],
        manifest: is_office.then(|| serving.snapshot.manifest()),
        runs: &runs,
        files: &files,
    };
    Ok(html(pages::run_page(&site.frame(), &page)))
}

/// A file of the published run. They hold all records, so they are for the office.
pub(super) async fn run_file(site: Site, Path(name): Path<String>) -> Result<Response, Problem> {
    site.needs(Permission::Import)?;
    let serving = site.serving()?;
    let is_known = FILES.iter().any(|(known, ..)| *known == name);
    if !is_known || !serving.current.run_files.contains_key(&name) {
        return Err(site.not_found());
    }
    let path = site.app.workspace.run(&serving.current.run).join(&name);
    let bytes = blocking(move || fs::read(path)).await.map_err(|error| {
        tracing::error!(%error, name, "a file of the run cannot be read");
        Problem::internal(site.lang)
    })?;
    site.app.audit.note_act(&site.app, &site.caller, AccessKind::Export);
    Ok(download(&name, bytes))
}

/// A file to be saved.
pub(super) fn download(name: &str, bytes: Vec<u8>) -> Response {
    let kind = match name.rsplit('.').next() {
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("csv") => "text/csv; charset=utf-8",
        // A report must not run its script under our name: it is saved, not shown.
        _ => "application/octet-stream",
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}

//! Paste a demand, and saved ones.

use axum::Form;
use axum::response::Response;
use serde::Deserialize;

use super::browse::{side_of, word};
use super::frame::{Notice, Site, back, html};
use crate::model::{Maturity, Permission, Side, SupplyKind};
use crate::pipeline::{Draft, PairHead, SeenRecord};
use crate::server::access::checks_form;
use crate::server::api::{answer_text, keep_text, news_of};
use crate::server::pages::{self, AnswerPage, SavedRow};
use crate::server::problem::Problem;
use crate::server::strict::Path;
use crate::store::QueryId;

/// How many pairs are shown.
const SHOWN: usize = 10;
/// Saved texts that are asked again at once for the list of them.
const ASKED: usize = 20;

pub(super) async fn form(site: Site) -> Result<Response, Problem> {
    site.needs(Permission::Match)?;
    Ok(html(pages::match_page(&site.frame(), &Draft::new(Side::Demand, ""), None)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextForm {
    csrf: String,
    #[serde(default)]
    side: String,
    text: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    field: String,
    #[serde(default)]
    region: String,
    #[serde(default)]
    maturity: String,
    #[serde(default)]
    kind: String,
}

impl TextForm {
    fn draft(&self, site: &Site) -> Result<Draft, Problem> {
        let some = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let side = match self.side.as_str() {
            "" => Side::Demand,
            side => side_of(site, side)?,
        };
        Ok(Draft {
            side,
            text: self.text.clone(),
            title: some(&self.title),
            field: some(&self.field),
            region: some(&self.region),
            maturity: word::<Maturity>(site, "maturity", &self.maturity)?,
            supply_kind: word::<SupplyKind>(site, "kind", &self.kind)?,
        })
    }
}

pub(super) async fn answer(site: Site, Form(typed): Form<TextForm>) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    let draft = typed.draft(&site)?;
    if draft.text.trim().is_empty() {
        let what = site.lang.pick("请先写几句话", "write a few sentences first");
        return Ok(html(pages::match_page(&site.frame(), &draft, Some(what))));
    }
    let answer = answer_text(&site.app, &site.caller, draft.clone(), SHOWN).await?;
    let may_save = site.caller.may(Permission::Match);
    let page = AnswerPage { draft: &draft, answer: &answer, may_save };
    Ok(html(pages::answer_page(&site.frame(), &page)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaveForm {
    csrf: String,
    name: String,
    #[serde(default)]
    side: String,
    text: String,
    // Told by the form so that the text can be asked in the same way; a saved text is its words.
    #[serde(default, rename = "field")]
    _field: String,
    #[serde(default, rename = "region")]
    _region: String,
    #[serde(default, rename = "maturity")]
    _maturity: String,
}

pub(super) async fn save(site: Site, Form(typed): Form<SaveForm>) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    let side = word(&site, "side", &typed.side)?.unwrap_or(Side::Demand);
    keep_text(&site.app, &site.caller, typed.name, side, typed.text).await?;
    Ok(back("/saved", Notice::Saved))
}

type Own = (crate::pipeline::TextAnswer, Vec<(PairHead, SeenRecord)>);

pub(super) async fn saved(site: Site) -> Result<Response, Problem> {
    site.needs(Permission::Match)?;
    let user = site.caller.user;
    let found = site.app.read(move |store| store.saved_queries(user)).await;
    let mut queries = found.map_err(|error| Problem::of_store(site.lang, &error))?;
    queries.truncate(ASKED);
    let mut answers: Vec<Own> = Vec::new();
    for query in &queries {
        let (answer, new) = news_of(&site.app, &site.caller, query).await?;
        let news = new.iter().map(|&at| head_of(&answer, at)).collect();
        answers.push((answer, news));
    }
    let best: Vec<Option<(PairHead, SeenRecord)>> = answers
        .iter()
        .map(|(answer, _)| (!answer.pairs.is_empty()).then(|| head_of(answer, 0)))
        .collect();
    let rows: Vec<SavedRow<'_>> = queries
        .iter()
        .zip(&answers)
        .zip(&best)
        .map(|((query, (answer, news)), best)| SavedRow {
            query,
            verdict: answer.verdict,
            news,
            best: best.as_ref().map(|(head, record)| (head, record)),
        })
        .collect();
    Ok(html(pages::saved_page(&site.frame(), &rows)))
}

/// A pair of an answer as a list shows it.
fn head_of(answer: &crate::pipeline::TextAnswer, at: usize) -> (PairHead, SeenRecord) {
    let pair = &answer.pairs[at];
    let written = &pair.pair;
    let side = answer.record.side;
    let head = PairHead {
        demand: pair.demand.record().id.clone(),
        supply: pair.supply.record().id.clone(),
        rank: u32::try_from(at + 1).ok(),
        verdict: written.verdict,
        probability: written.probability,
        score: match side {
            Side::Demand => written.score_for_demand,
            Side::Supply => written.score_for_supply,
        },
        mutual_score: written.mutual_score,
        handed_out: false,
        refused: false,
    };
    (head, pair.of(side.other()).clone())
}

async fn own(site: &Site, id: i64) -> Result<crate::store::SavedQuery, Problem> {
    let user = site.caller.user;
    let found = site.app.read(move |store| store.saved_queries(user)).await;
    let all = found.map_err(|error| Problem::of_store(site.lang, &error))?;
    all.into_iter().find(|query| query.id == QueryId(id)).ok_or_else(|| site.not_found())
}

pub(super) async fn again(site: Site, Path(id): Path<i64>) -> Result<Response, Problem> {
    let query = own(&site, id).await?;
    let draft = Draft::new(query.side, query.text);
    let answer = answer_text(&site.app, &site.caller, draft.clone(), SHOWN).await?;
    let page = AnswerPage { draft: &draft, answer: &answer, may_save: false };
    Ok(html(pages::answer_page(&site.frame(), &page)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CsrfForm {
    pub(super) csrf: String,
}

pub(super) async fn delete(
    site: Site,
    Path(id): Path<i64>,
    Form(typed): Form<CsrfForm>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    let user = site.caller.user;
    let gone = site.app.write(move |store| store.delete_query(user, QueryId(id))).await;
    if gone.map_err(|error| Problem::of_store(site.lang, &error))? {
        Ok(back("/saved", Notice::Deleted))
    } else {
        Err(site.not_found())
    }
}

pub(super) async fn seen(
    site: Site,
    Path(id): Path<i64>,
    Form(typed): Form<CsrfForm>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    let query = own(&site, id).await?;
    let run = site.serving()?.current.run.clone();
    let user = site.caller.user;
    let marked = site.app.write(move |store| store.mark_query_seen(user, query.id, &run)).await;
    marked.map_err(|error| Problem::of_store(site.lang, &error))?;
    Ok(back("/saved", Notice::Done))
}

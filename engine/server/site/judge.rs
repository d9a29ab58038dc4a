//! Blind grading: one pair at a time.

use std::collections::BTreeMap;

use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::{Site, html};
use crate::evaluation::{GRADES, GradeTable};
use crate::job::{Grades, HIGHEST_GRADE, Judging, Pool};
use crate::model::{Permission, Side};
use crate::server::access::checks_form;
use crate::server::pages::{self, Disagreement, JudgeDone, JudgePage, TwoAssessors};
use crate::server::problem::Problem;
use crate::server::state::blocking;
use crate::server::strict::Query as Params;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct JudgeParams {
    key: String,
    skipped: String,
}

async fn read(site: &Site) -> Result<(Pool, Grades), Problem> {
    let judging = Judging::of(&site.app.workspace);
    let read = blocking(move || Ok((judging.pool()?, judging.grades()?))).await;
    read.map_err(|error| Problem::of_job(site.lang, &error))
}

/// The next pair of the pool that the caller has not graded, or the one that is named.
pub(super) async fn judge(
    site: Site,
    Params(asked): Params<JudgeParams>,
) -> Result<Response, Problem> {
    site.needs(Permission::Answer)?;
    let (pool, grades) = read(&site).await?;
    let none = BTreeMap::new();
    let own = grades.get(&site.caller.by).unwrap_or(&none);
    let serving = site.serving()?;
    let view = site.view(&serving);
    let skipped: usize = asked.skipped.parse().unwrap_or(0);
    // What was withdrawn since, or is hidden from the caller, is not graded by them.
    let seen = |at: usize| {
        let (demand, supply) = &pool[at];
        Some((view.record(Side::Demand, demand)?, view.record(Side::Supply, supply)?))
    };
    let next = match asked.key.parse::<usize>() {
        Ok(at) if at < pool.len() => Some(at),
        _ => (skipped.min(pool.len())..pool.len())
            .find(|&at| !own.contains_key(&pool[at]) && seen(at).is_some()),
    };
    let n_judged = pool.iter().filter(|pair| own.contains_key(*pair)).count();
    if let Some(at) = next
        && let Some((demand, supply)) = seen(at)
    {
        let previous = (0..at).rev().find(|&before| own.contains_key(&pool[before]));
        let previous = previous.map(|before| before.to_string());
        let page = JudgePage {
            key: &at.to_string(),
            demand: &demand,
            supply: &supply,
            n_judged,
            n_pool: pool.len(),
            given: own.get(&pool[at]).copied(),
            previous: previous.as_deref(),
        };
        return Ok(html(pages::judge_page(&site.frame(), &page)));
    }
    let assessors: Vec<(String, usize)> =
        grades.iter().map(|(name, of)| (name.clone(), of.len())).collect();
    let two = two_assessors(&pool, &grades, &|at| {
        let (demand, supply) = seen(at)?;
        Some(format!("{} ↔ {}", demand.record().title, supply.record().title))
    });
    let page = JudgeDone { n_pool: pool.len(), assessors: &assessors, agreement: two.as_ref() };
    Ok(html(pages::judge_done_page(&site.frame(), &page)))
}

/// The two assessors who graded most of the same pairs.
fn two_assessors(
    pool: &Pool,
    grades: &Grades,
    what: &dyn Fn(usize) -> Option<String>,
) -> Option<TwoAssessors> {
    let common =
        |a: &str, b: &str| grades[a].keys().filter(|pair| grades[b].contains_key(*pair)).count();
    let names: Vec<&String> = grades.keys().collect();
    let pairs =
        names.iter().enumerate().flat_map(|(at, a)| names[at + 1..].iter().map(move |b| (*a, *b)));
    let (first, second) =
        pairs.filter(|(a, b)| common(a, b) > 0).max_by_key(|(a, b)| common(a, b))?;
    let mut table: GradeTable = [[0; GRADES]; GRADES];
    let mut disagreements = Vec::new();
    for (at, pair) in pool.iter().enumerate() {
        let of =
            |name: &str| grades[name].get(pair).copied().filter(|&grade| grade <= HIGHEST_GRADE);
        let (Some(a), Some(b)) = (of(first), of(second)) else { continue };
        table[usize::from(a)][usize::from(b)] += 1;
        if a != b
            && let Some(what) = what(at)
        {
            disagreements.push(Disagreement { key: at.to_string(), what, first: a, second: b });
        }
    }
    disagreements.sort_by_key(|it| std::cmp::Reverse(it.first.abs_diff(it.second)));
    Some(TwoAssessors { first: first.clone(), second: second.clone(), table, disagreements })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GradeForm {
    csrf: String,
    key: String,
    grade: String,
}

pub(super) async fn grade(site: Site, Form(typed): Form<GradeForm>) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    site.needs(Permission::Answer)?;
    let bad = |what: &str| Problem::bad_request(site.lang, what);
    let at: usize = typed.key.parse().map_err(|_| bad("key"))?;
    if typed.grade == "skip" {
        return Ok(
            Redirect::to(&format!("/judge?skipped={}", at.saturating_add(1))).into_response()
        );
    }
    let grade: u8 = typed.grade.parse().map_err(|_| bad("grade"))?;
    if grade > HIGHEST_GRADE {
        return Err(bad("grade: 0–3"));
    }
    let judging = Judging::of(&site.app.workspace);
    let (by, now) = (site.caller.by.clone(), site.app.now());
    let written = blocking(move || {
        let pool = judging.pool()?;
        match pool.get(at) {
            Some(pair) => judging.grade(&by, pair, grade, now).map(|()| true),
            None => Ok(false),
        }
    })
    .await;
    if !written.map_err(|error| Problem::of_job(site.lang, &error))? {
        return Err(bad("key"));
    }
    Ok(Redirect::to("/judge").into_response())
}

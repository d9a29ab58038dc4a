//! `duijie search`: free text over a finished run, or over what a workspace has published.

use std::io::Write;

use serde::Serialize;
use serde_json::json;

use super::arguments::SearchArguments;
use super::outcome::{Failure, tell};
use super::workspace::{find, surroundings};
use super::{CommandResult, table};
use crate::job::open_published;
use crate::model::{Lang, Role, Side};
use crate::pipeline::{Filters, Query, Silent, search};

/// A record that was found.
#[derive(Serialize)]
struct Shown {
    id: String,
    number: String,
    title: String,
    organization: Option<String>,
    score: f32,
    snippet: String,
}

pub(super) fn run(arguments: &SearchArguments, lang: Lang) -> CommandResult {
    let side: Side = arguments.side.into();
    let hits = match &arguments.out {
        Some(out) => {
            let limit = arguments.limit as usize;
            let answer = search(out, side, &arguments.text, limit, arguments.synonyms.as_ref())?;
            let shown = |hit: crate::index::SearchHit| Shown {
                id: hit.id,
                number: hit.number,
                title: hit.title,
                organization: hit.organization,
                score: hit.score,
                snippet: hit.snippet.text,
            };
            answer.hits.into_iter().map(shown).collect()
        }
        None => published(arguments, side, lang)?,
    };
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", json!({ "side": side, "hits": hits }))?;
        return Ok(());
    }
    if hits.is_empty() {
        tell(match side {
            Side::Supply => lang.pick(
                "没有找到。换个说法，或用 --side demand 查需求一侧。",
                "nothing found; try other words, or --side demand",
            ),
            Side::Demand => lang.pick(
                "没有找到。换个说法，或用 --side supply 查供给一侧。",
                "nothing found; try other words, or --side supply",
            ),
        });
    }
    for (rank, hit) in (1..).zip(&hits) {
        let organization = hit.organization.as_deref().unwrap_or("");
        writeln!(out, "{rank:>3}. {}  {}  {organization}", hit.number, hit.title)?;
        if !hit.snippet.is_empty() {
            writeln!(out, "     {}", table::shorten(&hit.snippet, 120))?;
        }
    }
    Ok(())
}

/// Searches what a workspace has published, with its own list of synonyms.
fn published(arguments: &SearchArguments, side: Side, lang: Lang) -> Result<Vec<Shown>, Failure> {
    if arguments.synonyms.is_some() {
        return Err(Failure::usage(
            lang.pick("--synonyms 只用于 --in 的结果", "--synonyms is for results named by --in"),
            lang.pick(
                "工作区的同义词表见 duijie.toml",
                "a workspace's list is named in duijie.toml",
            ),
        ));
    }
    let workspace = find(&arguments.workspace)?;
    let serving = open_published(&workspace, &surroundings(), &Silent)?;
    // Whoever may read the workspace's files sees all of it.
    let view = serving.snapshot.seen_by(Role::Admin);
    let query = Query {
        side,
        text: arguments.text.clone(),
        filters: Filters::default(),
        limit: arguments.limit as usize,
        after: None,
    };
    let found = view.search(&query)?;
    let shown = |found: crate::pipeline::FoundRecord| {
        let record = found.seen.record();
        Shown {
            id: record.id.0.clone(),
            number: record.number.clone(),
            title: record.title.clone(),
            organization: record.organization.clone(),
            score: found.score,
            snippet: found.snippet.text,
        }
    };
    Ok(found.records.into_iter().map(shown).collect())
}

//! `duijie search`: free text over a finished run.

use std::io::Write;

use serde_json::json;

use super::arguments::SearchArguments;
use super::outcome::tell;
use super::{CommandResult, table};
use crate::model::{Lang, Side};
use crate::pipeline::search;

pub(super) fn run(arguments: &SearchArguments, lang: Lang) -> CommandResult {
    let limit = arguments.limit as usize;
    let synonyms = arguments.synonyms.as_ref();
    let answer = search(&arguments.out, arguments.side.into(), &arguments.text, limit, synonyms)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let hits: Vec<_> = answer
            .hits
            .iter()
            .map(|hit| {
                json!({
                    "id": hit.id,
                    "number": hit.number,
                    "title": hit.title,
                    "organization": hit.organization,
                    "score": hit.score,
                    "snippet": hit.snippet.text,
                })
            })
            .collect();
        writeln!(out, "{}", json!({ "side": answer.side, "hits": hits }))?;
        return Ok(());
    }
    if answer.hits.is_empty() {
        tell(match answer.side {
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
    for (rank, hit) in (1..).zip(&answer.hits) {
        let organization = hit.organization.as_deref().unwrap_or("");
        writeln!(out, "{rank:>3}. {}  {}  {organization}", hit.number, hit.title)?;
        if !hit.snippet.text.is_empty() {
            writeln!(out, "     {}", table::shorten(&hit.snippet.text, 120))?;
        }
    }
    Ok(())
}

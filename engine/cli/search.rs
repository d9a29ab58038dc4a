//! `duijie search`: free text over a finished run.

use std::io::Write;

use super::arguments::SearchArguments;
use super::{CommandResult, table};
use crate::model::Lang;
use crate::pipeline::search;

pub(super) fn run(arguments: &SearchArguments, lang: Lang) -> CommandResult {
    let limit = arguments.limit as usize;
    let answer = search(&arguments.out, arguments.side.into(), &arguments.text, limit)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string(&answer).map_err(std::io::Error::from)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    if answer.hits.is_empty() {
        eprintln!(
            "{}",
            lang.pick(
                "没有找到。换个说法，或用 --side demand 查需求一侧。",
                "nothing found; try other words, or --side demand"
            )
        );
    }
    for (rank, hit) in (1..).zip(&answer.hits) {
        let organization = hit.organization.as_deref().unwrap_or("");
        writeln!(out, "{rank:>3}. {}  {}  {organization}", hit.number, hit.title)?;
        if !hit.snippet.is_empty() {
            writeln!(out, "     {}", table::shorten(&hit.snippet, 120))?;
        }
    }
    Ok(())
}

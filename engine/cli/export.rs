//! `duijie export`: records of the workspace as a file.

use std::io::Write;

use serde_json::json;

use super::CommandResult;
use super::arguments::ExportArguments;
use super::outcome::Failure;
use super::workspace::{find, surroundings};
use crate::job::{ExportFormat, ExportOptions, export};
use crate::model::Lang;
use crate::store::Scope;

pub(super) fn run(arguments: &ExportArguments, lang: Lang) -> CommandResult {
    let Some(format) = ExportFormat::of(&arguments.out) else {
        return Err(Failure::usage(
            match lang {
                Lang::Zh => format!("不知道 {} 要写成什么格式", arguments.out.display()),
                Lang::En => format!("cannot tell the format of {}", arguments.out.display()),
            },
            lang.pick("扩展名用 .xlsx、.csv 或 .jsonl", "end the name with .xlsx, .csv or .jsonl"),
        ));
    };
    let scope = match (&arguments.list, &arguments.set) {
        (Some(list), _) => Scope::List(list.clone()),
        (None, Some(set)) => Scope::Set(set.clone()),
        (None, None) => Scope::All,
    };
    let options = ExportOptions {
        side: arguments.side.map(Into::into),
        scope,
        with_contacts: arguments.with_contacts,
    };
    let workspace = find(&arguments.workspace)?;
    let [demands, supplies] = export(&workspace, &arguments.out, format, &options, &surroundings())?;
    let mut out = std::io::stdout().lock();
    let path = arguments.out.display();
    if arguments.json {
        let told = json!({
            "schema": "duijie.export/1",
            "file": arguments.out,
            "demands": demands,
            "supplies": supplies,
            "with_contacts": arguments.with_contacts,
        });
        writeln!(out, "{told}")?;
    } else {
        match lang {
            Lang::Zh => writeln!(out, "{path}：需求 {demands} 条，供给 {supplies} 条")?,
            Lang::En => writeln!(out, "{path}: {demands} demands, {supplies} supplies")?,
        }
    }
    Ok(())
}

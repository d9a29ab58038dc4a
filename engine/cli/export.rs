//! `duijie export`: records of the workspace as a file.

use std::io::Write;

use jiff::civil::Date;
use serde_json::json;

use super::CommandResult;
use super::arguments::{ExportArguments, ExportedArgument};
use super::outcome::Failure;
use super::workspace::{find, surroundings};
use crate::job::{ExportFormat, ExportOptions, export, export_figures, export_pairs};
use crate::model::Lang;
use crate::store::Scope;

pub(super) fn run(arguments: &ExportArguments, lang: Lang) -> CommandResult {
    let Some(format) = ExportFormat::of(&arguments.out) else {
        return Err(Failure::usage(
            match lang {
                Lang::Zh => format!("不知道 {} 要写成什么格式", arguments.out.display()),
                Lang::En => format!("cannot tell the format of {}", arguments.out.display()),
            },
            lang.pick(
                "扩展名用 .xlsx、.csv、.jsonl 或 .parquet",
                "end the name with .xlsx, .csv, .jsonl or .parquet",
            ),
        ));
    };
    let about_records = arguments.side.is_some()
        || arguments.list.is_some()
        || arguments.set.is_some()
        || arguments.with_contacts;
    let about_figures = arguments.from.is_some() || arguments.until.is_some();
    let what = arguments.what;
    if (about_records && what != ExportedArgument::Records)
        || (about_figures && what != ExportedArgument::Figures)
    {
        return Err(Failure::usage(
            lang.pick("选项与 --what 不符", "options do not go with --what"),
            lang.pick(
                "--side、--list、--set、--with-contacts 只用于记录，--from、--until 只用于 --what figures",
                "--side, --list, --set and --with-contacts are for records, --from and --until for --what figures",
            ),
        ));
    }
    if what != ExportedArgument::Records {
        return other(arguments, format, lang);
    }
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
    let [demands, supplies] =
        export(&workspace, &arguments.out, format, &options, &surroundings())?;
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

/// Pairs and figures.
fn other(arguments: &ExportArguments, format: ExportFormat, lang: Lang) -> CommandResult {
    let workspace = find(&arguments.workspace)?;
    let around = surroundings();
    let rows = if arguments.what == ExportedArgument::Pairs {
        export_pairs(&workspace, &arguments.out, format)?
    } else {
        let today = around.started_at.date();
        let until = arguments.until.unwrap_or(today);
        let from = arguments.from.unwrap_or_else(|| half_year(until));
        if from > until {
            return Err(Failure::usage(
                format!("--from {from} --until {until}"),
                lang.pick("--from 不能晚于 --until", "--from cannot be after --until"),
            ));
        }
        export_figures(&workspace, &arguments.out, format, (from, until), &around)?
    };
    let mut out = std::io::stdout().lock();
    let path = arguments.out.display();
    if arguments.json {
        let told = json!({"schema": "duijie.export/1", "file": arguments.out, "rows": rows});
        writeln!(out, "{told}")?;
    } else {
        match lang {
            Lang::Zh => writeln!(out, "{path}：{rows} 行")?,
            Lang::En => writeln!(out, "{path}: {rows} rows")?,
        }
    }
    Ok(())
}

/// The first day of the half-year of a day.
fn half_year(day: Date) -> Date {
    let month = if day.month() <= 6 { 1 } else { 7 };
    jiff::civil::date(day.year(), month, 1)
}

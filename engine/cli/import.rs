//! `duijie import --check`: what was understood of a list, and what was not.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::json;

use super::arguments::ImportArguments;
use super::match_lists::{run_time, side_options};
use super::outcome::tell;
use super::{CommandResult, import_lists, table};
use crate::model::{FileOutcome, Intake, Lang, Record, Rejection};
use crate::pipeline::{Inspection, inspect, write_rows_to_return};

/// Entries of each kind that are shown on a terminal; JSON has all.
const SHOWN: usize = 10;

pub(super) fn run(arguments: &ImportArguments, lang: Lang) -> CommandResult {
    let Some(check) = &arguments.check else { return import_lists::run(arguments, lang) };
    let mut columns = side_options(&arguments.columns, lang)?;
    columns.accept_held = arguments.accept_held;
    let inspection = inspect(check, arguments.side.map(Into::into), &columns)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", as_json(&inspection))?;
    } else {
        print(&mut out, &inspection, lang)?;
    }
    if let Some(dir) = &arguments.out {
        let (path, now) = (check, run_time());
        let written = write_rows_to_return(path, &inspection, &columns, dir, &now, lang)?;
        tell(&match written {
            Some(file) => {
                format!("{}{}", lang.pick("退回的行写在：", "rows to send back: "), file.display())
            }
            None => lang.pick("没有要退回的行", "no rows to send back").to_owned(),
        });
    }
    Ok(())
}

fn as_json(inspection: &Inspection) -> serde_json::Value {
    let intake = &inspection.intake;
    json!({
        "schema": "duijie.import/1",
        "side": inspection.side,
        "side_guessed": inspection.guessed,
        "files": intake.files,
        "rows_in": intake.rows_in(),
        "records": intake.records.len(),
        "merged": intake.merged,
        "skipped": intake.skipped,
        "rejected": intake.rejected,
        "repairs": intake.repairs,
        "tables": intake.tables,
        "near_duplicates": intake.near_duplicates.iter().map(|group| {
            group.iter().map(|&row| &intake.records[row as usize].id).collect::<Vec<_>>()
        }).collect::<Vec<_>>(),
        "filled": filled(&intake.records),
    })
}

/// How many records have each field.
fn filled(records: &[Record]) -> BTreeMap<&'static str, usize> {
    let count = |has: &dyn Fn(&Record) -> bool| records.iter().filter(|r| has(r)).count();
    BTreeMap::from([
        ("body", count(&|r| !r.body.is_empty())),
        ("keywords", count(&|r| !r.keywords.is_empty())),
        ("classification", count(&|r| !r.classification.is_empty())),
        ("codes", count(&|r| !r.codes.is_empty())),
        ("organization", count(&|r| r.organization.is_some())),
        ("region", count(&|r| r.region.is_some())),
        ("cooperation", count(&|r| !r.cooperation.is_empty())),
        ("maturity", count(&|r| r.maturity.is_some())),
        ("ip_status", count(&|r| r.ip_status.is_some())),
        ("price", count(&|r| r.price.is_some())),
        ("posted_on", count(&|r| r.posted_on.is_some())),
        ("valid_until", count(&|r| r.valid_until.is_some())),
    ])
}

fn print(out: &mut impl Write, inspection: &Inspection, lang: Lang) -> std::io::Result<()> {
    let intake = &inspection.intake;
    let t = |zh, en| lang.pick(zh, en);
    let guessed = if inspection.guessed {
        t("（按文件名判断，可用 --side 指定）", " (judged by the file name; --side decides)")
    } else {
        ""
    };
    writeln!(out, "{}{}{guessed}", t("读作：", "read as: "), inspection.side.label(lang))?;
    for file in &intake.files {
        print_file(out, file, lang)?;
        for place in intake.tables.iter().filter(|place| place.file == file.file) {
            print_table(out, place, lang)?;
        }
    }
    writeln!(
        out,
        "{} {} = {} {} + {} {} + {} {} + {} {}",
        t("读入行", "rows"),
        intake.rows_in(),
        t("记录", "records"),
        intake.records.len(),
        t("合并", "merged"),
        intake.merged.len(),
        t("跳过", "skipped"),
        intake.skipped.len(),
        t("退回", "rejected"),
        intake.rejected.len()
    )?;
    let count = |kind| intake.rejected.iter().filter(|row| row.kind == kind).count();
    for kind in [Rejection::Classified, Rejection::Held] {
        if count(kind) > 0 {
            writeln!(out, "  {} {}", kind.label(lang), count(kind))?;
        }
    }
    let rows: Vec<Vec<String>> = filled(&intake.records)
        .into_iter()
        .map(|(field, n)| vec![format!("  {field}"), format!("{n}/{}", intake.records.len())])
        .collect();
    writeln!(out, "{}", t("各字段填写情况：", "fields filled:"))?;
    write!(out, "{}", table::lines_up(&rows))?;
    print_findings(out, intake, lang)
}

fn print_file(
    out: &mut impl Write,
    file: &crate::model::FileIntake,
    lang: Lang,
) -> std::io::Result<()> {
    let t = |zh, en| lang.pick(zh, en);
    let what = match file.outcome {
        FileOutcome::Read => file.format.as_str(),
        FileOutcome::Skipped => t("跳过", "skipped"),
        FileOutcome::Refused => t("未读", "not read"),
    };
    let recognised = match file.outcome {
        FileOutcome::Read => t("识别为 ", "recognised as "),
        FileOutcome::Skipped | FileOutcome::Refused => "",
    };
    write!(out, "{}  {recognised}{what}", file.file)?;
    if let Some(variant) = &file.variant {
        write!(out, "{}{}", t("，", ", "), variant.get(lang))?;
    }
    writeln!(out, "\n  {}{}", t("依据：", "because: "), file.why.get(lang))
}

fn print_table(
    out: &mut impl Write,
    place: &crate::model::TableIntake,
    lang: Lang,
) -> std::io::Result<()> {
    let t = |zh, en| lang.pick(zh, en);
    let sheet = place.sheet.as_ref().map(|s| format!("[{s}]")).unwrap_or_default();
    let encoding = place.encoding.as_deref().unwrap_or("");
    if !sheet.is_empty() || !encoding.is_empty() {
        writeln!(out, "  {sheet}{encoding}")?;
    }
    if let Some(row) = place.header_row {
        writeln!(out, "  {} {row}", t("表头在第几行：", "heading row:"))?;
    }
    let rows: Vec<Vec<String>> = place
        .columns
        .iter()
        .map(|column| {
            let field = if column.dropped {
                t("（不读）", "(dropped)").to_owned()
            } else {
                column
                    .field
                    .clone()
                    .unwrap_or_else(|| t("？未识别，原样保留", "? kept as it is").to_owned())
            };
            let unit = column.unit.as_ref().map(|u| format!("（{u}）")).unwrap_or_default();
            vec![format!("  {}", table::shorten(&column.heading, 24)), format!("→ {field}{unit}")]
        })
        .collect();
    write!(out, "{}", table::lines_up(&rows))
}

fn print_findings(out: &mut impl Write, intake: &Intake, lang: Lang) -> std::io::Result<()> {
    let t = |zh, en| lang.pick(zh, en);
    let more = |out: &mut dyn Write, n: usize| -> std::io::Result<()> {
        if n > SHOWN {
            writeln!(out, "  {} {}", t("……共", "… in all"), n)?;
        }
        Ok(())
    };
    for kind in [Rejection::Faulty, Rejection::Classified, Rejection::Held] {
        let rows: Vec<_> = intake.rejected.iter().filter(|row| row.kind == kind).collect();
        if rows.is_empty() {
            continue;
        }
        let heading = match kind {
            Rejection::Faulty => t("退回的行", "rejected rows"),
            Rejection::Classified | Rejection::Held => kind.label(lang),
        };
        writeln!(out, "{heading}{}", t("：", ":"))?;
        for row in rows.iter().take(SHOWN) {
            let column = row.column.as_deref().unwrap_or("");
            writeln!(out, "  {}  {column}  {}", row.source, row.reason)?;
        }
        more(out, rows.len())?;
    }
    if !intake.skipped.is_empty() {
        writeln!(out, "{}", t("跳过的行：", "skipped rows:"))?;
        for row in intake.skipped.iter().take(SHOWN) {
            let reason = row.reason.label(lang);
            writeln!(out, "  {}  {reason}  {}", row.source, table::shorten(&row.text, 40))?;
        }
        more(out, intake.skipped.len())?;
    }
    if !intake.repairs.is_empty() {
        writeln!(out, "{}", t("修补：", "repairs:"))?;
        for repair in intake.repairs.iter().take(SHOWN) {
            writeln!(
                out,
                "  {}  {}  {} → {}",
                repair.source,
                repair.column,
                table::shorten(&repair.before, 40),
                table::shorten(&repair.after, 40)
            )?;
        }
        more(out, intake.repairs.len())?;
    }
    if !intake.near_duplicates.is_empty() {
        writeln!(out, "{}", t("近似重复（保留，仅提示）：", "near-duplicates (kept):"))?;
        for group in intake.near_duplicates.iter().take(SHOWN) {
            let titles: Vec<String> = group
                .iter()
                .take(3)
                .map(|&row| {
                    let record = &intake.records[row as usize];
                    format!("{} {}", record.number, table::shorten(&record.title, 20))
                })
                .collect();
            writeln!(out, "  {}", titles.join(" ≈ "))?;
        }
        more(out, intake.near_duplicates.len())?;
    }
    Ok(())
}

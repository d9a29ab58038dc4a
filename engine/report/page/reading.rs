//! What was read: every table with all its rows accounted for, columns and repairs.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::charts::grouped;
use super::super::summary::{TableCount, table_counts, table_counts_of_a_night};
use super::super::{RunView, evidence, veil};
use crate::model::{Intake, Lang, Repair, RepairKind, Side, SkipReason, TableIntake};

/// Most tables per side that are described column by column.
const TABLES: usize = 20;
/// Most columns named per table.
const COLUMNS: usize = 60;
/// Most characters of a repaired value.
const VALUE_CHARACTERS: usize = 40;

pub(super) fn section(view: &RunView<'_>) -> Markup {
    let sides = [
        (Side::Demand, view.demands, view.demand_intake),
        (Side::Supply, view.supplies, view.supply_intake),
    ];
    let is_night = view.run.stale_hours.is_some();
    html! {
        @if is_night {
            p { (view.lang.pick(
                "这里只列上次发布以来读入的文件；此前读入的记录照常参加匹配，过期的见 expired.csv。",
                "Only files taken in since the last published run are listed; records of earlier ones take part as before, expired ones stand in expired.csv.",
            )) }
        }
        @for (side, records, intake) in sides {
            h3 { (side.label(view.lang)) }
            @let counts = if is_night { table_counts_of_a_night(intake) } else { table_counts(records, intake) };
            (row_table(view.lang, intake, &counts))
            (columns(view.lang, intake))
            (skips(view.lang, intake))
            (repairs(view.lang, intake))
        }
    }
}

fn row_table(
    lang: Lang,
    intake: &Intake,
    counts: &BTreeMap<(&str, Option<&str>), TableCount>,
) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let about = |file: &str, sheet: Option<&str>| {
        intake.tables.iter().find(|table| table.file == file && table.sheet.as_deref() == sheet)
    };
    let form = |table: Option<&TableIntake>| {
        table.map_or_else(String::new, |table| match &table.encoding {
            Some(encoding) => format!("{} · {encoding}", table.format),
            None => table.format.clone(),
        })
    };
    let mut total = TableCount::default();
    for count in counts.values() {
        total.rows_in += count.rows_in;
        total.records += count.records;
        total.merged += count.merged;
        total.skipped += count.skipped;
        total.rejected += count.rejected;
    }
    let cells = |count: &TableCount| {
        html! {
            @for n in [count.rows_in, count.records, count.merged, count.skipped, count.rejected] {
                td class="n" { (grouped(n as u64)) }
            }
            td { @if count.adds_up() { "✓ " (t("相符", "adds up")) } @else { b { "✗ " (t("不符", "does not add up")) } } }
        }
    };
    html! {
        div class="scroll" {
            table {
                tr {
                    th { (t("文件", "File")) } th { (t("工作表", "Sheet")) } th { (t("格式·编码", "Format")) }
                    th class="n" { (t("读入行", "Rows in")) } th class="n" { "= " (t("记录", "records")) }
                    th class="n" { "+ " (t("合并", "merged")) } th class="n" { "+ " (t("跳过", "skipped")) }
                    th class="n" { "+ " (t("退回", "rejected")) } th { (t("核对", "Check")) }
                }
                @for (&(file, sheet), count) in counts {
                    tr {
                        td class="keep" { (file) } td { (sheet.unwrap_or("–")) } td { (form(about(file, sheet))) }
                        (cells(count))
                    }
                }
                @if counts.len() > 1 {
                    tr class="sum" { td { (t("合计", "Total")) } td {} td {} (cells(&total)) }
                }
            }
        }
    }
}

fn columns(lang: Lang, intake: &Intake) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let separator = t("、", ", ");
    html! {
        @for table in intake.tables.iter().take(TABLES) {
            @let [used, unknown, hidden] = by_use(table);
            p class="soft" {
                b { (table.file) @if let Some(sheet) = &table.sheet { "［" (sheet) "］" } }
                @if let Some(row) = table.header_row { " " (t("表头在第", "headings in row ")) (row) (t("行", "")) }
                " · SHA-256 " (table.sha256.get(..12).unwrap_or(&table.sha256)) "…" br;
                @if !used.is_empty() { (t("已识别：", "Understood: ")) (used.join(separator)) (t("。", ". ")) }
                @if !unknown.is_empty() { (t("未识别（原样保留）：", "Not understood (kept): ")) (unknown.join(separator)) (t("。", ". ")) }
                @if !hidden.is_empty() { (t("按要求隐藏：", "Hidden on request: ")) (hidden.join(separator)) (t("。", ". ")) }
                @if table.columns.len() > COLUMNS { (t("其余列从略。", "Further columns are left out. ")) }
            }
        }
    }
}

/// The first headings of a table: understood, not understood, hidden.
fn by_use(table: &TableIntake) -> [Vec<String>; 3] {
    let [mut used, mut unknown, mut hidden] = [const { Vec::new() }; 3];
    for column in table.columns.iter().take(COLUMNS) {
        let heading = veil::loose(&column.heading);
        match &column.field {
            _ if column.dropped => hidden.push(heading),
            None => unknown.push(heading),
            Some(field) => {
                let unit = column.unit.as_ref().map_or(String::new(), |unit| format!("〔{unit}〕"));
                used.push(format!("{heading}{unit} → {field}"));
            }
        }
    }
    [used, unknown, hidden]
}

fn skips(lang: Lang, intake: &Intake) -> Markup {
    let mut counts: BTreeMap<SkipReason, u64> = BTreeMap::new();
    for row in &intake.skipped {
        *counts.entry(row.reason).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(&reason, n)| format!("{} {}", reason.label(lang), grouped(*n)))
        .collect();
    html! {
        @if !parts.is_empty() {
            p class="soft" { (lang.pick("跳过的行：", "Skipped rows: ")) (parts.join(lang.pick("、", ", "))) (lang.pick("。", ".")) }
        }
    }
}

fn repairs(lang: Lang, intake: &Intake) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let mut kinds: BTreeMap<RepairKind, (u64, Option<&Repair>)> = BTreeMap::new();
    for repair in &intake.repairs {
        let (count, example) = kinds.entry(repair.kind).or_default();
        *count += 1;
        if example.is_none() && may_show(intake, repair) {
            *example = Some(repair);
        }
    }
    let value = |text: &str| evidence::clip(&veil::loose(text), VALUE_CHARACTERS);
    html! {
        @if !kinds.is_empty() {
            div class="scroll" {
                table {
                    tr { th { (t("修复", "Repair")) } th class="n" { (t("处数", "Count")) } th { (t("例", "Example")) } }
                    @for (&kind, (count, example)) in &kinds {
                        tr {
                            td { (kind.label(lang)) }
                            td class="n" { (grouped(*count)) }
                            td class="keep" {
                                @if let Some(repair) = example {
                                    span class="soft" { (repair.source) " " (repair.column) " " }
                                    "“" (value(&repair.before)) "” → “" (value(&repair.after)) "”"
                                } @else { "–" }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether a repaired value may be shown: only of kinds that cannot be a person's name, and only
/// in columns that are understood and hold no contact.
fn may_show(intake: &Intake, repair: &Repair) -> bool {
    const CONTACT: [&str; 7] =
        ["contact", "person", "telephone", "phone", "mobile", "mail", "address"];
    let kind = match repair.kind {
        RepairKind::Date
        | RepairKind::EmptyRange
        | RepairKind::Quotes
        | RepairKind::Categories
        | RepairKind::Unit
        | RepairKind::Number
        | RepairKind::Unreadable => true,
        RepairKind::Whitespace
        | RepairKind::MergedCell
        | RepairKind::Identification
        | RepairKind::Title
        | RepairKind::Encoding
        | RepairKind::Format
        | RepairKind::Contact => false,
    };
    let table = intake
        .tables
        .iter()
        .find(|table| table.file == repair.source.file && table.sheet == repair.source.sheet);
    let field = table
        .and_then(|table| table.columns.iter().find(|column| column.heading == repair.column))
        .filter(|column| !column.dropped)
        .and_then(|column| column.field.as_deref());
    kind && field.is_some_and(|field| CONTACT.iter().all(|word| !field.contains(word)))
}

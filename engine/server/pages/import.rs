//! Taking lists in: the form, what was recognised, what was taken.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::Frame;
use super::forms::side_choice;
use super::frame::page;
use super::run::conservation;
use crate::model::{FileOutcome, Intake, Lang, Side};
use crate::pipeline::Inspection;
use crate::report::{grouped, source};
use crate::text::veil;

/// Most rows named per kind of finding; the rest are in 退回修改.xlsx.
const ROWS: usize = 10;

/// The form.
#[derive(Debug, Clone, Copy)]
pub struct ImportPage<'a> {
    /// Whether this is the page of whoever sits at the machine: two lists go in and are matched.
    pub local: bool,
    /// Why the last files were not taken.
    pub error: Option<&'a str>,
    /// Most millions of bytes that can be sent.
    pub max_mb: u64,
}

/// A list that was looked at.
#[derive(Debug, Clone, Copy)]
pub struct CheckedList<'a> {
    /// What was understood.
    pub inspection: &'a Inspection,
    /// By which the file is named when it is to be taken.
    pub key: &'a str,
    /// Address of its 退回修改.xlsx, where rows go back.
    pub returned: Option<&'a str>,
}

/// What was understood of the files.
#[derive(Debug, Clone, Copy)]
pub struct ImportCheckPage<'a> {
    /// The lists, in the order in which they came.
    pub lists: &'a [CheckedList<'a>],
    /// Whether taking them in goes on to a match.
    pub local: bool,
}

/// A list that was taken in, compared with what the list said before.
#[derive(Debug, Clone, Copy)]
pub struct TakenList<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The list's side.
    pub side: Side,
    /// Rows read.
    pub rows_in: u64,
    /// Records that the list did not have.
    pub added: u64,
    /// Records that say something else than before.
    pub changed: u64,
    /// Records that say the same.
    pub unchanged: u64,
    /// Records that the list no longer has.
    pub gone: u64,
    /// Rows that were not taken.
    pub rejected: u64,
}

/// The form by which files come in.
#[must_use]
pub fn import_page(frame: &Frame<'_>, shown: &ImportPage<'_>) -> Markup {
    let lead = if shown.local {
        frame.t(
            "放入两份清单：需求一份、供给一份。先检查读得对不对，再开始匹配，最后下载结果。文件不离开本机。",
            "Two lists go in: demands and supplies. They are checked first, then matched; then the results can be downloaded. Nothing leaves this machine.",
        )
    } else {
        frame.t(
            "先检查清单读得对不对，看过之后再收下。收下的内容在下一次运行后可查。",
            "A list is checked first and taken in when you have looked at it. It can be searched after the next run.",
        )
    };
    let formats = frame.t(
        "xlsx、xls、csv、docx、HTML 或 XML 表格，也可以是装有这些的 zip；按内容识别，不看扩展名。",
        "xlsx, xls, csv, docx, HTML or XML tables, or a zip of them; recognised by their content, whatever their name.",
    );
    let body = html! {
        p { (lead) }
        @if let Some(error) = shown.error { p class="error" role="alert" { (error) } }
        form class="import" method="post" action="/import/check" enctype="multipart/form-data" {
            (frame.csrf_field())
            @if shown.local {
                div class="two" {
                    (drop(frame, "demands", frame.t("需求清单", "Demands"), true))
                    (drop(frame, "supplies", frame.t("供给清单（成果、专利）", "Supplies (results, patents)"), true))
                }
            } @else {
                (side_choice(frame, frame.t("这是", "These are"), Side::Demand))
                (drop(frame, "file", frame.t("清单文件（可多个）", "Lists (one or more)"), false))
            }
            p class="soft" { (formats) " " (frame.t("最大 ", "At most ")) (shown.max_mb) " MB" (frame.t("。", ".")) }
            button class="good" { (frame.t("检查", "Check")) }
        }
    };
    page(frame, frame.t("导入清单", "Take lists in"), &body)
}

/// A field for a file that takes dropped files as well.
fn drop(frame: &Frame<'_>, name: &str, label: &str, is_single: bool) -> Markup {
    html! {
        div class="drop" data-drop {
            label for=(name) { (label) }
            input id=(name) name=(name) type="file" required multiple[!is_single]
                accept=".xlsx,.xls,.csv,.tsv,.txt,.docx,.html,.htm,.xml,.json,.jsonl,.zip,.gz";
            p class="soft" data-with-script hidden { (frame.t("也可以把文件拖到这里", "Files can be dropped here")) }
            p data-chosen aria-live="polite" {}
        }
    }
}

/// What was understood, before anything is taken in.
#[must_use]
pub fn import_check_page(frame: &Frame<'_>, shown: &ImportCheckPage<'_>) -> Markup {
    let n_records: usize =
        shown.lists.iter().map(|list| list.inspection.intake.records.len()).sum();
    let label = if shown.local {
        frame.t("没有问题，开始匹配", "All right: match them")
    } else {
        frame.t("没有问题，收下", "All right: take them in")
    };
    let body = html! {
        @for list in shown.lists { (checked(frame, list)) }
        @if n_records == 0 {
            p class="error" role="alert" { (frame.t("没有一行可以收下。请按上面的原因改正后再试。", "Not one row can be taken. Mend what is named above and try again.")) }
        } @else {
            form method="post" action="/import/take" {
                (frame.csrf_field())
                @for list in shown.lists { input type="hidden" name="key" value=(list.key); }
                button class="good" { (label) }
            }
        }
        p { a href="/import" { (frame.t("换一份文件", "Choose other files")) } }
    };
    page(frame, frame.t("检查结果", "What was understood"), &body)
}

fn checked(frame: &Frame<'_>, list: &CheckedList<'_>) -> Markup {
    let intake = &list.inspection.intake;
    let side = list.inspection.side.label(frame.lang);
    html! {
        section class="checked" {
            h2 {
                (side) (frame.t("清单", " list"))
                @for file in intake.files.iter().take(1) { " " span class="soft" { (file.file) } }
            }
            @if list.inspection.guessed {
                p class="soft" {
                    @match (frame.lang, list.inspection.side) {
                        (Lang::Zh, _) => { "按文件名当作" (side) "清单来读；不对请返回重选。" }
                        (Lang::En, Side::Demand) => "Read as demands, by the file's name; if that is wrong, go back and choose.",
                        (Lang::En, Side::Supply) => "Read as supplies, by the file's name; if that is wrong, go back and choose.",
                    }
                }
            }
            (conserved(frame, intake))
            (recognised(frame, intake))
            (rejected(frame, intake, list.returned))
            (mended(frame, intake))
            (columns(frame, intake))
        }
    }
}

/// Every row accounted for, as a sum.
fn conserved(frame: &Frame<'_>, intake: &Intake) -> Markup {
    let counts = [
        intake.rows_in(),
        intake.records.len(),
        intake.merged.len(),
        intake.skipped.len(),
        intake.rejected.len(),
    ];
    let [read, records, merged, skipped, rejected] = counts.map(|n| grouped(n as u64));
    let labels = conservation(frame.lang);
    html! {
        p class="equation" {
            span { b { (read) } " " (labels[0]) } " = "
            span { b { (records) } " " (labels[1]) } " + "
            span { b { (merged) } " " (labels[2]) } " + "
            span { b { (skipped) } " " (labels[3]) } " + "
            span { b { (rejected) } " " (labels[4]) }
        }
    }
}

fn recognised(frame: &Frame<'_>, intake: &Intake) -> Markup {
    html! {
        div class="scroll" tabindex="0" {
            table {
                caption { (frame.t("认作什么格式", "What the files are")) }
                thead {
                    tr {
                        th scope="col" { (frame.t("文件", "File")) }
                        th scope="col" { (frame.t("格式", "Format")) }
                        th scope="col" { (frame.t("依据", "Because")) }
                    }
                }
                tbody {
                    @for file in &intake.files {
                        tr {
                            th scope="row" { (file.file) }
                            td {
                                @match file.outcome {
                                    FileOutcome::Read => (file.format),
                                    FileOutcome::Skipped => (frame.t("略过", "passed over")),
                                    FileOutcome::Refused => (frame.t("读不了", "not read")),
                                }
                            }
                            td {
                                (file.why.get(frame.lang))
                                @if let Some(variant) = &file.variant { (frame.t("；", "; ")) (variant.get(frame.lang)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rejected(frame: &Frame<'_>, intake: &Intake, returned: Option<&str>) -> Markup {
    html! {
        @if !intake.rejected.is_empty() {
            div class="scroll" tabindex="0" {
                table {
                    caption { (frame.t("没有收下的行", "Rows that were not taken")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("位置", "Where")) }
                            th scope="col" { (frame.t("处理", "What becomes of it")) }
                            th scope="col" { (frame.t("列", "Column")) }
                            th scope="col" { (frame.t("原因", "Reason")) }
                        }
                    }
                    tbody {
                        @for row in intake.rejected.iter().take(ROWS) {
                            tr {
                                th scope="row" { (source(&row.source, frame.lang)) }
                                td { (row.kind.label(frame.lang)) }
                                td { (row.column.as_deref().unwrap_or("–")) }
                                td { (veil(&row.reason, std::iter::empty()).unwrap_or_else(|| row.reason.clone())) }
                            }
                        }
                    }
                }
            }
            @if intake.rejected.len() > ROWS {
                p class="soft" { (frame.t("只列出前几行，共 ", "The first rows only, of ")) (grouped(intake.rejected.len() as u64)) }
            }
        }
        @if let Some(address) = returned {
            p { a href=(address) { (frame.t("下载 退回修改.xlsx", "Download the rows to be mended")) } (frame.t("：原列原样，问题单元格已标色，改好可直接再导入。", " (XLSX): the original columns, cells at fault coloured; mended, it can be taken in as it is.")) }
        }
    }
}

/// What was mended, skipped and found to repeat, counted by kind.
fn mended(frame: &Frame<'_>, intake: &Intake) -> Markup {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for repair in &intake.repairs {
        *counts.entry(repair.kind.label(frame.lang)).or_default() += 1;
    }
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &intake.skipped {
        *skipped.entry(row.reason.label(frame.lang)).or_default() += 1;
    }
    let listed = |counts: &BTreeMap<&str, usize>| {
        let parts = counts.iter().map(|(label, n)| format!("{label} {}", grouped(*n as u64)));
        parts.collect::<Vec<_>>().join(frame.t("，", ", "))
    };
    html! {
        ul class="plain findings" {
            @if !counts.is_empty() { li { (frame.t("自动修复：", "Mended: ")) (listed(&counts)) } }
            @if !skipped.is_empty() { li { (frame.t("跳过的行：", "Skipped rows: ")) (listed(&skipped)) } }
            @if !intake.near_duplicates.is_empty() {
                li {
                    @match frame.lang {
                        Lang::Zh => { "近似重复 " (intake.near_duplicates.len()) " 组，没有删除，结果中注明" }
                        Lang::En => { "Groups of near-duplicates: " (intake.near_duplicates.len()) "; none is dropped, results name them" }
                    }
                }
            }
        }
    }
}

fn columns(frame: &Frame<'_>, intake: &Intake) -> Markup {
    html! {
        details {
            summary { (frame.t("每一列认作什么", "How each column was understood")) }
            @for table in &intake.tables {
                div class="scroll" tabindex="0" {
                    table {
                        caption { (table.file) @if let Some(sheet) = &table.sheet { " [" (sheet) "]" } }
                        thead {
                            tr {
                                th scope="col" { (frame.t("列名", "Heading")) }
                                th scope="col" { (frame.t("用作", "Used as")) }
                                th scope="col" { (frame.t("单位", "Unit")) }
                            }
                        }
                        tbody {
                            @for column in &table.columns {
                                tr {
                                    th scope="row" { (column.heading) }
                                    td {
                                        @match (&column.field, column.dropped) {
                                            (_, true) => (frame.t("按要求去掉", "dropped as asked")),
                                            (Some(field), false) => code { (field) },
                                            (None, false) => span class="tag warn" { (frame.t("未识别，原样保留", "not understood, kept as it is")) },
                                        }
                                    }
                                    td { (column.unit.as_deref().unwrap_or("–")) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What was taken in.
#[must_use]
pub fn import_taken_page(frame: &Frame<'_>, taken: &[TakenList<'_>]) -> Markup {
    let lang = frame.lang;
    let body = html! {
        p role="status" { (frame.t("已收下。下一次运行之后可以查到。", "Taken in. It can be searched after the next run.")) }
        div class="scroll" tabindex="0" {
            table class="figures" {
                caption { (frame.t("与清单上一次相比", "Compared with the list before")) }
                thead {
                    tr {
                        th scope="col" { (frame.t("文件", "File")) }
                        th scope="col" class="n" { (frame.t("读入行", "Rows read")) }
                        th scope="col" class="n" { (frame.t("新增", "New")) }
                        th scope="col" class="n" { (frame.t("有变化", "Changed")) }
                        th scope="col" class="n" { (frame.t("不变", "Unchanged")) }
                        th scope="col" class="n" { (frame.t("撤下", "Withdrawn")) }
                        th scope="col" class="n" { (frame.t("退回", "Rejected")) }
                    }
                }
                tbody {
                    @for list in taken {
                        @let counts = [list.rows_in, list.added, list.changed, list.unchanged, list.gone, list.rejected];
                        tr {
                            th scope="row" { (list.side.label(lang)) " " (list.file) }
                            @for count in counts { td class="n" { (grouped(count)) } }
                        }
                    }
                }
            }
        }
        p { a href="/import" { (frame.t("再导入一份", "Take in another")) } " · " a href="/run" { (frame.t("看运行", "See the run")) } }
    };
    page(frame, frame.t("已收下", "Taken in"), &body)
}

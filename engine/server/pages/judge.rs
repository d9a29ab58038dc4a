//! Blind grading of pairs, and how far two assessors agree.
//!
//! An assessor sees the two texts and nothing of what the program thinks of them: no verdict, no
//! score, no rank, no mark.

use maud::{Markup, html};

use super::Frame;
use super::address::encode;
use super::frame::page;
use crate::evaluation::{GRADES, GradeTable, kappa, weighted_kappa};
use crate::model::{Lang, Record, Side};
use crate::pipeline::SeenRecord;

/// A pair of the pool, to be graded.
#[derive(Debug, Clone, Copy)]
pub struct JudgePage<'a> {
    /// By which the pair is named in the pool.
    pub key: &'a str,
    /// The demand.
    pub demand: &'a SeenRecord,
    /// The supply.
    pub supply: &'a SeenRecord,
    /// How many the assessor has graded.
    pub n_judged: usize,
    /// How many there are.
    pub n_pool: usize,
    /// What the assessor gave the pair before.
    pub given: Option<u8>,
    /// The pair graded just before, to go back to.
    pub previous: Option<&'a str>,
}

/// A pair on which two assessors differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// By which the pair is named in the pool.
    pub key: String,
    /// What the pair is, in words.
    pub what: String,
    /// The first assessor's grade.
    pub first: u8,
    /// The second's.
    pub second: u8,
}

/// Two assessors who graded the same pairs.
#[derive(Debug, Clone)]
pub struct TwoAssessors {
    /// The first one's name.
    pub first: String,
    /// The second one's.
    pub second: String,
    /// Counts of the pairs that both graded: rows are the first one's grades.
    pub table: GradeTable,
    /// The pairs on which they differ, the widest apart first.
    pub disagreements: Vec<Disagreement>,
}

/// A pool that an assessor is through with, or how it stands.
#[derive(Debug, Clone, Copy)]
pub struct JudgeDone<'a> {
    /// How many pairs there are.
    pub n_pool: usize,
    /// Assessors, and how many each has graded.
    pub assessors: &'a [(String, usize)],
    /// The two who graded most in common, where there are two.
    pub agreement: Option<&'a TwoAssessors>,
}

/// What a grade means.
const fn grade_label(grade: u8, lang: Lang) -> &'static str {
    match grade {
        0 => lang.pick("不相关", "not relevant"),
        1 => lang.pick("沾边", "touches it"),
        2 => lang.pick("值得联系", "worth a call"),
        _ => lang.pick("正是所需", "just what is asked"),
    }
}

/// One pair with its four buttons.
#[must_use]
pub fn judge_page(frame: &Frame<'_>, shown: &JudgePage<'_>) -> Markup {
    let body = html! {
        p class="soft" {
            @match frame.lang {
                Lang::Zh => { "已标 " (shown.n_judged) " / " (shown.n_pool) " 对。只看两段原文判断，不显示程序的结论。" }
                Lang::En => { (shown.n_judged) " of " (shown.n_pool) " graded. Judge by the two texts; what the program thinks is not shown." }
            }
        }
        progress max=(shown.n_pool.max(1)) value=(shown.n_judged.min(shown.n_pool)) aria-label=(frame.t("进度", "Progress")) {}
        div class="two" {
            (text(frame, shown.demand))
            (text(frame, shown.supply))
        }
        form class="grades" method="post" action="/judge" {
            (frame.csrf_field())
            input type="hidden" name="key" value=(shown.key);
            fieldset {
                legend { (frame.t("这条供给能解决这条需求吗？", "Does the supply answer the demand?")) }
                @for grade in 0..4_u8 {
                    button name="grade" value=(grade) data-key=(grade) aria-pressed=[(shown.given == Some(grade)).then_some("true")] {
                        kbd { (grade) } " " (grade_label(grade, frame.lang))
                    }
                }
                button class="plain" name="grade" value="skip" data-key="s" { kbd { "s" } " " (frame.t("跳过", "skip")) }
            }
        }
        @if let Some(previous) = shown.previous {
            p { a href=(format!("/judge?key={}", encode(previous))) data-key="b" { (frame.t("回到上一对", "Back to the one before")) } }
        }
    };
    page(frame, frame.t("盲评", "Blind grading"), &body)
}

fn text(frame: &Frame<'_>, seen: &SeenRecord) -> Markup {
    let shown: &Record = seen.record();
    html! {
        article class="side" {
            h2 { (shown.side.label(frame.lang)) }
            h3 { (shown.title) }
            @for path in &shown.classification { p class="who" { (path.join(" › ")) } }
            @if shown.side == Side::Supply || shown.maturity.is_some() {
                p class="who" { (crate::report::maturity(shown, frame.lang)) }
            }
            @if shown.body.trim().is_empty() {
                p class="soft" { (frame.t("没有描述。", "There is no description.")) }
            } @else {
                p class="body" { (shown.body) }
            }
        }
    }
}

/// How a pool stands: who graded how much, and how far two agree.
#[must_use]
pub fn judge_done_page(frame: &Frame<'_>, shown: &JudgeDone<'_>) -> Markup {
    let body = html! {
        @if shown.n_pool == 0 {
            section class="empty" {
                h2 { (frame.t("没有要评的配对", "There is nothing to grade")) }
                p { (frame.t("先用 ", "Make a pool with ")) code { "duijie judge" } (frame.t(" 生成一批待评的配对。", " first.")) }
            }
        } @else {
            table class="figures" {
                caption { (frame.t("谁评了多少", "Who graded how much")) }
                thead {
                    tr {
                        th scope="col" { (frame.t("评审人", "Assessor")) }
                        th scope="col" class="n" { (frame.t("已评", "Graded")) }
                        th scope="col" class="n" { (frame.t("共", "Of")) }
                    }
                }
                tbody {
                    @for (name, n) in shown.assessors {
                        tr { th scope="row" { (name) } td class="n" { (n) } td class="n" { (shown.n_pool) } }
                    }
                }
            }
        }
        @if let Some(two) = shown.agreement { (agreement(frame, two)) }
    };
    page(frame, frame.t("评审进度", "How the grading stands"), &body)
}

fn agreement(frame: &Frame<'_>, two: &TwoAssessors) -> Markup {
    let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |k| format!("{k:.3}"));
    let n: u32 = two.table.iter().flatten().sum();
    let same: u32 = (0..GRADES).map(|grade| two.table[grade][grade]).sum();
    html! {
        section {
            h2 { (frame.t("一致程度", "Agreement")) }
            dl class="facts" {
                div { dt { (frame.t("两人都评过", "Graded by both")) } dd { (n) } }
                div { dt { (frame.t("完全一致", "The same grade")) } dd { (same) } }
                div { dt { (frame.t("κ（扣除碰巧一致）", "κ (beyond chance)")) } dd { (figure(kappa(&two.table))) } }
                div { dt { (frame.t("加权 κ（差得远的扣得多）", "weighted κ (by distance)")) } dd { (figure(weighted_kappa(&two.table))) } }
            }
            div class="scroll" tabindex="0" {
                table class="figures" {
                    caption {
                        @match frame.lang {
                            Lang::Zh => { "行：" (two.first) "，列：" (two.second) }
                            Lang::En => { "Rows: " (two.first) ", columns: " (two.second) }
                        }
                    }
                    thead {
                        tr {
                            td {}
                            @for grade in 0..GRADES { th scope="col" class="n" { (grade) } }
                        }
                    }
                    tbody {
                        @for (grade, row) in two.table.iter().enumerate() {
                            tr { th scope="row" { (grade) } @for count in row { td class="n" { (count) } } }
                        }
                    }
                }
            }
            @if !two.disagreements.is_empty() {
                h3 { (frame.t("分歧", "Where they differ")) }
                ul {
                    @for pair in &two.disagreements {
                        li {
                            a href=(format!("/judge?key={}", encode(&pair.key))) { (pair.what) }
                            ": " (pair.first) " / " (pair.second)
                        }
                    }
                }
            }
        }
    }
}

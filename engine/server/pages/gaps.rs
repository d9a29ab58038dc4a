//! Demands that nothing answers.

use maud::{Markup, html};

use super::address::{pair, record};
use super::frame::page;
use super::words::chance;
use super::{Frame, facts};
use crate::model::Lang;
use crate::pipeline::GapEntry;
use crate::report::grouped;

/// A page of the gap list.
#[derive(Debug, Clone, Copy)]
pub struct GapsPage<'a> {
    /// The demands of this page.
    pub entries: &'a [GapEntry],
    /// How many there are in all.
    pub n_found: usize,
    /// This page's number, from 1.
    pub page: usize,
    /// Entries per page.
    pub per_page: usize,
}

/// The gap list.
#[must_use]
pub fn gaps_page(frame: &Frame<'_>, shown: &GapsPage<'_>) -> Markup {
    let last = shown.n_found.div_ceil(shown.per_page.max(1)).max(1);
    let n = grouped(shown.n_found as u64);
    let body = html! {
        @if shown.n_found == 0 {
            section class="empty" {
                h2 { (frame.t("没有", "None")) }
                p { (frame.t("每条需求都有至少一条可洽谈的供给。", "Every demand has at least one supply worth a call.")) }
            }
        } @else {
            p {
                @match frame.lang {
                    Lang::Zh => { "共 " b { (n) } " 条需求没有值得联系的供给。它们可以转入攻关清单，或按右边的问题反问需求方。" }
                    Lang::En => { b { (n) } " demands have no supply worth a call: candidates for research programmes, or for the questions beside them." }
                }
            }
            (super::forms::filter(frame))
            p { a href="/gaps.xlsx" { (frame.t("下载 XLSX", "Download XLSX")) } }
            div class="scroll" tabindex="0" {
                table class="stack" {
                    caption { (frame.t("暂无匹配的需求", "Demands without an answer")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("需求", "Demand")) }
                            th scope="col" { (frame.t("最接近的供给", "Nearest supply")) }
                            th scope="col" { (frame.t("差在哪里", "What it lacks")) }
                            th scope="col" { (frame.t("可反问", "Ask back")) }
                        }
                    }
                    tbody { @for entry in shown.entries { (self::entry(frame, entry)) } }
                }
            }
            nav class="pages" aria-label=(frame.t("翻页", "Pages")) {
                @if shown.page > 1 { a rel="prev" href=(format!("/gaps?page={}", shown.page - 1)) { (frame.t("上一页", "Previous")) } }
                span { (shown.page) " / " (last) }
                @if shown.page < last { a rel="next" href=(format!("/gaps?page={}", shown.page + 1)) { (frame.t("下一页", "Next page")) } }
            }
        }
    };
    page(frame, frame.t("暂无匹配", "Gaps"), &body)
}

fn entry(frame: &Frame<'_>, entry: &GapEntry) -> Markup {
    let demand = entry.demand.record();
    html! {
        tr data-item {
            th scope="row" {
                span class="code" { (demand.number) } " "
                a href=(record(demand.side, &demand.id)) data-main { (demand.title) }
                br; span class="soft" { (facts::line(&entry.demand, frame.lang)) }
            }
            td data-label=(frame.t("最接近的供给", "Nearest supply")) {
                @match &entry.nearest {
                    Some((supply, head)) => {
                        a href=(pair("/pairs", &head.demand, &head.supply)) { (supply.record().title) }
                        br; span class="soft" { (chance(head.probability, frame.lang)) }
                    }
                    None => "–",
                }
            }
            td data-label=(frame.t("差在哪里", "What it lacks")) { (entry.lacks) }
            td data-label=(frame.t("可反问", "Ask back")) {
                @match entry.quality.as_ref().map(|quality| quality.questions.as_slice()) {
                    Some([first, ..]) => (first.text),
                    _ => "–",
                }
            }
        }
    }
}

//! A demand or a supply with its matches.

use maud::{Markup, html};

use super::address::{pair, record};
use super::cards::{Card, card, standing};
use super::frame::page;
use super::words::{badge, chance};
use super::{Frame, facts};
use crate::model::{Contact, Lang, Record, Side, Verdict};
use crate::pipeline::{JointRecord, PairHead, QualityRecord, SeenPair, SeenRecord};
use crate::report::percent;

/// A record and what answers it.
#[derive(Debug, Clone, Copy)]
pub struct RecordPage<'a> {
    /// The record.
    pub record: &'a SeenRecord,
    /// How to reach the owner, where the reader may know it and the access was entered.
    pub contact: Option<&'a Contact>,
    /// The best pairs, best first, whole.
    pub cards: &'a [(PairHead, SeenPair)],
    /// The pairs after these, with the record of the other side.
    pub others: &'a [(PairHead, SeenRecord)],
    /// For a demand, the supplies that together cover it.
    pub joint: Option<&'a JointRecord>,
    /// For a demand, how well it is stated and what to ask back.
    pub quality: Option<&'a QualityRecord>,
}

/// The page of a record.
#[must_use]
pub fn record_page(frame: &Frame<'_>, shown: &RecordPage<'_>) -> Markup {
    let record: &Record = shown.record.record();
    let side = record.side;
    let text = html! {
        p class="kicker" { (side.label(frame.lang)) " " span class="code" { (record.number) } }
        (facts::list(frame, shown.record))
        (contact(frame, shown.contact))
        section {
            h2 { (frame.t("原文", "Text")) }
            @if record.body.trim().is_empty() {
                p class="soft" { (frame.t("清单里只有标题，没有描述。", "The list has a title only.")) }
            } @else {
                p class="body" { (record.body) }
            }
        }
        (quality(frame, shown.quality))
        (matches(frame, shown, side))
        (joint(frame, shown.joint))
        (others(frame, shown.others))
    };
    page(frame, &record.title, &text)
}

fn contact(frame: &Frame<'_>, contact: Option<&Contact>) -> Markup {
    let Some(contact) = contact else { return html! {} };
    let lines = [
        (frame.t("联系人", "Contact"), &contact.person),
        (frame.t("电话", "Telephone"), &contact.telephone),
        (frame.t("邮箱", "E-mail"), &contact.email),
        (frame.t("地址", "Address"), &contact.address),
    ];
    html! {
        section class="contact" {
            h2 { (frame.t("联系方式", "How to reach the owner")) }
            dl class="facts" {
                @for (term, value) in lines {
                    @if let Some(value) = value { div { dt { (term) } dd { (value) } } }
                }
            }
            p class="soft" { (frame.t("这次查看已记入访问记录。", "That you saw this was entered in the log of accesses.")) }
        }
    }
}

/// How well a demand is stated, and what to ask back.
pub(super) fn quality(frame: &Frame<'_>, quality: Option<&QualityRecord>) -> Markup {
    let Some(quality) = quality else { return html! {} };
    html! {
        section {
            h2 { (frame.t("需求写得清楚吗", "How well it is stated")) }
            p {
                b { (quality.triage.label(frame.lang)) }
                @match frame.lang {
                    Lang::Zh => { "，完整程度 " (percent(quality.quality)) "%" }
                    Lang::En => { ", " (percent(quality.quality)) "% complete" }
                }
            }
            (questions(frame, quality))
        }
    }
}

/// What to ask back; a sentence where there is nothing.
pub(super) fn questions(frame: &Frame<'_>, quality: &QualityRecord) -> Markup {
    html! {
        @if quality.questions.is_empty() {
            p class="soft" { (frame.t("没有需要追问的。", "There is nothing to ask back.")) }
        } @else {
            p { (frame.t("建议追问需求方：", "Ask the owner:")) }
            ol class="questions" { @for question in &quality.questions { li { (question.text) } } }
        }
    }
}

fn matches(frame: &Frame<'_>, shown: &RecordPage<'_>, side: Side) -> Markup {
    let address = record(side, &shown.record.record().id);
    let worth = shown.cards.iter().filter(|(_, pair)| pair.is_worth_a_call()).count();
    html! {
        section {
            h2 {
                @match side {
                    Side::Demand => (frame.t("匹配的供给", "Supplies that answer it")),
                    Side::Supply => (frame.t("匹配的需求", "Demands that it answers")),
                }
            }
            @if shown.cards.is_empty() {
                p class="verdictline" { (badge(Verdict::NoMatch, frame.lang)) " " (frame.t("没有任何相近的记录。", "Nothing comes near it.")) }
            } @else {
                @if worth == 0 {
                    p class="verdictline" {
                        (badge(Verdict::NoMatch, frame.lang)) " "
                        (frame.t("没有值得联系的，下面是最接近的几条，供参考。", "None is worth a call; the nearest are shown for reference."))
                    }
                }
                p { a href=(format!("{address}.xlsx")) { (frame.t("下载 XLSX", "Download XLSX")) } }
                @for (place, (head, pair)) in (1..).zip(shown.cards) {
                    (card(frame, &Card { pair, head: Some(head), asker: side, place, end: html! {} }))
                }
            }
        }
    }
}

fn joint(frame: &Frame<'_>, joint: Option<&JointRecord>) -> Markup {
    let Some(joint) = joint else { return html! {} };
    let lang = frame.lang;
    html! {
        section {
            h2 { (frame.t("联合解答", "A joint answer")) }
            p {
                @match lang {
                    Lang::Zh => {
                        (joint.parties) " 家合起来覆盖各项要求的 " b { (percent(joint.coverage)) "%" } "，单独一家最多 " (percent(joint.best_single)) "%。"
                    }
                    Lang::En => {
                        (joint.parties) " parties together cover " b { (percent(joint.coverage)) "%" } " of what is required; one alone at most " (percent(joint.best_single)) "%."
                    }
                }
            }
            div class="scroll" tabindex="0" {
                table {
                    caption { (frame.t("各家承担什么", "Who covers what")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("供给", "Supply")) }
                            th scope="col" { (frame.t("覆盖的要求（需求原文）", "Requirements it covers")) }
                            th scope="col" { (frame.t("单独的结论", "Alone")) }
                        }
                    }
                    tbody {
                        @for member in &joint.supplies {
                            tr {
                                th scope="row" {
                                    a href=(record(Side::Supply, &crate::model::RecordId(member.supply_id.clone()))) { (member.supply_number) }
                                }
                                td { ul class="plain" { @for quote in &member.covers { li { (quote.text) } } } }
                                td { (badge(member.verdict, lang)) " " (chance(member.probability, lang)) }
                            }
                        }
                    }
                }
            }
            @if !joint.remainder.is_empty() {
                p { (frame.t("仍没有人覆盖：", "Still covered by nobody:")) }
                ul { @for quote in &joint.remainder { li { (quote.text) } } }
            }
        }
    }
}

fn others(frame: &Frame<'_>, others: &[(PairHead, SeenRecord)]) -> Markup {
    html! {
        @if !others.is_empty() {
            section {
                h2 { (frame.t("其余候选", "Further candidates")) }
                (super::forms::filter(frame))
                div class="scroll" tabindex="0" {
                    table {
                        caption { (frame.t("按得分排列", "By score")) }
                        thead {
                            tr {
                                th scope="col" class="n" { (frame.t("名次", "Place")) }
                                th scope="col" { (frame.t("名称", "Title")) }
                                th scope="col" { (frame.t("结论", "Verdict")) }
                                th scope="col" { (frame.t("发出", "Handed out")) }
                            }
                        }
                        tbody {
                            @for (head, seen) in others {
                                tr data-item {
                                    td class="n" { @match head.rank { Some(rank) => (rank), None => "–" } }
                                    th scope="row" {
                                        span class="code" { (seen.record().number) } " "
                                        a href=(pair("/pairs", &head.demand, &head.supply)) data-main { (seen.record().title) }
                                        br; span class="soft" { (facts::line(seen, frame.lang)) }
                                    }
                                    td { (badge(head.verdict, frame.lang)) " " (chance(head.probability, frame.lang)) }
                                    td { (standing(frame, head)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

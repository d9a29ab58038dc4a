//! A pair: both texts with what is quoted of them, the sum, the numbers, and what people did.

use jiff::civil::Date;
use maud::{Markup, html};

use super::address::{pair, record};
use super::cards::marks;
use super::frame::page;
use super::record::questions;
use super::words::{badge, chance, time};
use super::{Frame, bar, facts, forms, numbers};
use crate::matching::Outcome;
use crate::model::{BrokerAnswer, Lang, Permission, QuoteField, Side};
use crate::pipeline::{QualityRecord, SeenPair};
use crate::report::percent;
use crate::store::{AnswerRow, LedgerRow};

/// Most pairs of synonyms that are named.
const SYNONYMS: usize = 6;

/// A pair with its history.
#[derive(Debug, Clone, Copy)]
pub struct PairPage<'a> {
    /// The pair.
    pub pair: &'a SeenPair,
    /// What to ask the demand's owner.
    pub quality: Option<&'a QualityRecord>,
    /// What was answered, in the order in which it came.
    pub answers: &'a [AnswerRow],
    /// How far the pair came, in the order in which it was entered.
    pub ledger: &'a [LedgerRow],
    /// The day of the reader.
    pub today: Date,
}

/// The page of a pair.
#[must_use]
pub fn pair_page(frame: &Frame<'_>, shown: &PairPage<'_>) -> Markup {
    let lang = frame.lang;
    let seen = shown.pair;
    let found = &seen.pair;
    let (demand, supply) = (seen.demand.record(), seen.supply.record());
    let title = format!("{} ↔ {}", demand.number, supply.number);
    let present = shown.answers.last().map(|row| row.answer.answer);
    let body = html! {
        p class="kicker" { (demand.title) " ↔ " (supply.title) }
        p class="judged" {
            (badge(found.verdict, lang)) " " (chance(found.probability, lang))
            @match lang {
                Lang::Zh => { " · 资料完整度 " (percent(found.confidence)) "%" }
                Lang::En => { " · " (percent(found.confidence)) "% of the facts known" }
            }
            @if found.allocated { " " span class="tag good" { (frame.t("已发出", "handed out")) } }
        }
        @if !seen.kept {
            p class="soft" { (frame.t("这一对不在当晚的候选里，是刚刚按同样规则算出的，没有名次。", "The night did not keep this pair; it was judged just now by the same rules and has no place.")) }
        }
        (marks(frame, found))
        p class="links" {
            a href=(pair("/proposal", &demand.id, &supply.id)) { (frame.t("供需对接建议书（打印、短信文字）", "Proposal to print, and as a message")) }
        }
        (forms::answers(frame, "pair", &demand.id, &supply.id, present))
        section {
            h2 { (frame.t("得分怎么来的", "How the score comes about")) }
            (bar::bar(found, Side::Demand, lang))
            (bar::bar(found, Side::Supply, lang))
            (bar::table(found, Side::Demand, lang))
            details {
                summary { (frame.t("从供给看的明细", "The sum as the supply sees it")) }
                (bar::table(found, Side::Supply, lang))
            }
            (bar::note(lang))
        }
        section {
            h2 { (frame.t("原文对照", "The two texts")) }
            p class="soft" { (frame.t("加底色的是作为依据的原文，没有改写。", "What is marked is quoted as evidence, word for word.")) }
            (texts(frame, seen))
            (synonyms(frame, seen))
        }
        (checks(frame, shown))
        (history(frame, shown))
    };
    page(frame, &title, &body)
}

/// Both texts side by side, quotes marked.
pub(super) fn texts(frame: &Frame<'_>, seen: &SeenPair) -> Markup {
    html! {
        div class="two" {
            @for side in [Side::Demand, Side::Supply] { (text(frame, seen, side)) }
        }
    }
}

fn text(frame: &Frame<'_>, seen: &SeenPair, side: Side) -> Markup {
    let of = seen.of(side);
    let shown = of.record();
    let marked = |field| of.marked(field, &seen.quoted(side, field));
    html! {
        article class="side" {
            h3 {
                (side.label(frame.lang)) " "
                @if shown.id.as_str().is_empty() {
                    (facts::stretches(&marked(QuoteField::Title)))
                } @else {
                    a href=(record(side, &shown.id)) { (facts::stretches(&marked(QuoteField::Title))) }
                }
            }
            @if !shown.id.as_str().is_empty() {
                p class="who" { span class="code" { (shown.number) } " " (facts::line(of, frame.lang)) }
            }
            @if !shown.body.trim().is_empty() { p class="body" { (facts::stretches(&marked(QuoteField::Body))) } }
        }
    }
}

/// The words by which the two were taken for one another.
fn synonyms(frame: &Frame<'_>, seen: &SeenPair) -> Markup {
    let mut pairs: Vec<String> = Vec::new();
    let quotes = seen.pair.parts.iter().flat_map(|part| &part.evidence);
    for pair in quotes.filter(|quote| quote.side == Side::Demand).flat_map(|quote| &quote.synonyms)
    {
        let words = format!("{}{}{}", pair.own, pair.kind.sign(), pair.other);
        if !pairs.contains(&words) && pairs.len() < SYNONYMS {
            pairs.push(words);
        }
    }
    html! {
        @if !pairs.is_empty() {
            p { (frame.t("按同义词互认：", "Taken for one another: ")) (pairs.join(frame.t("、", ", "))) }
        }
    }
}

/// The numbers, what is doubtful, and what to ask.
fn checks(frame: &Frame<'_>, shown: &PairPage<'_>) -> Markup {
    let found = &shown.pair.pair;
    let doubtful = numbers::contradictions(found, frame.lang);
    let silent: Vec<&str> = (found.numbers.iter())
        .filter(|number| number.outcome == Outcome::NotStated)
        .map(|number| number.demand.text.as_str())
        .collect();
    html! {
        section {
            h2 { (frame.t("联系之前要核实的", "What to check before calling")) }
            (numbers::table(frame, &found.numbers))
            @if !doubtful.is_empty() {
                ul class="warnings" { @for doubt in &doubtful { li { (doubt) } } }
            }
            @if !silent.is_empty() {
                p { (frame.t("请问供给方能否做到：", "Ask the supplier whether it can do: ")) (silent.join(frame.t("、", ", "))) }
            }
            @if let Some(quality) = shown.quality { (questions(frame, quality)) }
            @if found.numbers.is_empty() && doubtful.is_empty() && shown.quality.is_none() {
                p class="soft" { (frame.t("需求没有写明数值，也没有发现前后矛盾。专利是否有效、单位信用、价格，系统没有核实。", "The demand states no numbers and nothing contradicts itself. Patents, credit and prices were not checked.")) }
            }
        }
    }
}

fn history(frame: &Frame<'_>, shown: &PairPage<'_>) -> Markup {
    let (demand, supply) = (&shown.pair.demand.record().id, &shown.pair.supply.record().id);
    html! {
        section {
            h2 { (frame.t("跟进台账", "Follow-up")) }
            @if shown.ledger.is_empty() {
                p class="soft" { (frame.t("还没有跟进记录。", "Nothing has been entered yet.")) }
            } @else {
                (ledger(frame, shown.ledger))
            }
            (forms::ledger(frame, demand, supply, shown.ledger.last(), shown.today))
        }
        @if !shown.answers.is_empty() {
            section {
                h2 { (frame.t("反馈记录", "Answers")) }
                ul { @for row in shown.answers { li { (answer_words(&row.answer, frame.lang)) } } }
            }
        }
        @if !frame.may(Permission::Answer) {
            p class="soft" { (frame.t("反馈和跟进由经理人填写。", "Answers and follow-up are entered by brokers.")) }
        }
    }
}

fn ledger(frame: &Frame<'_>, rows: &[LedgerRow]) -> Markup {
    html! {
        div class="scroll" tabindex="0" {
            table {
                caption { (frame.t("这一对走到了哪一步", "How far the pair has come")) }
                thead {
                    tr {
                        th scope="col" { (frame.t("日期", "On")) }
                        th scope="col" { (frame.t("进展", "Step")) }
                        th scope="col" { (frame.t("下次跟进", "Look again")) }
                        th scope="col" { (frame.t("说明", "Note")) }
                        th scope="col" { (frame.t("记录", "Entered")) }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            td class="day" { (row.entry.date) }
                            th scope="row" { (forms::step_words(&row.entry.step, frame.lang)) }
                            td class="day" { @match row.entry.next_date { Some(day) => (day), None => "–" } }
                            td { (row.entry.note) }
                            td { (row.entry.by) " · " (time(row.at)) }
                        }
                    }
                }
            }
        }
    }
}

/// An answer in a line: 已对接 · 王经理 · 2026-09-02.
fn answer_words(answer: &BrokerAnswer, lang: Lang) -> String {
    let mut words = vec![answer.answer.label(lang).to_owned()];
    words.extend(answer.reason.map(|reason| reason.label(lang).to_owned()));
    words.extend(answer.by.clone());
    words.extend(answer.date.map(|day| day.to_string()));
    words.join(" · ")
}

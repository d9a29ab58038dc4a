//! A pair as one sheet of paper and as a message of a few lines.
//!
//! Both leave the office, so what is in them is what the records' visibility lets anybody know,
//! whoever makes them: an owner who is not public is not named, and no contact stands in a text.

use jiff::civil::Date;
use maud::{Markup, html};

use super::address::pair;
use super::cards::best_quotes;
use super::frame::page_with_head;
use super::words::{badge, chance, chance_words};
use super::{Frame, bar, numbers};
use crate::matching::Outcome;
use crate::model::{Lang, Side, Visibility};
use crate::pipeline::{PairRecord, SeenPair, SeenRecord};
use crate::report::{clip, cooperation, maturity, percent};
use crate::text::veil;

/// Most characters of a message: what common messengers show without unfolding.
const MESSAGE: usize = 300;
/// Most characters of a title on the sheet: two lines of half its width.
const TITLE: usize = 48;
/// Most characters of a text on the sheet: what is left of a page of A4 when all else on it is as
/// long as it can be, in Chinese characters, which are the widest.
const TEXT: usize = 300;
/// Most characters of a quote on the sheet: two lines.
const QUOTE: usize = 90;
/// Most checked numbers on the sheet.
const NUMBERS: usize = 5;
/// Most characters of one number's words: half a line.
const NUMBER: usize = 22;
/// Most marks and contradictions on the sheet.
const DOUBTS: usize = 3;
/// Most characters of one of them: a line.
const DOUBT: usize = 50;
/// Most characters of an owner: a line of half the width.
const OWNER: usize = 26;
/// Most characters of a region, and of the ways of working together: a line for both.
const REGION: usize = 10;
const COOPERATION: usize = 16;

/// A pair to be proposed.
#[derive(Debug, Clone, Copy)]
pub struct ProposalPage<'a> {
    /// The pair.
    pub pair: &'a SeenPair,
    /// The day on which it is proposed.
    pub made_on: Date,
}

/// What of a pair may leave the office.
struct Outward<'a> {
    pair: &'a SeenPair,
    lang: Lang,
}

impl Outward<'_> {
    /// A text without the owners who are not public and without contacts, on one line, clipped.
    fn text(&self, text: &str, limit: usize) -> String {
        let owners = [&self.pair.demand, &self.pair.supply].into_iter().filter_map(hidden_owner);
        let veiled = veil(text, owners).unwrap_or_else(|| text.to_owned());
        clip(&veiled.split_whitespace().collect::<Vec<_>>().join(" "), limit)
    }

    fn owner(&self, side: Side) -> String {
        let record = self.pair.of(side).record();
        match (&record.organization, record.visibility) {
            (Some(owner), Visibility::Public) => self.text(owner, OWNER),
            (None, Visibility::Public) => {
                self.lang.pick("单位未说明", "owner not stated").to_owned()
            }
            _ => self.lang.pick("单位不公开", "owner not shown").to_owned(),
        }
    }

    fn title(&self, side: Side, limit: usize) -> String {
        self.text(&self.pair.of(side).record().title, limit)
    }

    /// The best quote of either side.
    fn quotes(&self, limit: usize) -> Vec<(Side, String)> {
        best_quotes(&self.pair.pair, Side::Demand)
            .into_iter()
            .map(|quote| (quote.side, self.text(&quote.text, limit)))
            .collect()
    }

    /// What to check before the two are brought together.
    fn doubts(&self) -> Vec<String> {
        let found = &self.pair.pair;
        let mut doubts = numbers::marks(found, self.lang);
        doubts.extend(numbers::contradictions(found, self.lang));
        doubts.iter().take(DOUBTS).map(|doubt| self.text(doubt, DOUBT)).collect()
    }
}

fn hidden_owner(seen: &SeenRecord) -> Option<&str> {
    let record = seen.record();
    record.organization.as_deref().filter(|_| record.visibility != Visibility::Public)
}

/// The sheet, and below it, not printed, the message.
#[must_use]
pub fn proposal_page(frame: &Frame<'_>, shown: &ProposalPage<'_>) -> Markup {
    let outward = Outward { pair: shown.pair, lang: frame.lang };
    let (demand, supply) = (shown.pair.demand.record(), shown.pair.supply.record());
    let title =
        format!("{} {} ↔ {}", frame.t("供需对接建议书", "Proposal"), demand.number, supply.number);
    let is_internal =
        [demand, supply].iter().any(|record| record.visibility == Visibility::Internal);
    let body = html! {
        p class="links no-print" {
            a href=(pair("/pairs", &demand.id, &supply.id)) { (frame.t("回到这一对", "Back to the pair")) }
            button type="button" data-print hidden { (frame.t("打印或存为 PDF", "Print or save as PDF")) }
        }
        @if is_internal {
            p class="error no-print" role="alert" { (frame.t("其中有内部记录：这张纸不要发到办公室以外。", "One of the records is internal: do not let this sheet leave the office.")) }
        }
        (sheet(frame, shown, &outward))
        (message_box(frame, shown.pair))
    };
    page_with_head(frame, &title, &html! {}, &body)
}

fn sheet(frame: &Frame<'_>, shown: &ProposalPage<'_>, outward: &Outward<'_>) -> Markup {
    let lang = frame.lang;
    let found = &shown.pair.pair;
    let quotes = outward.quotes(QUOTE);
    let doubts = outward.doubts();
    html! {
        article class="sheet" {
            h1 { (frame.t("供需对接建议书", "Proposal for an introduction")) }
            p class="judged" {
                (badge(found.verdict, lang)) " " (chance(found.probability, lang))
                span class="soft" { " · " (shown.made_on) }
                @if let Some(day) = frame.data_until { span class="soft" { (frame.t(" · 数据截至 ", " · data until ")) (day) } }
            }
            div class="two" {
                @for side in [Side::Demand, Side::Supply] { (party(outward, side)) }
            }
            h2 { (frame.t("为什么", "Why")) }
            (bar::sum(found, Side::Demand, lang, ""))
            @if quotes.is_empty() {
                p class="soft" { (frame.t("没有可引用的原句。", "There is no sentence to quote.")) }
            }
            ul class="quotes" {
                @for (side, quote) in &quotes {
                    li { span class="soft" { (side.label(lang)) (frame.t("原文：", ": ")) } q { (quote) } }
                }
            }
            (checked(outward, found))
            h2 { (frame.t("联系之前请核实", "To check before calling")) }
            ul class="plain" {
                @for doubt in &doubts { li { (doubt) } }
                li { (frame.t("权利是否有效、单位信用、价格：系统没有核实。", "Whether rights are in force, credit, prices: these were not checked.")) }
            }
            p class="signature" {
                span { (frame.t("经办：", "By: ")) (frame.user.unwrap_or("")) }
                span { (frame.t("需求方意见：", "Demand's answer: ")) }
                span { (frame.t("供给方意见：", "Supply's answer: ")) }
            }
            p class="soft small" {
                (frame.t("由 duijie 根据双方清单原文生成，过长的文字已截短（以…表示）；把握是估计值，不是成功率。", "Made by duijie from the two lists; long texts are cut (…). The chance is an estimate, not a rate of success."))
            }
        }
    }
}

fn party(outward: &Outward<'_>, side: Side) -> Markup {
    let lang = outward.lang;
    let record = outward.pair.of(side).record();
    let mut facts = vec![outward.owner(side)];
    facts.extend(record.region.as_deref().map(|region| outward.text(region, REGION)));
    facts.push(maturity(record, lang).to_owned());
    facts.push(clip(&cooperation(&record.cooperation, lang), COOPERATION));
    facts.retain(|fact| !fact.is_empty());
    html! {
        section class="party" {
            h2 { (side.label(lang)) " " span class="code" { (outward.text(&record.number, 24)) } }
            p { b { (outward.title(side, TITLE)) } }
            p class="who" { (facts.join(" · ")) }
            p class="body" { (outward.text(&record.body, TEXT)) }
        }
    }
}

/// The numbers that the supply speaks of; those that it does not are counted.
fn checked(outward: &Outward<'_>, found: &PairRecord) -> Markup {
    let lang = outward.lang;
    let mut judged: Vec<_> =
        found.numbers.iter().filter(|number| number.outcome != Outcome::NotStated).collect();
    judged.sort_by_key(|number| std::cmp::Reverse(number.outcome));
    let silent = found.numbers.len() - judged.len();
    html! {
        @if !judged.is_empty() {
            table class="compact" {
                caption { (lang.pick("指标核对", "Numbers")) }
                thead {
                    tr {
                        th scope="col" { (Side::Demand.label(lang)) }
                        th scope="col" { (Side::Supply.label(lang)) }
                        th scope="col" { (lang.pick("结果", "Outcome")) }
                    }
                }
                tbody {
                    @for number in judged.iter().take(NUMBERS) {
                        tr {
                            td { (outward.text(&number.demand.text, NUMBER)) }
                            td { (number.supply.as_ref().map_or(String::new(), |quote| outward.text(&quote.text, NUMBER))) }
                            td { (number.outcome.label(lang)) }
                        }
                    }
                }
            }
        }
        @let more = judged.len().saturating_sub(NUMBERS);
        @if more + silent > 0 {
            p class="soft small" {
                @match lang {
                    Lang::Zh => {
                        @if more > 0 { "另有 " (more) " 项未列出。" }
                        @if silent > 0 { (silent) " 项供给未说明。" }
                    }
                    Lang::En => {
                        @if more > 0 { (more) " more not shown. " }
                        @if silent > 0 { (silent) " not stated by the supply." }
                    }
                }
            }
        }
    }
}

fn message_box(frame: &Frame<'_>, pair: &SeenPair) -> Markup {
    let text = message(pair, frame.lang);
    let count = text.chars().count();
    html! {
        section class="message no-print" {
            h2 { (frame.t("可以直接发出的文字", "As a message")) }
            div class="field wide" {
                label for="message" {
                    @match frame.lang {
                        Lang::Zh => { "短信或微信，共 " (count) " 字" }
                        Lang::En => { "For a messenger, " (count) " characters" }
                    }
                }
                textarea id="message" rows="7" readonly { (text) }
            }
            button type="button" data-copy="message" data-done=(frame.t("已复制", "Copied")) hidden { (frame.t("复制", "Copy")) }
        }
    }
}

/// The pair in at most 300 characters, to be pasted into a message: both numbers and titles, the
/// verdict, the best quotes as far as there is room, the first thing to check.
#[must_use]
pub fn message(pair: &SeenPair, lang: Lang) -> String {
    let outward = Outward { pair, lang };
    let found = &pair.pair;
    let party = |side: Side| {
        let number = outward.text(&pair.of(side).record().number, 24);
        let (title, owner) = (outward.title(side, 36), clip(&outward.owner(side), 18));
        match lang {
            Lang::Zh => format!("{}{number}《{title}》（{owner}）", side.label(lang)),
            Lang::En => format!("{} {number} “{title}” ({owner})", side.label(lang)),
        }
    };
    let verdict = found.verdict.label(lang);
    let (words, percent) = (chance_words(found.probability, lang), percent(found.probability));
    let head = match lang {
        Lang::Zh => format!(
            "【供需对接】{}与{}：{verdict}，把握{words}（约{percent}%）。",
            party(Side::Demand),
            party(Side::Supply)
        ),
        Lang::En => format!(
            "Introduction: {} and {}: {verdict}, {words} (about {percent}%).",
            party(Side::Demand),
            party(Side::Supply)
        ),
    };
    let quotes: Vec<String> = outward
        .quotes(32)
        .into_iter()
        .map(|(side, quote)| format!("{}“{quote}”", side.label(lang)))
        .collect();
    let because = match lang {
        _ if quotes.is_empty() => String::new(),
        Lang::Zh => format!("依据：{}。", quotes.join("，")),
        Lang::En => format!(" Because: {}.", quotes.join(", ")),
    };
    let check = outward.doubts().first().map_or(String::new(), |doubt| match lang {
        Lang::Zh => format!("先核实：{}。", clip(doubt, 30)),
        Lang::En => format!(" First check: {}.", clip(doubt, 30)),
    });
    // What has no room is left out whole; a sentence cut in the middle says something else.
    let mut text = String::new();
    for sentence in [head, because, check] {
        if text.chars().count() + sentence.chars().count() <= MESSAGE {
            text.push_str(&sentence);
        }
    }
    text
}

//! A pair as a card in a list: verdict, chance, sum, the two best quotes, marks.

use maud::{Markup, html};

use super::words::{badge, chance};
use super::{Frame, address, bar, facts, numbers};
use crate::model::{Part, QuoteField, Side};
use crate::pipeline::{PairHead, PairRecord, PartRecord, QuoteRecord, SeenPair};
use crate::report::clip;

/// Most characters of a quote on a card.
const QUOTE: usize = 140;

/// A card of the record that answers `asker`'s side.
pub(super) struct Card<'a> {
    /// The pair.
    pub(super) pair: &'a SeenPair,
    /// How it stands in the list of the night; `None` for a text that is in no list.
    pub(super) head: Option<&'a PairHead>,
    /// Whose list it is.
    pub(super) asker: Side,
    /// Place in the list, from 1.
    pub(super) place: usize,
    /// What stands at the card's end.
    pub(super) end: Markup,
}

pub(super) fn card(frame: &Frame<'_>, card: &Card<'_>) -> Markup {
    let lang = frame.lang;
    let Card { pair, head, asker, place, end } = card;
    let pair: &SeenPair = pair;
    let answering = pair.of(asker.other());
    let record = answering.record();
    let link = match head {
        Some(_) => {
            let (demand, supply) = (&pair.demand.record().id, &pair.supply.record().id);
            address::pair("/pairs", demand, supply)
        }
        None => address::record(record.side, &record.id),
    };
    html! {
        article class="card" data-item {
            h3 {
                span class="place" { (place) }
                a href=(link) data-main { (record.title) }
            }
            p class="who" { span class="code" { (record.number) } " " (facts::line(answering, lang)) }
            p class="judged" {
                (badge(pair.pair.verdict, lang)) " " (chance(pair.pair.probability, lang))
                @if let Some(head) = head { " " (standing(frame, head)) }
            }
            (marks(frame, &pair.pair))
            (bar::sum(&pair.pair, *asker, lang, ""))
            (quotes(frame, &pair.pair, *asker))
            (end)
        }
    }
}

/// Whether the pair was handed out or refused.
pub(super) fn standing(frame: &Frame<'_>, head: &PairHead) -> Markup {
    html! {
        @if head.refused {
            span class="tag bad" { (frame.t("经理人已回复不合适", "refused by a broker")) }
        } @else if head.handed_out {
            span class="tag good" { (frame.t("已发出", "handed out")) }
        } @else {
            span class="tag" { (frame.t("未发出", "not handed out")) }
        }
    }
}

/// Marks of the pair, one tag each.
pub(super) fn marks(frame: &Frame<'_>, pair: &PairRecord) -> Markup {
    let marks = numbers::marks(pair, frame.lang);
    html! {
        @if !marks.is_empty() {
            p class="marks" { @for mark in &marks { span class="tag warn" { (mark) } " " } }
        }
    }
}

/// The best quote of either side, the demand's first.
fn quotes(frame: &Frame<'_>, pair: &PairRecord, asker: Side) -> Markup {
    let best = best_quotes(pair, asker);
    html! {
        @if !best.is_empty() {
            ul class="quotes" {
                @for quote in best {
                    li {
                        span class="soft" { (quote.side.label(frame.lang)) (frame.t("原文：", ": ")) }
                        q { mark { (clip(quote.text.trim(), QUOTE)) } }
                    }
                }
            }
        }
    }
}

/// Of each side the quote that supports the part with the greatest contribution: sentences before
/// single words, a body before a title. At most one per side, the demand's first.
pub(super) fn best_quotes(pair: &PairRecord, asker: Side) -> Vec<&QuoteRecord> {
    let worth = |part: &PartRecord| match asker {
        Side::Demand => part.contribution,
        Side::Supply => part.contribution_for_supply,
    };
    let mut parts: Vec<&PartRecord> = pair.parts.iter().collect();
    parts.sort_by_key(|part| (part.name == Part::Terms, std::cmp::Reverse(worth(part))));
    let of = |side: Side| {
        let quotes = || parts.iter().flat_map(|part| &part.evidence);
        let fits = move |quote: &&QuoteRecord, field| {
            quote.side == side && quote.field == field && !quote.text.trim().is_empty()
        };
        let body = quotes().find(move |quote| fits(quote, QuoteField::Body));
        body.or_else(|| quotes().find(move |quote| fits(quote, QuoteField::Title)))
    };
    [Side::Demand, Side::Supply].into_iter().filter_map(of).collect()
}

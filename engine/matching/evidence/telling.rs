//! The telling words that both texts hold, quoted where they stand.

use std::cmp::Reverse;

use super::{Evidence, RecordText};
use crate::model::{Part, Quote, Record, Side};

/// Most words that are quoted: what a reader takes in at a glance.
const QUOTED_WORDS: usize = 4;

/// A term in a requirement, where it stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    /// Its number in the vocabulary.
    pub(super) term: u32,
    /// Which requirement of the record.
    pub(super) requirement: u16,
    /// First byte within the requirement.
    start: u16,
    /// Length in bytes; 0 where it stands too far back to be quoted.
    length: u16,
}

impl Held {
    /// A term at a byte range of a requirement.
    pub(super) fn new(term: u32, requirement: u16, start: usize, end: usize) -> Self {
        let place = |at: usize| u16::try_from(at).ok();
        let (start, length) = match (place(start), place(end.saturating_sub(start)), place(end)) {
            (Some(start), Some(length), Some(_)) => (start, length),
            _ => (0, 0),
        };
        Self { term, requirement, start, length }
    }

    /// First byte within the requirement.
    pub(super) fn start(self) -> usize {
        usize::from(self.start)
    }

    const fn end(self) -> u16 {
        self.start + self.length
    }

    /// Whether two terms share characters: 碳化硅 and 碳化.
    const fn overlaps(self, other: Self) -> bool {
        self.requirement == other.requirement
            && self.start < other.end()
            && other.start < self.end()
    }
}

impl Evidence {
    /// The most telling terms that both records hold, as quotes of the demand and of the supply:
    /// the rarest first, those of the demand's title counting double, ties in the order of the
    /// demand.
    pub(super) fn telling_words(
        &self,
        (demand_text, demand): (&RecordText, &Record),
        (supply_text, supply): (&RecordText, &Record),
    ) -> (Vec<Quote>, Vec<Quote>) {
        let mut shared: Vec<(Reverse<u32>, Held, Held)> = Vec::new();
        let (mut i, mut j) = (0, 0);
        let (own, others) = (&demand_text.terms, &supply_text.terms);
        while i < own.len() && j < others.len() {
            let (held, other) = (own[i], others[j]);
            if held.term < other.term {
                i += 1;
            } else if held.term > other.term {
                j += 1;
            } else {
                let in_title = demand_text.requirements[usize::from(held.requirement)].in_title();
                let weight = self.vocabulary.weight(held.term) * if in_title { 2 } else { 1 };
                if held.length > 0 && other.length > 0 {
                    shared.push((Reverse(weight), held, other));
                }
                i += own[i..].iter().take_while(|it| it.term == held.term).count();
                j += others[j..].iter().take_while(|it| it.term == held.term).count();
            }
        }
        shared.sort_unstable_by_key(|&(weight, held, _)| {
            // Of two equally rare terms the longer one says more.
            (weight, Reverse(held.length), held.requirement, held.start)
        });
        let mut chosen: Vec<(Held, Held)> = Vec::new();
        for (_, held, other) in shared {
            if chosen.len() == QUOTED_WORDS {
                break;
            }
            let is_new = |&(a, b): &(Held, Held)| !a.overlaps(held) && !b.overlaps(other);
            if chosen.iter().all(is_new) {
                chosen.push((held, other));
            }
        }
        let quote = |text: &RecordText, side: Side, record: &Record, held: Held| {
            let span = &text.requirements[usize::from(held.requirement)];
            span.quote_within(
                Part::Terms,
                side,
                record,
                usize::from(held.start)..usize::from(held.end()),
            )
        };
        (
            chosen.iter().filter_map(|it| quote(demand_text, Side::Demand, demand, it.0)).collect(),
            chosen.iter().filter_map(|it| quote(supply_text, Side::Supply, supply, it.1)).collect(),
        )
    }
}

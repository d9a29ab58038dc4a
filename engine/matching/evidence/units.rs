//! What a demand asks for, sentence by sentence, and how well a supply covers each: the units of
//! joint answers.
//!
//! This is the seam for better units: whoever splits a demand into typed requirements replaces
//! [`Evidence::units`] and [`Evidence::unit_coverage`], and nothing else changes.

use super::{Evidence, QuoteField, RecordText, dot};
use crate::model::{Micro, Part, Quote, Record, Side};

/// Telling terms from which a sentence states something; shorter ones greet or set dates.
const LEAST_TERMS: usize = 3;

/// Weight above which a term counts as telling: one record in four or fewer holds it.
const TELLING_FROM: u32 = 3;

/// Mean of similarity and shared words from which a sentence counts as answered in full.
///
/// Two sentences on one matter are never equal. In planted pairs of halves of a demand, written
/// apart from each other, the right sentences reach 0.28 to 0.55 and the wrong ones stay below
/// 0.25 unless they only name the same thing.
const FULL: i32 = 500_000;

/// Terms of one passage with their weights.
type Terms = Vec<(u32, u32)>;

impl Evidence {
    /// The weight of each passage of a demand, in order: the sum of its telling terms' weights, or
    /// 0 where it is no unit.
    ///
    /// Units are the sentences of the body with at least three telling terms; the title, which
    /// says the same in short, is a unit only where there is no such sentence.
    #[must_use]
    pub fn units(&self, demand: usize) -> Vec<u32> {
        let Some(text) = self.demands.get(demand) else { return Vec::new() };
        let terms = self.telling(text);
        let weigh = |field: fn(QuoteField) -> bool| -> Vec<u32> {
            (text.passages.iter().zip(&terms))
                .map(|(passage, terms)| {
                    let states = field(passage.field) && terms.len() >= LEAST_TERMS;
                    if states { terms.iter().map(|(_, weight)| weight).sum() } else { 0 }
                })
                .collect()
        };
        let of_body = weigh(|field| field != QuoteField::Title);
        if of_body.iter().any(|&weight| weight > 0) { of_body } else { weigh(|_| true) }
    }

    /// How well a supply covers each passage of a demand, in order, in `[0, 1]`: the mean of the
    /// cosine similarity to the nearest passage of the supply and of the share of the telling
    /// terms' weight that the supply's text holds, over one half and at most 1.
    ///
    /// Zero for a passage that is no unit. Vectors are those of 8 bits, so that every machine
    /// gives the same value.
    #[must_use]
    pub fn unit_coverage(&self, demand: usize, supply: usize, weights: &[u32]) -> Vec<Micro> {
        let (Some(text), Some(answer)) = (self.demands.get(demand), self.supplies.get(supply))
        else {
            return vec![Micro::ZERO; weights.len()];
        };
        let terms = self.telling(text);
        (0..weights.len())
            .map(|passage| {
                if weights[passage] == 0 {
                    return Micro::ZERO;
                }
                let nearest = self.nearest_to(demand, passage, supply);
                let mean = Micro::mean(nearest, shared(&terms[passage], answer)).0.min(FULL);
                Micro(mean * (1_000_000 / FULL))
            })
            .collect()
    }

    /// A passage of a demand as a quote, or `None` beyond its passages.
    #[must_use]
    pub fn unit_quote(&self, demand: usize, passage: usize, record: &Record) -> Option<Quote> {
        let passage = self.demands.get(demand)?.passages.get(passage)?;
        Some(passage.quote(Part::Dense, Side::Demand, record))
    }

    /// The telling terms of each passage.
    fn telling(&self, text: &RecordText) -> Vec<Terms> {
        let mut terms = vec![Terms::new(); text.passages.len()];
        for &(term, passage) in &text.terms {
            let weight = self.vocabulary.weight(term);
            if weight >= TELLING_FROM {
                terms[passage as usize].push((term, weight));
            }
        }
        terms
    }

    /// Cosine similarity of a demand's passage to the nearest passage of a supply.
    fn nearest_to(&self, demand: usize, passage: usize, supply: usize) -> Micro {
        let rows = self.demand_passages.rows_of(demand);
        let Some(row) = rows.clone().nth(passage) else { return Micro::ZERO };
        let (own, scale) = (self.demand_passages.row(row), self.demand_passages.scales[row]);
        let mut best = 0.0_f32;
        for other in self.supply_passages.rows_of(supply) {
            #[expect(clippy::cast_precision_loss, reason = "below 2^24 for 512 numbers of 8 bits")]
            let product = dot(own, self.supply_passages.row(other)) as f32;
            best = best.max(product * (scale * self.supply_passages.scales[other]));
        }
        Micro::from_unit(f64::from(best))
    }
}

/// Share of the terms' weight that a text holds.
fn shared(terms: &[(u32, u32)], text: &RecordText) -> Micro {
    let holds = |term: u32| {
        let at = text.terms.partition_point(|&(other, _)| other < term);
        text.terms.get(at).is_some_and(|&(other, _)| other == term)
    };
    let all: u64 = terms.iter().map(|&(_, weight)| u64::from(weight)).sum();
    let held: u64 =
        terms.iter().filter(|(term, _)| holds(*term)).map(|&(_, weight)| u64::from(weight)).sum();
    Micro((held * 1_000_000).checked_div(all).and_then(|x| i32::try_from(x).ok()).unwrap_or(0))
}

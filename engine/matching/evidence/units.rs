//! What a demand asks for, point by point, and how well a supply covers each: the units of joint
//! answers.
//!
//! A unit is what a sentence holds of the demand's typed requirements. Sentences that tell who asks,
//! how things stand or how to work together hold none, and nobody has to cover them.

use std::ops::Range;

use super::{Evidence, RecordText, dot};
use crate::matching::Span;
use crate::model::{Micro, Part, Quote, QuoteField, Record, Side};
use crate::text::{RequirementKind, requirements};

/// Telling terms from which a sentence states something; shorter ones greet or set dates.
const LEAST_TERMS: usize = 3;

/// Weight above which a term counts as telling: one record in four or fewer holds it.
const TELLING_FROM: u32 = 3;

/// Mean of similarity and shared words from which a sentence counts as answered in full.
///
/// Two sentences on one matter are never equal. In planted pairs of halves of a demand, written
/// apart from each other, the right sentences reach 0.25 to 0.55 and the wrong ones 0.06 to 0.2.
const FULL: i32 = 500_000;

/// Terms of one requirement with their weights.
type Terms = Vec<(u32, u32)>;

impl Evidence {
    /// The weight of each sentence of a demand, in order: the sum of the telling terms' weights in
    /// what it asks for, or 0 where it is no unit.
    ///
    /// Units are the sentences of the body that hold requirements with at least three telling terms:
    /// of an object, a material, a process, an effect or an indicator, or, where the body has none
    /// of these, of a problem. The title, which says the same in short, is a unit only where the
    /// body has none.
    #[must_use]
    pub fn units(&self, demand: usize, record: &Record) -> Vec<u32> {
        let Some(text) = self.demands.get(demand) else { return Vec::new() };
        let asked = asked(record);
        let weights: Vec<u32> = (0_u32..)
            .zip(&text.requirements)
            .map(|(unit, span)| self.weight_within(text, unit, span, &asked))
            .collect();
        if weights.iter().any(|&weight| weight > 0) {
            return weights;
        }
        let title = |(terms, span): (&Terms, &Span)| {
            let states = span.in_title() && terms.len() >= LEAST_TERMS;
            if states { terms.iter().map(|(_, weight)| weight).sum() } else { 0 }
        };
        self.telling(text).iter().zip(&text.requirements).map(title).collect()
    }

    /// The weight of the telling terms of a sentence that lie in these ranges of the body; 0 where
    /// there are fewer than three.
    fn weight_within(
        &self,
        text: &RecordText,
        unit: u32,
        span: &Span,
        asked: &[Range<usize>],
    ) -> u32 {
        if span.in_title() {
            return 0;
        }
        let lies_within = |at: usize| asked.iter().any(|range| range.contains(&at));
        let mut n_terms = 0;
        let mut weight = 0;
        for held in text.terms.iter().filter(|held| u32::from(held.requirement) == unit) {
            let own = self.vocabulary.weight(held.term);
            if own >= TELLING_FROM && lies_within(span.start() + held.start()) {
                n_terms += 1;
                weight += own;
            }
        }
        if n_terms >= LEAST_TERMS { weight } else { 0 }
    }

    /// How well a supply covers each requirement of a demand, in order, in `[0, 1]`: the mean of the
    /// cosine similarity to the nearest sentence of the supply and of the share of the telling
    /// terms' weight that the supply's text holds, over one half and at most 1.
    ///
    /// Zero for a requirement that is no unit. One order of additions, so that every machine gives
    /// the same value.
    #[must_use]
    pub fn unit_coverage(&self, demand: usize, supply: usize, weights: &[u32]) -> Vec<Micro> {
        let (Some(text), Some(answer)) = (self.demands.get(demand), self.supplies.get(supply))
        else {
            return vec![Micro::ZERO; weights.len()];
        };
        let terms = self.telling(text);
        (0..weights.len())
            .map(|unit| {
                if weights[unit] == 0 {
                    return Micro::ZERO;
                }
                let nearest = self.nearest_to(demand, unit, supply);
                let mean = Micro::mean(nearest, shared(&terms[unit], answer)).0.min(FULL);
                Micro(mean * (1_000_000 / FULL))
            })
            .collect()
    }

    /// What a unit of a demand asks for as a quote, from the first requirement in its sentence to
    /// the end of the last; the whole sentence where it holds none, and `None` beyond its sentences.
    #[must_use]
    pub fn unit_quote(&self, demand: usize, unit: usize, record: &Record) -> Option<Quote> {
        let span = self.demands.get(demand)?.requirements.get(unit)?;
        let whole = span.start()..span.start() + span.text(record).len();
        let asked = if span.in_title() { Vec::new() } else { asked(record) };
        let parts = asked.iter().filter(|part| part.start < whole.end && whole.start < part.end);
        let around = parts.fold(None, |found: Option<Range<usize>>, part| {
            let first = found.as_ref().map_or(part.start, |found| found.start);
            Some(first.max(whole.start)..part.end.min(whole.end))
        });
        let within = around.unwrap_or(whole.clone());
        let within = within.start - whole.start..within.end - whole.start;
        span.quote_within(Part::Passage, Side::Demand, record, within)
    }

    /// The telling terms of each requirement.
    fn telling(&self, text: &RecordText) -> Vec<Terms> {
        let mut terms = vec![Terms::new(); text.requirements.len()];
        for held in &text.terms {
            let weight = self.vocabulary.weight(held.term);
            if weight >= TELLING_FROM {
                terms[usize::from(held.requirement)].push((held.term, weight));
            }
        }
        terms
    }

    /// Cosine similarity of a demand's requirement to the nearest sentence of a supply.
    fn nearest_to(&self, demand: usize, unit: usize, supply: usize) -> Micro {
        let (own, others) =
            (self.demand_vectors.requirements(), self.supply_vectors.requirements());
        let Some(row) = own.range(demand).nth(unit) else { return Micro::ZERO };
        let nearest = others
            .range(supply)
            .map(|other| dot(own.rows().row(row), others.rows().row(other)))
            .fold(0.0_f32, f32::max);
        Micro::from_unit(f64::from(nearest))
    }
}

/// What a demand's body asks for, in bytes, ascending.
fn asked(record: &Record) -> Vec<Range<usize>> {
    let found = requirements(record.side, &record.title, &record.body);
    let of_body = || found.iter().filter(|it| it.field == QuoteField::Body);
    let asks = of_body().any(|it| it.kind != RequirementKind::Problem);
    of_body()
        .filter(|it| !asks || it.kind != RequirementKind::Problem)
        .map(|it| it.bytes.clone())
        .collect()
}

/// Share of the terms' weight that a text holds.
fn shared(terms: &[(u32, u32)], text: &RecordText) -> Micro {
    let holds = |term: u32| {
        let at = text.terms.partition_point(|held| held.term < term);
        text.terms.get(at).is_some_and(|held| held.term == term)
    };
    let all: u64 = terms.iter().map(|&(_, weight)| u64::from(weight)).sum();
    let held: u64 =
        terms.iter().filter(|(term, _)| holds(*term)).map(|&(_, weight)| u64::from(weight)).sum();
    Micro((held * 1_000_000).checked_div(all).and_then(|x| i32::try_from(x).ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{PassageVectors, Vocabulary};
    use crate::model::{Embeddings, MultiVectors, RecordId, SourceRef};
    use crate::text::{Segmenter, Synonyms};

    fn record(side: Side, title: &str, body: &str) -> Record {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        let id = RecordId(title.to_owned());
        Record {
            title: title.to_owned(),
            body: body.to_owned(),
            ..Record::new(side, id, String::new(), source)
        }
    }

    /// Evidence whose vectors are all zero, so that words alone decide.
    fn evidence(demands: &[Record], supplies: &[Record]) -> Evidence {
        let mut vocabulary = Vocabulary::default();
        let (segmenter, synonyms) = (Segmenter::shared(), Synonyms::default());
        let (demands, supplies) = (
            vocabulary.read(demands, segmenter, &synonyms),
            vocabulary.read(supplies, segmenter, &synonyms),
        );
        let zeros = |texts: &[RecordText]| {
            let counts = |n: fn(&RecordText) -> usize| {
                let mut starts = vec![0_u32];
                let mut rows = 0;
                for text in texts {
                    rows += n(text);
                    starts.push(u32::try_from(rows).expect("few"));
                }
                let rows = Embeddings::new(vec![0.0; 2 * rows], 2).expect("whole rows");
                MultiVectors::new(rows, starts).expect("starts fit")
            };
            PassageVectors::new(
                counts(|text| text.requirements.len()),
                counts(|text| text.passages.len()),
            )
        };
        let (demand_vectors, supply_vectors) = (zeros(&demands), zeros(&supplies));
        Evidence {
            vocabulary,
            synonyms,
            demands,
            supplies,
            demand_vectors,
            supply_vectors,
            ..Evidence::default()
        }
    }

    #[test]
    fn what_is_asked_for_is_covered_by_its_words() {
        let demands = [record(
            Side::Demand,
            "风机叶片",
            "风沙把叶片前缘打出坑。需要耐雨蚀的叶片前缘防护涂层；还需要不拆叶片的脱粘检测手段。欢迎叶片涂层检测单位洽谈合作。",
        )];
        let mut supplies = vec![
            record(Side::Supply, "涂层", "叶片前缘防护涂层，耐雨蚀。"),
            record(Side::Supply, "检测", "叶片脱粘检测手段，不拆叶片。"),
        ];
        // Other records make the words telling.
        supplies.extend((0..20).map(|row| record(Side::Supply, &format!("成果{row}"), "无关内容")));
        let evidence = evidence(&demands, &supplies);
        let weights = evidence.units(0, &demands[0]);
        assert_eq!(
            weights.iter().map(|w| *w > 0).collect::<Vec<_>>(),
            [false, false, true, true, false]
        );
        let coverage = |supply| evidence.unit_coverage(0, supply, &weights);
        let (coating, testing) = (coverage(0), coverage(1));
        assert!(coating[2] > testing[2] && testing[3] > coating[3], "{coating:?} {testing:?}");
        assert_eq!(coverage(2), [Micro::ZERO; 5]);
        let quote = evidence.unit_quote(0, 2, &demands[0]).expect("a passage");
        assert!(demands[0].body.contains(&quote.text) && quote.text.contains("防护涂层"));
        assert!(!quote.text.contains('；'), "what is asked for, not the sentence: {}", quote.text);
        assert!(evidence.units(9, &demands[0]).is_empty());
    }
}

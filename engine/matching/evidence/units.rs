//! What a demand asks for, sentence by sentence, and how well a supply covers each: the units of
//! joint answers.
//!
//! This is the seam for better units: whoever splits a demand into typed requirements replaces
//! [`Evidence::units`] and [`Evidence::unit_coverage`], and nothing else changes.

use super::{Evidence, RecordText, dot};
use crate::matching::Span;
use crate::model::{Micro, Part, Quote, Record, Side};

/// Telling terms from which a sentence states something; shorter ones greet or set dates.
const LEAST_TERMS: usize = 3;

/// Weight above which a term counts as telling: one record in four or fewer holds it.
const TELLING_FROM: u32 = 3;

/// Words by which a sentence asks for something rather than tells how things are: wishes, and the
/// comparators of indicators. Lower case.
const ASKING: [&str; 24] = [
    "要",
    "需",
    "求",
    "希望",
    "想",
    "缺",
    "指标",
    "实现",
    "达到",
    "解决",
    "≥",
    "≤",
    "不低于",
    "不超过",
    "不少于",
    "以上",
    "以下",
    "以内",
    "need",
    "require",
    "must",
    "should",
    "seek",
    "want",
];

/// Words that hold one of them and ask for nothing.
const NOT_ASKING: [&str; 4] = ["主要", "重要", "还要", "只要"];

/// Mean of similarity and shared words from which a sentence counts as answered in full.
///
/// Two sentences on one matter are never equal. In planted pairs of halves of a demand, written
/// apart from each other, the right sentences reach 0.25 to 0.55 and the wrong ones 0.06 to 0.2.
const FULL: i32 = 500_000;

/// Terms of one requirement with their weights.
type Terms = Vec<(u32, u32)>;

impl Evidence {
    /// The weight of each requirement of a demand, in order: the sum of its telling terms' weights, or
    /// 0 where it is no unit.
    ///
    /// Units are the sentences of the body that ask for something and have at least three telling
    /// terms; where none asks, all with three such terms. The title, which says the same in short,
    /// is a unit only where the body has none.
    #[must_use]
    pub fn units(&self, demand: usize, record: &Record) -> Vec<u32> {
        let Some(text) = self.demands.get(demand) else { return Vec::new() };
        let terms = self.telling(text);
        let weigh = |counts: &dyn Fn(&Span) -> bool| -> Vec<u32> {
            (text.requirements.iter().zip(&terms))
                .map(|(span, terms)| {
                    let states = terms.len() >= LEAST_TERMS && counts(span);
                    if states { terms.iter().map(|(_, weight)| weight).sum() } else { 0 }
                })
                .collect()
        };
        let of_body = |span: &Span| !span.in_title();
        let asking = weigh(&|span| of_body(span) && asks(span.text(record)));
        [asking, weigh(&of_body)]
            .into_iter()
            .find(|weights| weights.iter().any(|&weight| weight > 0))
            .unwrap_or_else(|| weigh(&|_| true))
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

    /// A requirement of a demand as a quote, or `None` beyond its requirements.
    #[must_use]
    pub fn unit_quote(&self, demand: usize, unit: usize, record: &Record) -> Option<Quote> {
        let span = self.demands.get(demand)?.requirements.get(unit)?;
        Some(span.quote(Part::Passage, Side::Demand, record))
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

/// Whether a sentence asks for something.
fn asks(sentence: &str) -> bool {
    let mut text = sentence.to_lowercase();
    for word in NOT_ASKING {
        text = text.replace(word, "");
    }
    ASKING.iter().any(|word| text.contains(word))
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
    fn a_sentence_that_asks_is_told_from_one_that_tells() {
        for asking in ["需要耐雨蚀的防护涂层", "脱粘检出≥50 mm", "We must seal the valve"]
        {
            assert!(asks(asking), "{asking}");
        }
        for telling in ["主要运维近三百台风机", "镜片一个班就糊住", "The valve leaks"]
        {
            assert!(!asks(telling), "{telling}");
        }
    }

    #[test]
    fn what_is_asked_for_is_covered_by_its_words() {
        let demands = [record(
            Side::Demand,
            "风机叶片",
            "风沙把叶片前缘打出坑。需要耐雨蚀的叶片前缘防护涂层；还需要不拆叶片的脱粘检测手段。",
        )];
        let mut supplies = vec![
            record(Side::Supply, "涂层", "叶片前缘防护涂层，耐雨蚀。"),
            record(Side::Supply, "检测", "叶片脱粘检测手段，不拆叶片。"),
        ];
        // Other records make the words telling.
        supplies.extend((0..20).map(|row| record(Side::Supply, &format!("成果{row}"), "无关内容")));
        let evidence = evidence(&demands, &supplies);
        let weights = evidence.units(0, &demands[0]);
        assert_eq!(weights.iter().map(|w| *w > 0).collect::<Vec<_>>(), [false, false, true, true]);
        let coverage = |supply| evidence.unit_coverage(0, supply, &weights);
        let (coating, testing) = (coverage(0), coverage(1));
        assert!(coating[2] > testing[2] && testing[3] > coating[3], "{coating:?} {testing:?}");
        assert_eq!(coverage(2), [Micro::ZERO; 4]);
        let quote = evidence.unit_quote(0, 2, &demands[0]).expect("a passage");
        assert!(demands[0].body.contains(&quote.text) && quote.text.contains("防护涂层"));
        assert!(evidence.units(9, &demands[0]).is_empty());
    }
}

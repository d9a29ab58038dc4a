//! The passages of the two texts that support a pair's parts.
//!
//! Quotes are drawn when a pair is written, not when it is scored: millions of pairs are scored
//! and thousands are shown. Terms are weighed in integers and vectors multiplied in the one order of
//! [`dot`], so the same passages are chosen on every machine.

mod telling;
mod units;

use std::collections::HashMap;
use std::ops::Range;

use super::field::code_path;
use super::numbers::{CheckedNumber, JudgedNumbers, Outcome, StatedNumbers};
use super::passages::PassageVectors;
use super::spans::{Span, passage_spans, requirement_spans};
use super::synonyms::{Standing, name_pairs};
use crate::kernel::dot;
use crate::model::{Match, MultiVectorsView, Part, Quote, QuoteField, Record, Side};
use crate::text::{AliasId, Segmenter, Synonyms, normalise};
use telling::Held;

/// Requirements whose best passages are quoted: the telling one, and one that supports it.
const QUOTED_REQUIREMENTS: usize = 2;

/// Most judged numbers that are quoted; all of them stand in the list of checks.
const QUOTED_NUMBERS: usize = 4;

/// A record's requirements and passages, and which terms each requirement holds.
///
/// The requirements of a body are its sentences, so they also serve as what is quoted for shared
/// terms.
#[derive(Debug, Clone, Default)]
pub struct RecordText {
    requirements: Vec<Span>,
    passages: Vec<Span>,
    /// By term and requirement, ascending, once each.
    terms: Vec<Held>,
    /// Words of the list of synonyms, ascending by word and requirement, once per requirement.
    standing: Vec<Standing>,
}

/// The terms of all records of a run, and how many records hold each.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    ids: HashMap<String, u32>,
    n_holding: Vec<u32>,
    n_records: u32,
}

impl Vocabulary {
    /// Reads records into sentences and terms, extending the vocabulary in record order.
    ///
    /// Returns one [`RecordText`] per record.
    pub fn read(
        &mut self,
        records: &[Record],
        segmenter: &Segmenter,
        synonyms: &Synonyms,
    ) -> Vec<RecordText> {
        use rayon::prelude::*;

        // Segmenting is most of the work and needs no order; numbering the terms does.
        const BATCH: usize = 4_096;
        let mut texts = Vec::with_capacity(records.len());
        for batch in records.chunks(BATCH) {
            let read: Vec<Split> =
                batch.par_iter().map(|record| split(record, segmenter, synonyms)).collect();
            for (requirements, passages, terms, standing) in read {
                let mut terms: Vec<Held> = terms
                    .into_iter()
                    .map(|(term, requirement, range)| {
                        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
                        let term = *self.ids.entry(term).or_insert(next);
                        Held::new(term, requirement, range.start, range.end)
                    })
                    .collect();
                terms.sort_unstable();
                terms.dedup_by_key(|held| (held.term, held.requirement));
                self.n_holding.resize(self.ids.len(), 0);
                for same in terms.chunk_by(|a, b| a.term == b.term) {
                    self.n_holding[same[0].term as usize] += 1;
                }
                self.n_records += 1;
                terms.shrink_to_fit();
                texts.push(RecordText { requirements, passages, terms, standing });
            }
        }
        texts
    }

    /// How telling a term is: one more for every halving of the share of records that hold it.
    fn weight(&self, term: u32) -> u32 {
        let holding = self.n_holding.get(term as usize).copied().unwrap_or(1).max(1);
        (self.n_records / holding).max(1).ilog2() + u32::from(holding < self.n_records)
    }
}

/// A record's spans, its terms with the requirement of each, and its words with synonyms.
type Split = (Vec<Span>, Vec<Span>, Vec<(String, u16, Range<usize>)>, Vec<Standing>);

fn split(record: &Record, segmenter: &Segmenter, synonyms: &Synonyms) -> Split {
    let requirements = requirement_spans(record);
    let mut standing: Vec<Standing> = Vec::new();
    let mut terms = Vec::new();
    for (place, span) in (0_u16..).zip(&requirements) {
        let tokens = segmenter.tokens(span.text(record));
        standing.extend(
            synonyms
                .find(&tokens)
                .into_iter()
                .map(|found| Standing::new(found.alias, place.into(), &found.range)),
        );
        // Single characters match everywhere and prove nothing.
        terms.extend(
            tokens
                .into_iter()
                .filter(|token| token.text.chars().nth(1).is_some())
                .map(|token| (token.text, place, token.start..token.end)),
        );
    }
    // Where a word stands twice in a requirement, the first place is kept.
    standing.sort_by_key(|it| (it.alias, it.passage));
    standing.dedup_by_key(|it| (it.alias, it.passage));
    let mut meant: Vec<AliasId> = standing.iter().map(|it| it.alias).collect();
    synonyms.keep_meant(&mut meant);
    standing.retain(|it| meant.binary_search(&it.alias).is_ok());
    (requirements, passage_spans(record), terms, standing)
}

impl RecordText {
    /// The spans of a record without its words: enough for vectors, not for quotes.
    #[must_use]
    pub fn spans(record: &Record) -> Self {
        Self {
            requirements: requirement_spans(record),
            passages: passage_spans(record),
            ..Self::default()
        }
    }

    /// What the record asks for, in order.
    #[must_use]
    pub fn requirements(&self) -> &[Span] {
        &self.requirements
    }

    /// Its overlapping passages, in order.
    #[must_use]
    pub fn passages(&self) -> &[Span] {
        &self.passages
    }

    /// Its words with synonyms that stand in a requirement.
    fn standing_in(&self, requirement: usize) -> Vec<&Standing> {
        self.standing.iter().filter(|it| it.passage as usize == requirement).collect()
    }
}

/// Everything that quotes are drawn from.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// All terms.
    pub vocabulary: Vocabulary,
    /// Words that were taken for one another.
    pub synonyms: Synonyms,
    /// One per demand.
    pub demands: Vec<RecordText>,
    /// One per supply.
    pub supplies: Vec<RecordText>,
    /// The numbers that each demand states.
    pub demand_numbers: Vec<StatedNumbers>,
    /// The numbers that each supply states.
    pub supply_numbers: Vec<StatedNumbers>,
    /// Vectors of the demands' requirements and passages.
    pub demand_vectors: PassageVectors,
    /// Vectors of the supplies' requirements and passages.
    pub supply_vectors: PassageVectors,
}

impl Evidence {
    /// What the numbers of a pair of rows come to; nothing where a row is not held.
    #[must_use]
    pub fn judged_numbers(&self, (demand, supply): (u32, u32)) -> JudgedNumbers {
        match (self.demand_numbers.get(demand as usize), self.supply_numbers.get(supply as usize)) {
            (Some(asked), Some(stated)) => asked.judge(stated),
            _ => JudgedNumbers::default(),
        }
    }

    /// Every number of the pair's demand, checked and quoted, in the order of its text.
    #[must_use]
    pub fn checked_numbers(
        &self,
        pair: &Match,
        demand: &Record,
        supply: &Record,
    ) -> Vec<CheckedNumber> {
        match (
            self.demand_numbers.get(pair.demand.get()),
            self.supply_numbers.get(pair.supply.get()),
        ) {
            (Some(asked), Some(stated)) => asked.check(stated, demand, supply),
            _ => Vec::new(),
        }
    }

    /// Draws the quotes of a pair, in the order of [`Part::ALL`], the demand's before the supply's.
    ///
    /// - lexical: on each side the sentence with the most telling shared terms, a synonym counting
    ///   as its share of the term, and the synonyms that the two sentences have;
    /// - terms: the most telling words that both hold, where they stand first;
    /// - dense: the two sentences whose vectors are nearest;
    /// - passage: the demand's one or two requirements that are answered best, and the passage that
    ///   answers each;
    /// - numbers: what was judged, the numbers that are not met first, at most
    ///   `QUOTED_NUMBERS`, each side's words;
    /// - field: the deepest step of a classification, or the patent class, that both have;
    /// - freshness: the dates, as `YYYY-MM-DD`; maturity: the words that state it.
    ///
    /// A part that is missing, or has nothing to show, has no quote. Ties go to the earlier
    /// sentence. Title and body quotes are substrings of their source.
    #[must_use]
    pub fn quotes(&self, pair: &Match, demand: &Record, supply: &Record) -> Vec<Quote> {
        let (d, s) = (pair.demand.get(), pair.supply.get());
        let (Some(demand_text), Some(supply_text)) = (self.demands.get(d), self.supplies.get(s))
        else {
            return Vec::new();
        };
        let mut quotes = Vec::new();
        let present =
            |part: Part| pair.parts_for_demand[part.index()].is_some_and(|value| value.0 > 0);
        if present(Part::Lexical)
            && let Some((a, b)) = self.most_shared(demand_text, supply_text)
        {
            let mut own = demand_text.requirements[a].quote(Part::Lexical, Side::Demand, demand);
            let mut other = supply_text.requirements[b].quote(Part::Lexical, Side::Supply, supply);
            let weight = |word| self.synonym_weight(word);
            (own.synonyms, other.synonyms) = name_pairs(
                &self.synonyms,
                &weight,
                (demand_text.standing_in(a), &own.text),
                (supply_text.standing_in(b), &other.text),
            );
            quotes.push(own);
            quotes.push(other);
        }
        if present(Part::Terms) {
            let (own, other) = self.telling_words((demand_text, demand), (supply_text, supply));
            quotes.extend(own);
            quotes.extend(other);
        }
        if present(Part::Dense)
            && let Some((a, b)) = self.nearest(d, s)
            && let (Some(a), Some(b)) =
                (demand_text.requirements.get(a), supply_text.requirements.get(b))
        {
            quotes.push(a.quote(Part::Dense, Side::Demand, demand));
            quotes.push(b.quote(Part::Dense, Side::Supply, supply));
        }
        if present(Part::Passage) {
            for (side, quote) in self.answered(d, s) {
                let (text, record) = match side {
                    Side::Demand => (demand_text.requirements.get(quote), demand),
                    Side::Supply => (supply_text.passages.get(quote), supply),
                };
                quotes.extend(text.map(|span| span.quote(Part::Passage, side, record)));
            }
        }
        // A number that is not met has a value of zero and is quoted all the same.
        if pair.parts_for_demand[Part::Numbers.index()].is_some() {
            let mut judged = self.checked_numbers(pair, demand, supply);
            judged.retain(|check| check.outcome != Outcome::NotStated);
            judged.sort_by_key(|check| std::cmp::Reverse(check.outcome));
            judged.truncate(QUOTED_NUMBERS);
            let (own, other): (Vec<Quote>, Vec<Option<Quote>>) =
                judged.into_iter().map(|check| (check.demand, check.supply)).unzip();
            quotes.extend(own);
            quotes.extend(other.into_iter().flatten());
        }
        if present(Part::Field)
            && let Some((a, b, field)) = common_field(demand, supply)
        {
            quotes.push(plain(Part::Field, Side::Demand, field, a));
            quotes.push(plain(Part::Field, Side::Supply, field, b));
        }
        for (side, record) in [(Side::Demand, demand), (Side::Supply, supply)] {
            if let Some(posted) = record.posted_on {
                quotes.push(plain(Part::Freshness, side, QuoteField::Date, posted.to_string()));
            }
        }
        for (side, record) in [(Side::Demand, demand), (Side::Supply, supply)] {
            if let Some(stated) = &record.maturity_stated
                && record.maturity_if_consistent().is_some()
            {
                quotes.push(plain(Part::Maturity, side, QuoteField::Maturity, stated.clone()));
            }
        }
        quotes
    }

    /// The sentences with the greatest weight of shared terms on either side.
    fn most_shared(&self, demand: &RecordText, supply: &RecordText) -> Option<(usize, usize)> {
        let mut of_demand = vec![0_u32; demand.requirements.len()];
        let mut of_supply = vec![0_u32; supply.requirements.len()];
        let (mut i, mut j) = (0, 0);
        while i < demand.terms.len() && j < supply.terms.len() {
            let (term, other) = (demand.terms[i].term, supply.terms[j].term);
            if term < other {
                i += 1;
            } else if term > other {
                j += 1;
            } else {
                let weight = self.vocabulary.weight(term);
                while demand.terms.get(i).is_some_and(|held| held.term == term) {
                    of_demand[usize::from(demand.terms[i].requirement)] += weight;
                    i += 1;
                }
                while supply.terms.get(j).is_some_and(|held| held.term == term) {
                    of_supply[usize::from(supply.terms[j].requirement)] += weight;
                    j += 1;
                }
            }
        }
        for own in runs(&demand.standing) {
            let word = own[0].alias;
            if holds(supply, word) {
                continue;
            }
            for alternative in self.synonyms.alternatives(word) {
                let other = of_word(&supply.standing, alternative.alias);
                if other.is_empty() || holds(demand, alternative.alias) {
                    continue;
                }
                let weight = share(self.synonym_weight(word), alternative.weight);
                own.iter().for_each(|it| of_demand[it.passage as usize] += weight);
                other.iter().for_each(|it| of_supply[it.passage as usize] += weight);
            }
        }
        Some((heaviest(&of_demand)?, heaviest(&of_supply)?))
    }

    /// How telling a word of the list is: as much as its terms together.
    fn synonym_weight(&self, word: AliasId) -> u32 {
        let terms = self.synonyms.inside(word).iter();
        terms
            .filter_map(|term| self.vocabulary.ids.get(term))
            .map(|id| self.vocabulary.weight(*id))
            .sum()
    }

    /// The two requirements, one of each side, whose vectors are nearest.
    fn nearest(&self, demand: usize, supply: usize) -> Option<(usize, usize)> {
        let (rows, others) =
            (self.demand_vectors.requirements(), self.supply_vectors.requirements());
        let pairs = cosines(rows, demand, others, supply);
        let best = first_greatest(pairs.into_iter().filter(|&(.., cosine)| cosine > 0.0))?;
        Some((best.0, best.1))
    }

    /// The demand's best answered requirements, best first, each followed by the passage that
    /// answers it; all of the demand's before those of the supply, and no passage twice.
    fn answered(&self, demand: usize, supply: usize) -> Vec<(Side, usize)> {
        let (rows, others) = (self.demand_vectors.requirements(), self.supply_vectors.passages());
        let mut pairs = cosines(rows, demand, others, supply);
        pairs.retain(|&(.., cosine)| cosine > 0.0);
        let (mut requirements, mut passages) = (Vec::new(), Vec::new());
        while requirements.len() < QUOTED_REQUIREMENTS
            && let Some((requirement, passage, _)) = first_greatest(pairs.iter().copied())
        {
            requirements.push((Side::Demand, requirement));
            if !passages.contains(&(Side::Supply, passage)) {
                passages.push((Side::Supply, passage));
            }
            pairs.retain(|&(other, ..)| other != requirement);
        }
        requirements.extend(passages);
        requirements
    }
}

/// The dot products of all rows of a record with all rows of another, row by row.
fn cosines(
    rows: MultiVectorsView<'_>,
    record: usize,
    others: MultiVectorsView<'_>,
    other: usize,
) -> Vec<(usize, usize, f32)> {
    if record >= rows.n_records() || other >= others.n_records() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (a, row) in rows.range(record).enumerate() {
        for (b, other) in others.range(other).enumerate() {
            found.push((a, b, dot(rows.rows().row(row), others.rows().row(other))));
        }
    }
    found
}

/// The entry with the greatest cosine; the first of equal ones.
fn first_greatest(
    pairs: impl DoubleEndedIterator<Item = (usize, usize, f32)>,
) -> Option<(usize, usize, f32)> {
    pairs.rev().max_by(|a, b| a.2.total_cmp(&b.2))
}

/// The stretches of one word each.
fn runs(standing: &[Standing]) -> impl Iterator<Item = &[Standing]> {
    standing.chunk_by(|a, b| a.alias == b.alias)
}

/// Where a word stands.
fn of_word(standing: &[Standing], word: AliasId) -> &[Standing] {
    let start = standing.partition_point(|it| it.alias < word);
    let end = standing.partition_point(|it| it.alias <= word);
    &standing[start..end]
}

fn holds(text: &RecordText, word: AliasId) -> bool {
    !of_word(&text.standing, word).is_empty()
}

/// A share in `(0, 1]` of a weight, in whole numbers.
fn share(weight: u32, share: f32) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share between 0 and 1, in hundredths"
    )]
    let hundredths = (share * 100.0).round() as u32;
    weight * hundredths / 100
}

fn heaviest(weights: &[u32]) -> Option<usize> {
    let (at, &weight) = weights.iter().enumerate().rev().max_by_key(|(_, weight)| **weight)?;
    (weight > 0).then_some(at)
}

fn plain(part: Part, side: Side, field: QuoteField, text: String) -> Quote {
    Quote { part, side, field, start: 0, end: 0, text, synonyms: Vec::new() }
}

/// The deepest thing that both records' classifications or patent classes share.
fn common_field(demand: &Record, supply: &Record) -> Option<(String, String, QuoteField)> {
    let mut best: Option<(usize, String, String, QuoteField)> = None;
    let mut keep = |depth: usize, a: &str, b: &str, field| {
        if depth > best.as_ref().map_or(0, |(depth, ..)| *depth) {
            best = Some((depth, a.to_owned(), b.to_owned(), field));
        }
    };
    for a in &demand.codes {
        for b in &supply.codes {
            let depth = code_path(a).iter().zip(&code_path(b)).take_while(|(x, y)| x == y).count();
            keep(depth, a, b, QuoteField::Codes);
        }
    }
    for a in &demand.classification {
        for b in &supply.classification {
            // A leaf may stand alone on one side and below its group on the other.
            for (at, step) in a.iter().enumerate() {
                if let Some(same) = b.iter().find(|other| normalise(other) == normalise(step)) {
                    keep(at + 1, step, same, QuoteField::Classification);
                }
            }
        }
    }
    best.map(|(_, a, b, field)| (a, b, field))
}

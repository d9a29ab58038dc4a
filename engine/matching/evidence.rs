//! The passages of the two texts that support a pair's parts.
//!
//! Quotes are drawn when a pair is written, not when it is scored: millions of pairs are scored
//! and thousands are shown. Everything here is integer arithmetic, so the same passages are chosen
//! on every machine.

use std::collections::HashMap;
use std::ops::Range;

use super::field::code_path;
use crate::model::{Match, Part, Quote, QuoteField, Record, Side};
use crate::text::{Segmenter, normalise, sentences};

/// Passages of one record that are considered; later ones of a very long text are not quoted.
const MAX_PASSAGES: usize = 256;

/// A sentence of a record's title or body.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Passage {
    field: QuoteField,
    bytes: Range<u32>,
}

/// A record's sentences and which terms each holds.
#[derive(Debug, Clone, Default)]
pub struct RecordText {
    passages: Vec<Passage>,
    /// (term, passage), ascending, without repetition.
    terms: Vec<(u32, u32)>,
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
    pub fn read(&mut self, records: &[Record], segmenter: &Segmenter) -> Vec<RecordText> {
        use rayon::prelude::*;

        // Segmenting is most of the work and needs no order; numbering the terms does.
        const BATCH: usize = 4_096;
        let mut texts = Vec::with_capacity(records.len());
        for batch in records.chunks(BATCH) {
            let read: Vec<Split> =
                batch.par_iter().map(|record| split(record, segmenter)).collect();
            for (passages, terms) in read {
                let mut terms: Vec<(u32, u32)> = terms
                    .into_iter()
                    .map(|(term, passage)| {
                        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
                        (*self.ids.entry(term).or_insert(next), passage)
                    })
                    .collect();
                terms.sort_unstable();
                terms.dedup();
                self.n_holding.resize(self.ids.len(), 0);
                let mut last = None;
                for &(term, _) in &terms {
                    if last != Some(term) {
                        self.n_holding[term as usize] += 1;
                        last = Some(term);
                    }
                }
                self.n_records += 1;
                terms.shrink_to_fit();
                texts.push(RecordText { passages, terms });
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

/// A record's passages, and its terms with the passage of each.
type Split = (Vec<Passage>, Vec<(String, u32)>);

fn split(record: &Record, segmenter: &Segmenter) -> Split {
    let mut passages = Vec::new();
    let mut terms = Vec::new();
    for (field, text) in [(QuoteField::Title, &record.title), (QuoteField::Body, &record.body)] {
        for range in sentences(text) {
            if passages.len() == MAX_PASSAGES {
                break;
            }
            let place = u32::try_from(passages.len()).unwrap_or(u32::MAX);
            // Single characters match everywhere and prove nothing.
            terms.extend(
                segmenter
                    .tokens(&text[range.clone()])
                    .into_iter()
                    .filter(|token| token.text.chars().nth(1).is_some())
                    .map(|token| (token.text, place)),
            );
            let (Ok(start), Ok(end)) = (u32::try_from(range.start), u32::try_from(range.end))
            else {
                break;
            };
            passages.push(Passage { field, bytes: start..end });
        }
    }
    (passages, terms)
}

impl RecordText {
    /// The passages' texts, in order, as they are to be embedded.
    pub fn passages<'a>(&self, record: &'a Record) -> impl Iterator<Item = &'a str> {
        self.passages.iter().map(|passage| passage.of(record))
    }

    /// How many passages there are.
    #[must_use]
    pub fn n_passages(&self) -> usize {
        self.passages.len()
    }
}

impl Passage {
    fn of<'a>(&self, record: &'a Record) -> &'a str {
        let text = match self.field {
            QuoteField::Title => &record.title,
            _ => &record.body,
        };
        &text[self.bytes.start as usize..self.bytes.end as usize]
    }

    fn quote(&self, part: Part, side: Side, record: &Record) -> Quote {
        let text = self.of(record);
        let whole = if self.field == QuoteField::Title { &record.title } else { &record.body };
        let start = whole[..self.bytes.start as usize].chars().count();
        let end = start + text.chars().count();
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Quote {
            part,
            side,
            field: self.field,
            start: place(start),
            end: place(end),
            text: text.to_owned(),
        }
    }
}

/// Embeddings of passages in 8-bit integers, each row with its own scale.
///
/// Good enough to say which two sentences are nearest; no score is made of them.
#[derive(Debug, Clone, Default)]
pub struct PassageVectors {
    dim: usize,
    rows: Vec<i8>,
    scales: Vec<f32>,
    /// First row of each record, and one past the last.
    starts: Vec<u32>,
}

impl PassageVectors {
    /// An empty table for vectors of `dim` numbers.
    #[must_use]
    pub fn new(dim: usize) -> Self {
        Self { dim, rows: Vec::new(), scales: Vec::new(), starts: vec![0] }
    }

    /// Adds one record's passages: `vectors` holds its rows, one after another, `[n, dim]`.
    ///
    /// A row of zeros or with a number that is not finite is never nearest to anything.
    pub fn push_record(&mut self, vectors: &[f32]) {
        for row in vectors.chunks_exact(self.dim.max(1)) {
            let largest = row.iter().fold(0.0_f32, |m, x| m.max(x.abs()));
            let scale = if largest.is_finite() { largest / 127.0 } else { 0.0 };
            self.scales.push(scale);
            #[expect(clippy::cast_possible_truncation, reason = "within ±127 by the scale")]
            self.rows.extend(
                row.iter().map(|x| if scale > 0.0 { (x / scale).round() as i8 } else { 0 }),
            );
        }
        self.starts.push(u32::try_from(self.scales.len()).unwrap_or(u32::MAX));
    }

    fn rows_of(&self, record: usize) -> Range<usize> {
        match (self.starts.get(record), self.starts.get(record + 1)) {
            (Some(&start), Some(&end)) => start as usize..end as usize,
            _ => 0..0,
        }
    }

    fn row(&self, row: usize) -> &[i8] {
        &self.rows[row * self.dim..(row + 1) * self.dim]
    }
}

fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

/// Everything that quotes are drawn from.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// All terms.
    pub vocabulary: Vocabulary,
    /// One per demand.
    pub demands: Vec<RecordText>,
    /// One per supply.
    pub supplies: Vec<RecordText>,
    /// Vectors of the demands' passages.
    pub demand_passages: PassageVectors,
    /// Vectors of the supplies' passages.
    pub supply_passages: PassageVectors,
}

impl Evidence {
    /// Draws the quotes of a pair, in the order of [`Part::ALL`], the demand's before the supply's.
    ///
    /// - lexical: on each side the sentence with the most telling shared terms;
    /// - dense: the two sentences whose vectors are nearest;
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
            quotes.push(demand_text.passages[a].quote(Part::Lexical, Side::Demand, demand));
            quotes.push(supply_text.passages[b].quote(Part::Lexical, Side::Supply, supply));
        }
        if present(Part::Dense)
            && let Some((a, b)) = self.nearest(d, s)
            && let (Some(a), Some(b)) = (demand_text.passages.get(a), supply_text.passages.get(b))
        {
            quotes.push(a.quote(Part::Dense, Side::Demand, demand));
            quotes.push(b.quote(Part::Dense, Side::Supply, supply));
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
        let mut of_demand = vec![0_u32; demand.passages.len()];
        let mut of_supply = vec![0_u32; supply.passages.len()];
        let (mut i, mut j) = (0, 0);
        while i < demand.terms.len() && j < supply.terms.len() {
            let (term, other) = (demand.terms[i].0, supply.terms[j].0);
            if term < other {
                i += 1;
            } else if term > other {
                j += 1;
            } else {
                let weight = self.vocabulary.weight(term);
                while demand.terms.get(i).is_some_and(|t| t.0 == term) {
                    of_demand[demand.terms[i].1 as usize] += weight;
                    i += 1;
                }
                while supply.terms.get(j).is_some_and(|t| t.0 == term) {
                    of_supply[supply.terms[j].1 as usize] += weight;
                    j += 1;
                }
            }
        }
        Some((heaviest(&of_demand)?, heaviest(&of_supply)?))
    }

    /// The two passages whose vectors are nearest.
    fn nearest(&self, demand: usize, supply: usize) -> Option<(usize, usize)> {
        let (rows, others) =
            (self.demand_passages.rows_of(demand), self.supply_passages.rows_of(supply));
        let (first, other_first) = (rows.start, others.start);
        let mut best: Option<(f32, usize, usize)> = None;
        for a in rows {
            let scale = self.demand_passages.scales[a];
            let row = self.demand_passages.row(a);
            for b in others.clone() {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a dot product of 8-bit rows; only its order matters"
                )]
                let score = dot(row, self.supply_passages.row(b)) as f32
                    * (scale * self.supply_passages.scales[b]);
                if score > best.map_or(0.0, |(score, ..)| score) {
                    best = Some((score, a - first, b - other_first));
                }
            }
        }
        best.map(|(_, a, b)| (a, b))
    }
}

fn heaviest(weights: &[u32]) -> Option<usize> {
    let (at, &weight) = weights.iter().enumerate().rev().max_by_key(|(_, weight)| **weight)?;
    (weight > 0).then_some(at)
}

fn plain(part: Part, side: Side, field: QuoteField, text: String) -> Quote {
    Quote { part, side, field, start: 0, end: 0, text }
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

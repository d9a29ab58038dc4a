//! What every term is worth in every record: BM25, taken apart into postings.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use tantivy::fieldnorm::FieldNormReader;

use super::expansion::{Expansion, Inner};
use super::occurrences::Holding;
use super::telling::TellingBuilder;
use super::terms::{Found, N_ROLES, N_SCORED, Role};
use super::{IndexError, LexicalScorer, SelfScores};
use crate::text::{AliasId, Synonyms};

/// Saturation of repeated terms; the value of tantivy and Lucene.
const K1: f32 = 1.2;

/// Weight of the length of a text; the value of tantivy and Lucene.
const B: f32 = 0.75;

/// How much a term counts in the title and in the body of a document. Equal: raising the title
/// to two gave nDCG@10 .531 instead of .535 (see [`query_weight`]).
const BOOSTS: [f32; N_SCORED] = [1.0, 1.0];

/// How many occurrences in the body one in the title of the asking record is worth.
const TITLE_OCCURRENCES: f32 = 3.0;

/// How much a term counts that stands `[in title, in body]` so often in the asking record.
///
/// Linear in the count, the title three times. Chosen by nDCG@10 over the judged documents of 159
/// graded records of real lists, both directions pooled: .535; title once .521, saturated counts
/// `9 tf / (tf + 8)` .524, every term once .421.
fn query_weight(tfs: [u32; N_SCORED]) -> f32 {
    let [title, body] = tfs;
    TITLE_OCCURRENCES * title as f32 + body as f32
}

/// BM25 as the document side's statistics make it.
pub(super) struct Model {
    n_documents: u64,
    /// `K1 · (1 − B + B · length / average length)` for every quantised length, per field.
    length_parts: [Vec<f32>; N_SCORED],
    /// Quantised length of every document, per field.
    norm_ids: Arc<[Vec<u8>; N_SCORED]>,
}

impl Model {
    /// From all terms of each field and the number of documents that the statistics count, and the
    /// quantised lengths of the documents that are searched.
    pub(super) fn new(
        n_terms: [u64; N_SCORED],
        n_documents: usize,
        norm_ids: Arc<[Vec<u8>; N_SCORED]>,
    ) -> Self {
        let length_parts = n_terms.map(|n_terms| {
            // Where the side is empty or has no text in this field, no length matters.
            let average = if n_terms == 0 { 1.0 } else { n_terms as f32 / n_documents as f32 };
            (0..=u8::MAX)
                .map(|id| {
                    let length = FieldNormReader::id_to_fieldnorm(id) as f32;
                    K1 * (1.0 - B + B * length / average)
                })
                .collect()
        });
        Self { n_documents: n_documents as u64, length_parts, norm_ids }
    }

    /// Quantised length of every document, per field.
    pub(super) fn norm_ids(&self) -> &[Vec<u8>; N_SCORED] {
        &self.norm_ids
    }

    /// What a term is worth in a field in which `doc_freq` documents have it.
    pub(super) fn weight(&self, field: usize, doc_freq: u64) -> f32 {
        BOOSTS[field] * (worth(self.n_documents, doc_freq) * (1.0 + K1))
    }

    /// The share of a term's worth that `tf` occurrences in a field of this length earn.
    pub(super) fn share(&self, field: usize, norm_id: u8, tf: u32) -> f32 {
        let tf = tf as f32;
        tf / (tf + self.length_parts[field][usize::from(norm_id)])
    }
}

/// The idf of a term that `doc_freq` of `n_documents` documents have: `ln(1 + (N − n + ½) / (n + ½))`.
pub(super) fn worth(n_documents: u64, doc_freq: u64) -> f32 {
    let n = n_documents.max(doc_freq);
    let odds = ((n - doc_freq) as f32 + 0.5) / (doc_freq as f32 + 0.5);
    ln(1.0 + odds)
}

/// The natural logarithm of a finite number from 1, the same bits on every machine.
///
/// A platform's own logarithm may differ in its last bit, and scores are made of this one. With
/// x = m·2ᵉ and m within √2 of 1: ln x = e·ln 2 + 2·artanh((m−1)/(m+1)), the series to a power at
/// which its terms vanish in `f64`, rounded to `f32` at the end.
fn ln(x: f32) -> f32 {
    const EXPONENT: u64 = 0x7FF << 52;
    let bits = f64::from(x).to_bits();
    let mut exponent = ((bits & EXPONENT) >> 52) as i32 - 1023;
    let mut mantissa = f64::from_bits((bits & !EXPONENT) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    // t² is below 0.03, so that the 13th term is below 2⁻⁶⁰.
    let series = (0..13).rev().fold(0.0, |sum, k| sum * square + 1.0 / f64::from(2 * k + 1));
    #[expect(clippy::cast_possible_truncation, reason = "rounded to the precision of scores")]
    let rounded = (f64::from(exponent) * std::f64::consts::LN_2 + 2.0 * t * series) as f32;
    rounded
}

/// Collects a [`LexicalScorer`] term by term.
pub(super) struct Builder {
    model: Model,
    /// Quantised length of every query, per field.
    query_norm_ids: Arc<[Vec<u8>; N_SCORED]>,
    /// Whose places count documents.
    statistics: Role,
    wanted: SelfScores,
    n_documents: usize,
    offsets: Vec<usize>,
    rows: Vec<u32>,
    impacts: Vec<f32>,
    /// Query row, shared term, weight; in the order of terms.
    query_terms: Vec<(u32, u32, f32)>,
    self_scores: Vec<f32>,
    telling: TellingBuilder,
    /// Terms inside the words of the list of synonyms.
    inner: HashMap<Vec<u8>, Inner>,
    /// The postings of the term at hand.
    documents: Vec<(u32, f32)>,
    queries: Vec<(u32, [u32; N_SCORED])>,
}

impl Builder {
    /// Begins with what the document side's statistics make, the quantised lengths of the queries,
    /// whose places count documents, and the words that may stand for others.
    pub(super) fn new(
        model: Model,
        query_norm_ids: Arc<[Vec<u8>; N_SCORED]>,
        statistics: Role,
        self_scores: SelfScores,
        synonyms: &Synonyms,
    ) -> Self {
        let inside = synonyms.ids().flat_map(|word| synonyms.inside(word));
        let n_queries = query_norm_ids[0].len();
        Self {
            inner: inside.map(|term| (term.as_bytes().to_vec(), Inner::default())).collect(),
            n_documents: model.norm_ids[0].len(),
            self_scores: vec![0.0; n_queries],
            model,
            query_norm_ids,
            statistics,
            wanted: self_scores,
            offsets: vec![0],
            rows: Vec::new(),
            impacts: Vec::new(),
            query_terms: Vec::new(),
            telling: TellingBuilder::new(n_queries),
            documents: Vec::new(),
            queries: Vec::new(),
        }
    }

    /// Takes in one term with all places that hold it.
    pub(super) fn term(&mut self, term: &[u8], found: &[Found<'_>]) -> Result<(), IndexError> {
        let mut doc_freqs = [0; N_SCORED];
        for place in found.iter().filter(|place| place.source.role == self.statistics) {
            doc_freqs[place.source.field] += place.doc_freq();
        }
        let weights: [f32; N_SCORED] =
            std::array::from_fn(|field| self.model.weight(field, doc_freqs[field]));
        if let Some(inner) = self.inner.get_mut(term) {
            inner.worth = weights;
        }
        let searched = found.iter().any(|place| place.source.role == Role::Document);
        if !searched && self.wanted == SelfScores::Unknown {
            return Ok(());
        }
        self.read_queries(found)?;
        if self.queries.is_empty() {
            return Ok(());
        }
        let mut inner = self.inner.get_mut(term);
        for (query, tfs) in &self.queries {
            let own: f32 = (0..N_SCORED)
                .map(|field| {
                    let norm_id = self.query_norm_ids[field][*query as usize];
                    weights[field] * self.model.share(field, norm_id, tfs[field])
                })
                .sum();
            self.self_scores[*query as usize] += query_weight(*tfs) * own;
            if let Some(inner) = &mut inner {
                inner.own.push((*query, own));
            }
        }
        self.read_documents(found, weights)?;
        let shared = u32::try_from(self.offsets.len() - 1).ok();
        if self.wanted == SelfScores::Known {
            let n_holding = self.n_holding(found)?;
            self.telling.term(
                term,
                (self.model.n_documents, n_holding),
                shared.filter(|_| !self.documents.is_empty()),
                self.queries.iter().map(|&(query, [in_title, _])| (query, in_title > 0)),
            );
        }
        if self.documents.is_empty() {
            return Ok(());
        }
        if let Some(inner) = self.inner.get_mut(term) {
            inner.shared = shared;
        }
        self.add_postings()
    }

    /// How many records of the statistics hold the term, in any field.
    fn n_holding(&self, found: &[Found<'_>]) -> Result<u64, IndexError> {
        if self.statistics == Role::Document {
            return Ok(self.documents.len() as u64);
        }
        let mut holding = Vec::new();
        for place in found.iter().filter(|place| place.source.role == self.statistics) {
            place.for_each(|row, _| holding.push(row))?;
        }
        holding.sort_unstable();
        holding.dedup();
        Ok(holding.len() as u64)
    }

    /// Keeps the postings and queries at hand as those of the next shared term.
    fn add_postings(&mut self) -> Result<(), IndexError> {
        let term = u32::try_from(self.offsets.len() - 1)
            .map_err(|_| IndexError::TooMany { n_records: self.offsets.len() })?;
        for &(query, tfs) in &self.queries {
            self.query_terms.push((query, term, query_weight(tfs)));
        }
        self.rows.extend(self.documents.iter().map(|&(row, _)| row));
        self.impacts.extend(self.documents.iter().map(|&(_, impact)| impact));
        self.offsets.push(self.rows.len());
        Ok(())
    }

    /// The queries that hold the term, by row, with their counts.
    fn read_queries(&mut self, found: &[Found<'_>]) -> Result<(), IndexError> {
        self.queries.clear();
        for place in found.iter().filter(|place| place.source.role == Role::Query) {
            place.for_each(|row, tf| {
                let mut tfs = [0; N_SCORED];
                tfs[place.source.field] = tf;
                self.queries.push((row, tfs));
            })?;
        }
        self.queries.sort_unstable_by_key(|&(row, _)| row);
        self.queries.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                (0..N_SCORED).for_each(|field| kept.1[field] += next.1[field]);
            }
            same
        });
        Ok(())
    }

    /// The documents that hold the term, by row, with what it is worth in them.
    fn read_documents(
        &mut self,
        found: &[Found<'_>],
        weights: [f32; N_SCORED],
    ) -> Result<(), IndexError> {
        self.documents.clear();
        // Field by field, so that sums over fields have one order whatever the segments.
        for (field, weight) in weights.into_iter().enumerate() {
            let places = found
                .iter()
                .filter(|place| place.source.role == Role::Document && place.source.field == field);
            for place in places {
                place.for_each(|row, tf| {
                    let norm_id = self.model.norm_ids[field][row as usize];
                    let impact = weight * self.model.share(field, norm_id, tf);
                    // In an index of some ten million records the idf of a term that all have
                    // rounds to zero; such a posting says nothing.
                    if impact > 0.0 {
                        self.documents.push((row, impact));
                    }
                })?;
            }
        }
        self.documents.sort_by_key(|&(row, _)| row);
        self.documents.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Ok(())
    }

    /// Adds what is earned by synonyms, one more term for every word of the list that queries
    /// hold, given the records in each role that hold each word.
    pub(super) fn expand(
        &mut self,
        synonyms: &Synonyms,
        holding: &[Vec<Vec<Holding>>; N_ROLES],
    ) -> Result<(), IndexError> {
        let expansion = Expansion {
            synonyms,
            model: &self.model,
            query_norm_ids: &self.query_norm_ids,
            inner: &self.inner,
            offsets: &self.offsets,
            rows: &self.rows,
            impacts: &self.impacts,
            holding,
            statistics: self.statistics,
        };
        let words: Vec<AliasId> = synonyms.ids().collect();
        let earned: Vec<_> = words.into_par_iter().map(|word| expansion.earned(word)).collect();
        for word in earned {
            self.queries.clear();
            for (query, counts, own) in word.queries {
                self.self_scores[query as usize] += query_weight(counts) * own;
                self.queries.push((query, counts));
            }
            self.documents = word.documents;
            if !self.documents.is_empty() {
                self.add_postings()?;
            }
        }
        Ok(())
    }

    /// Turns the queries' terms around: from by term to by query.
    pub(super) fn finish(self) -> LexicalScorer {
        let mut query_offsets = vec![0; self.self_scores.len() + 1];
        for &(query, _, _) in &self.query_terms {
            query_offsets[query as usize + 1] += 1;
        }
        for query in 1..query_offsets.len() {
            query_offsets[query] += query_offsets[query - 1];
        }
        let mut next = query_offsets.clone();
        let mut query_terms = vec![(0, 0.0); self.query_terms.len()];
        for (query, term, weight) in self.query_terms {
            let place = &mut next[query as usize];
            query_terms[*place] = (term, weight);
            *place += 1;
        }
        let unknown = self.wanted == SelfScores::Unknown;
        LexicalScorer {
            n_documents: self.n_documents,
            offsets: self.offsets,
            rows: self.rows,
            impacts: self.impacts,
            query_offsets,
            query_terms,
            self_scores: if unknown { vec![0.0; self.self_scores.len()] } else { self.self_scores },
            telling: self.telling.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn the_logarithm_is_the_platforms_to_a_rounding_unit() {
        assert_eq!(ln(1.0), 0.0);
        let mut x = 1.0_f32;
        while x < 1e9 {
            let (ours, theirs) = (ln(x), f64::from(x).ln());
            assert!((f64::from(ours) - theirs).abs() <= theirs * 6e-8, "{x}: {ours} {theirs}");
            x *= 1.0173;
        }
    }
}

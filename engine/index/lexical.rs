//! BM25 of every record of one side against every record of the other.
//!
//! Both term dictionaries are read once; the postings of terms that both sides know are kept with
//! their finished contributions (*impacts*). A query is then a short list of weighted terms, and
//! scoring it adds postings up term by term, in dictionary order: the sums are the same for any
//! number of threads and any segmentation of the indexes.

use rayon::prelude::*;
use tantivy::fieldnorm::FieldNormReader;

use super::terms::{self, FieldLengths, Found, N_SCORED, Role};
use super::{IndexError, SideIndex};
use crate::kernel::Hit;

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

/// Scores all records of one side against all of the other.
///
/// The score is BM25 (Robertson and Zaragoza 2009, in the form of Lucene and tantivy: `k1` 1.2,
/// `b` 0.75, idf `ln(1 + (N − n + ½) / (n + ½))`, lengths quantised to one byte), summed over the
/// fields title and body and over the terms of the asking record.
pub struct LexicalScorer {
    n_documents: usize,
    /// Postings of shared term `t` are `offsets[t] .. offsets[t + 1]`; ascending by row.
    offsets: Vec<usize>,
    /// `[n_postings]` row of the document.
    rows: Vec<u32>,
    /// `[n_postings]` contribution for a query weight of one; positive.
    impacts: Vec<f32>,
    /// Terms of query `q` are `query_offsets[q] .. query_offsets[q + 1]`; ascending by term.
    query_offsets: Vec<usize>,
    /// `[n_query_terms]` shared term and its weight in the query.
    query_terms: Vec<(u32, f32)>,
    /// `[n_queries]`
    self_scores: Vec<f32>,
}

/// Memory that scoring reuses between queries, one per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// `[n_documents]`, all zero between calls.
    scores: Vec<f32>,
    /// Rows with a score.
    touched: Vec<u32>,
}

impl LexicalScorer {
    /// Reads what scoring `queries` against `documents` needs.
    ///
    /// Takes 8 bytes per posting of a shared term and 8 per distinct term of a query.
    ///
    /// # Errors
    /// [`IndexError::Engine`] when an index cannot be read.
    pub fn new(queries: &SideIndex, documents: &SideIndex) -> Result<Self, IndexError> {
        let query_lengths = terms::lengths(queries)?;
        let model = Model::new(&terms::lengths(documents)?, documents.n_records());
        let mut builder = Builder::new(queries.n_records(), model, query_lengths);
        terms::walk(queries, documents, |found| builder.term(found))?;
        Ok(builder.finish(documents.n_records()))
    }

    /// How many records ask.
    #[must_use]
    pub fn n_queries(&self) -> usize {
        self.self_scores.len()
    }

    /// How many records are searched.
    #[must_use]
    pub const fn n_documents(&self) -> usize {
        self.n_documents
    }

    /// The `n` best documents for a query: score descending, then row ascending; only those that
    /// share a term with it.
    ///
    /// # Panics
    /// When `query_row` is not below [`n_queries`](Self::n_queries).
    pub fn top_n(&self, query_row: u32, n: usize, scratch: &mut Scratch) -> Vec<Hit> {
        if n == 0 {
            return Vec::new();
        }
        self.accumulate(query_row, scratch);
        let mut best: Vec<Hit> = Vec::new();
        // Twice `n` hits are gathered before the worse half is thrown away.
        let room = n.saturating_mul(2);
        let mut least = 0.0;
        for &document in &scratch.touched {
            let score = std::mem::take(&mut scratch.scores[document as usize]);
            if score >= least {
                best.push(Hit { document, score });
                if best.len() >= room {
                    best.select_nth_unstable_by(n - 1, better);
                    best.truncate(n);
                    least = best[n - 1].score;
                }
            }
        }
        scratch.touched.clear();
        best.sort_unstable_by(better);
        best.truncate(n);
        best
    }

    /// The scores of the given documents for a query, in the order given; 0 where no term is
    /// shared or there is no such document.
    ///
    /// # Panics
    /// When `query_row` is not below [`n_queries`](Self::n_queries).
    pub fn score(&self, query_row: u32, documents: &[u32], scratch: &mut Scratch) -> Vec<f32> {
        self.accumulate(query_row, scratch);
        let score = |&document: &u32| scratch.scores.get(document as usize).copied();
        let scores = documents.iter().map(|document| score(document).unwrap_or(0.0)).collect();
        for document in scratch.touched.drain(..) {
            scratch.scores[document as usize] = 0.0;
        }
        scores
    }

    /// The score that a query would have for itself, were it one of the documents: its own counts
    /// and lengths, the documents' idf, and terms that no document has included.
    ///
    /// A document that is longer or repeats terms more can score higher, by rare exception.
    ///
    /// # Panics
    /// When `query_row` is not below [`n_queries`](Self::n_queries).
    #[must_use]
    pub fn self_score(&self, query_row: u32) -> f32 {
        self.self_scores[query_row as usize]
    }

    /// [`top_n`](Self::top_n) of every query, in query order, on all threads of the current pool.
    ///
    /// `on_progress` is told of finished queries, from any thread.
    pub fn all_top_n(&self, n: usize, on_progress: &(dyn Fn(u64) + Sync)) -> Vec<Vec<Hit>> {
        // Query rows were counted in 32 bits when their index was built.
        let n_queries = u32::try_from(self.n_queries()).unwrap_or(u32::MAX);
        (0..n_queries)
            .into_par_iter()
            .map_init(Scratch::default, |scratch, query| {
                let hits = self.top_n(query, n, scratch);
                on_progress(1);
                hits
            })
            .collect()
    }

    /// Adds up the postings of a query's terms.
    fn accumulate(&self, query_row: u32, scratch: &mut Scratch) {
        let query = query_row as usize;
        if scratch.scores.len() < self.n_documents {
            scratch.scores.resize(self.n_documents, 0.0);
        }
        for &(term, weight) in
            &self.query_terms[self.query_offsets[query]..self.query_offsets[query + 1]]
        {
            let postings = self.offsets[term as usize]..self.offsets[term as usize + 1];
            for (&row, &impact) in self.rows[postings.clone()].iter().zip(&self.impacts[postings]) {
                let score = &mut scratch.scores[row as usize];
                // Impacts and weights are positive, so zero means not seen yet.
                if *score == 0.0 {
                    scratch.touched.push(row);
                }
                *score += weight * impact;
            }
        }
    }
}

/// Score descending, then row ascending. Scores are sums of finite positive numbers.
fn better(a: &Hit, b: &Hit) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then(a.document.cmp(&b.document))
}

/// BM25 as the document side's statistics make it.
struct Model {
    n_documents: u64,
    /// `K1 · (1 − B + B · length / average length)` for every quantised length, per field.
    length_parts: [Vec<f32>; N_SCORED],
    /// Quantised length of every document, per field.
    norm_ids: [Vec<u8>; N_SCORED],
}

impl Model {
    fn new(lengths: &[FieldLengths; N_SCORED], n_documents: usize) -> Self {
        let length_parts = lengths.each_ref().map(|field| {
            // Where the side is empty or has no text in this field, no length matters.
            let average =
                if field.n_terms == 0 { 1.0 } else { field.n_terms as f32 / n_documents as f32 };
            (0..=u8::MAX)
                .map(|id| {
                    let length = FieldNormReader::id_to_fieldnorm(id) as f32;
                    K1 * (1.0 - B + B * length / average)
                })
                .collect()
        });
        let norm_ids = lengths.each_ref().map(|field| field.norm_ids.clone());
        Self { n_documents: n_documents as u64, length_parts, norm_ids }
    }

    /// What a term is worth in a field in which `doc_freq` documents have it.
    fn weight(&self, field: usize, doc_freq: u64) -> f32 {
        let n = self.n_documents.max(doc_freq);
        let odds = ((n - doc_freq) as f32 + 0.5) / (doc_freq as f32 + 0.5);
        BOOSTS[field] * ((1.0 + odds).ln() * (1.0 + K1))
    }

    /// The share of a term's worth that `tf` occurrences in a field of this length earn.
    fn share(&self, field: usize, norm_id: u8, tf: u32) -> f32 {
        let tf = tf as f32;
        tf / (tf + self.length_parts[field][usize::from(norm_id)])
    }
}

/// Collects a [`LexicalScorer`] term by term.
struct Builder {
    model: Model,
    query_norm_ids: [Vec<u8>; N_SCORED],
    offsets: Vec<usize>,
    rows: Vec<u32>,
    impacts: Vec<f32>,
    /// Query row, shared term, weight; in the order of terms.
    query_terms: Vec<(u32, u32, f32)>,
    self_scores: Vec<f32>,
    /// The postings of the term at hand.
    documents: Vec<(u32, f32)>,
    queries: Vec<(u32, [u32; N_SCORED])>,
}

impl Builder {
    fn new(n_queries: usize, model: Model, lengths: [FieldLengths; N_SCORED]) -> Self {
        Self {
            model,
            query_norm_ids: lengths.map(|field| field.norm_ids),
            offsets: vec![0],
            rows: Vec::new(),
            impacts: Vec::new(),
            query_terms: Vec::new(),
            self_scores: vec![0.0; n_queries],
            documents: Vec::new(),
            queries: Vec::new(),
        }
    }

    /// Takes in one term with all places that hold it.
    fn term(&mut self, found: &[Found<'_>]) -> Result<(), IndexError> {
        self.read_queries(found)?;
        if self.queries.is_empty() {
            return Ok(());
        }
        let mut doc_freqs = [0; N_SCORED];
        for place in found.iter().filter(|place| place.source.role == Role::Document) {
            doc_freqs[place.source.field] += place.doc_freq();
        }
        let weights: [f32; N_SCORED] =
            std::array::from_fn(|field| self.model.weight(field, doc_freqs[field]));
        for (query, tfs) in &self.queries {
            let own: f32 = (0..N_SCORED)
                .map(|field| {
                    let norm_id = self.query_norm_ids[field][*query as usize];
                    weights[field] * self.model.share(field, norm_id, tfs[field])
                })
                .sum();
            self.self_scores[*query as usize] += query_weight(*tfs) * own;
        }
        self.read_documents(found, weights)?;
        if self.documents.is_empty() {
            return Ok(());
        }
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

    /// Turns the queries' terms around: from by term to by query.
    fn finish(self, n_documents: usize) -> LexicalScorer {
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
        LexicalScorer {
            n_documents,
            offsets: self.offsets,
            rows: self.rows,
            impacts: self.impacts,
            query_offsets,
            query_terms,
            self_scores: self.self_scores,
        }
    }
}

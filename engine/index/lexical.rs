//! BM25 of every record of one side against every record of the other.
//!
//! Both term dictionaries are read once; the postings of terms that both sides know are kept with
//! their finished contributions (*impacts*). A query is then a short list of weighted terms, and
//! scoring it adds postings up term by term, in dictionary order: the sums are the same for any
//! number of threads and any segmentation of the indexes.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::impacts::{Builder, Model};
use super::occurrences::Occurrences;
use super::telling::Telling;
use super::terms::{Found, Role};
use super::{IndexError, LayeredSide, SideIndex, terms};
use crate::kernel::{Hit, RowSet};
use crate::text::{AliasId, Synonyms};

/// Scores all records of one side against all of the other.
///
/// The score is BM25 (Robertson and Zaragoza 2009, in the form of Lucene and tantivy: `k1` 1.2,
/// `b` 0.75, idf `ln(1 + (N − n + ½) / (n + ½))`, lengths quantised to one byte), summed over the
/// fields title and body and over the terms of the asking record. Synonyms of its words count too,
/// where a list of them is given.
pub struct LexicalScorer {
    pub(super) n_documents: usize,
    /// Postings of shared term `t` are `offsets[t] .. offsets[t + 1]`; ascending by row.
    pub(super) offsets: Vec<usize>,
    /// `[n_postings]` row of the document.
    pub(super) rows: Vec<u32>,
    /// `[n_postings]` contribution for a query weight of one; positive.
    pub(super) impacts: Vec<f32>,
    /// Terms of query `q` are `query_offsets[q] .. query_offsets[q + 1]`; ascending by term.
    pub(super) query_offsets: Vec<usize>,
    /// `[n_query_terms]` shared term and its weight in the query.
    pub(super) query_terms: Vec<(u32, f32)>,
    /// `[n_queries]`
    pub(super) self_scores: Vec<f32>,
    pub(super) telling: Telling,
}

/// Whether a scorer knows what each asking record would score for itself, and its telling words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfScores {
    /// It does.
    Known,
    /// It does not: [`LexicalScorer::self_score`] gives 0, [`LexicalScorer::telling_share`] `None`.
    Unknown,
}

/// Memory that scoring reuses between queries, one per thread.
#[derive(Debug, Default)]
pub struct Scratch {
    /// `[n_documents]`, all zero between calls.
    scores: Vec<f32>,
    /// Rows with a score.
    touched: Vec<u32>,
}

impl Scratch {
    fn make_room(&mut self, n_documents: usize) {
        if self.scores.len() < n_documents {
            self.scores.resize(n_documents, 0.0);
        }
    }

    /// Adds to a row's score; what is added is positive, so zero means not seen yet.
    fn add(&mut self, row: u32, more: f32) {
        let score = &mut self.scores[row as usize];
        if *score == 0.0 {
            self.touched.push(row);
        }
        *score += more;
    }

    /// The scores of these documents, 0 where there is none; all are zero afterwards.
    fn take(&mut self, documents: &[u32]) -> Vec<f32> {
        let score = |&document: &u32| self.scores.get(document as usize).copied().unwrap_or(0.0);
        let scores = documents.iter().map(score).collect();
        for document in self.touched.drain(..) {
            self.scores[document as usize] = 0.0;
        }
        scores
    }
}

impl LexicalScorer {
    /// Reads what scoring `queries` against `documents` needs.
    ///
    /// Takes 8 bytes per posting of a shared term and 8 per distinct term of a query.
    ///
    /// # Errors
    /// [`IndexError::Engine`] when an index cannot be read.
    pub fn new(queries: &SideIndex, documents: &SideIndex) -> Result<Self, IndexError> {
        Self::with_synonyms(queries, documents, &Synonyms::default())
    }

    /// The same, where words may stand for others: a document that holds a synonym of a query's
    /// word earns part of what the word itself would earn (`expansion.rs` has the formula).
    ///
    /// # Errors
    /// [`IndexError::Engine`] when an index cannot be read.
    pub fn with_synonyms(
        queries: &SideIndex,
        documents: &SideIndex,
        synonyms: &Synonyms,
    ) -> Result<Self, IndexError> {
        let (queries, documents) = (LayeredSide::whole(queries), LayeredSide::whole(documents));
        let [statistics] = documents.layers() else { unreachable!("one index is one layer") };
        Self::over(&queries, &documents, &statistics.index, synonyms, SelfScores::Known)
    }

    /// The same over sides in layers, with the statistics of words (how many documents there are,
    /// how long, and how many hold a term) taken from an index of the document side as it was at
    /// some time. A term that was unknown then is as rare as can be.
    ///
    /// Without self-scores, which only the asking side's own words decide, terms that no document
    /// holds are passed over: the quick way where few documents are searched.
    ///
    /// # Errors
    /// [`IndexError::Engine`] when an index cannot be read.
    pub fn over(
        queries: &LayeredSide,
        documents: &LayeredSide,
        statistics: &SideIndex,
        synonyms: &Synonyms,
        self_scores: SelfScores,
    ) -> Result<Self, IndexError> {
        Self::gather(queries, documents, statistics, synonyms, self_scores, None)
    }

    /// The same scorer, bit by bit, for a few asking records: their terms are looked up instead of
    /// reading past all terms of the document side.
    ///
    /// # Errors
    /// [`IndexError::Engine`] when an index cannot be read.
    pub fn for_few(
        queries: &LayeredSide,
        documents: &LayeredSide,
        statistics: &SideIndex,
        synonyms: &Synonyms,
    ) -> Result<Self, IndexError> {
        let others = synonym_terms(queries, synonyms)?;
        Self::gather(queries, documents, statistics, synonyms, SelfScores::Known, Some(others))
    }

    fn gather(
        queries: &LayeredSide,
        documents: &LayeredSide,
        statistics: &SideIndex,
        synonyms: &Synonyms,
        self_scores: SelfScores,
        few: Option<BTreeSet<Vec<u8>>>,
    ) -> Result<Self, IndexError> {
        // Documents that are their own statistics need not be read twice.
        let apart = (!documents.is(statistics)).then(|| LayeredSide::whole(statistics));
        let model = Model::new(
            terms::n_terms(statistics)?,
            statistics.n_records(),
            Arc::clone(documents.norm_ids()?),
        );
        let query_norm_ids = Arc::clone(queries.norm_ids()?);
        let role = if apart.is_some() { Role::Statistics } else { Role::Document };
        let mut builder = Builder::new(model, query_norm_ids, role, self_scores, synonyms);
        let mut occurrences = Occurrences::new(synonyms);
        let each = |term: &[u8], found: &[Found<'_>]| {
            occurrences.term(term, found)?;
            builder.term(term, found)
        };
        match few {
            Some(others) => terms::look_up(queries, documents, apart.as_ref(), others, each)?,
            None => terms::walk(queries, documents, apart.as_ref(), each)?,
        }
        builder.expand(synonyms, &occurrences.finish())?;
        Ok(builder.finish())
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
        self.top_n_among(query_row, n, None, scratch)
    }

    /// [`top_n`](Self::top_n) among the documents that are `allowed`, if not all are.
    ///
    /// # Panics
    /// When `query_row` is not below [`n_queries`](Self::n_queries).
    pub fn top_n_among(
        &self,
        query_row: u32,
        n: usize,
        allowed: Option<&RowSet>,
        scratch: &mut Scratch,
    ) -> Vec<Hit> {
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
            if score >= least && allowed.is_none_or(|set| set.contains(document as usize)) {
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
        scratch.take(documents)
    }

    /// The share of a query's telling words that each of the given documents holds, by weight, in
    /// `[0, 1]` and in the order given (`telling.rs` has the formula); 0 where there is no such
    /// document. `None` where the query has no telling words. Synonyms do not count.
    ///
    /// # Panics
    /// When `query_row` is not below [`n_queries`](Self::n_queries).
    pub fn telling_share(
        &self,
        query_row: u32,
        documents: &[u32],
        scratch: &mut Scratch,
    ) -> Option<Vec<f32>> {
        let total = self.telling.total(query_row);
        if total <= 0.0 {
            return None;
        }
        scratch.make_room(self.n_documents);
        for &(term, weight) in self.telling.of(query_row) {
            for &row in &self.rows[self.offsets[term as usize]..self.offsets[term as usize + 1]] {
                scratch.add(row, weight);
            }
        }
        let shares = scratch.take(documents);
        Some(shares.into_iter().map(|held| (held / total).min(1.0)).collect())
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
        scratch.make_room(self.n_documents);
        for &(term, weight) in
            &self.query_terms[self.query_offsets[query]..self.query_offsets[query + 1]]
        {
            let postings = self.offsets[term as usize]..self.offsets[term as usize + 1];
            for (&row, &impact) in self.rows[postings.clone()].iter().zip(&self.impacts[postings]) {
                scratch.add(row, weight * impact);
            }
        }
    }
}

/// The terms of everything that may stand for a word whose terms all stand in the queries, and of
/// the words that these need beside them.
fn synonym_terms(
    queries: &LayeredSide,
    synonyms: &Synonyms,
) -> Result<BTreeSet<Vec<u8>>, IndexError> {
    let mut asked = HashSet::new();
    let none = LayeredSide::new(Vec::new(), 0);
    terms::look_up(queries, &none, None, BTreeSet::new(), |term, _| {
        asked.insert(term.to_vec());
        Ok(())
    })?;
    let held = |word: &AliasId| {
        synonyms.terms(*word).iter().all(|(_, term)| asked.contains(term.as_bytes()))
    };
    let mut words: Vec<AliasId> = synonyms.ids().filter(held).collect();
    let others: Vec<AliasId> = (words.iter())
        .flat_map(|word| synonyms.alternatives(*word).iter().map(|other| other.alias))
        .collect();
    words.extend(others);
    let contexts: Vec<AliasId> =
        words.iter().flat_map(|word| synonyms.context(*word).iter().copied()).collect();
    words.extend(contexts);
    let terms = words.iter().flat_map(|word| {
        let inside = synonyms.inside(*word).iter().map(String::as_str);
        inside.chain(synonyms.terms(*word).iter().map(|(_, term)| term.as_str()))
    });
    Ok(terms.map(|term| term.as_bytes().to_vec()).collect())
}

/// Score descending, then row ascending. Scores are sums of finite positive numbers.
pub(super) fn better(a: &Hit, b: &Hit) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then(a.document.cmp(&b.document))
}

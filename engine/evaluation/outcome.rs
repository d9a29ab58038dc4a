//! What an evaluation of two lists came to: plain data for tables, JSON and the report.

use std::collections::BTreeMap;

use super::{Interval, QueryMeasures, Reliability, Slice, Summary};
use crate::model::{Micro, Part, PartValues, Side, Verdict};

/// A way to rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ranker {
    /// Shared words alone: what every other line is compared with.
    Bm25,
    /// Cosine similarity of the records' vectors alone.
    Dense,
    /// Reciprocal rank fusion of the two, for comparison only: its scores mean nothing.
    Rrf,
    /// The parts that come from the texts alone, by the direction's weights.
    Hybrid,
    /// The direction's whole score, as `match` ranks.
    Full,
}

impl Ranker {
    /// All rankers, in the order in which they are shown; the baseline first.
    pub const ALL: [Self; 5] = [Self::Bm25, Self::Dense, Self::Rrf, Self::Hybrid, Self::Full];

    /// Place in [`Ranker::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its name in tables, JSON and file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bm25 => "bm25",
            Self::Dense => "dense",
            Self::Rrf => "rrf",
            Self::Hybrid => "hybrid",
            Self::Full => "full",
        }
    }
}

/// Everything that an evaluation came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Which side asks.
    pub asker: Side,
    /// Demands that were read and kept.
    pub n_demands: usize,
    /// Supplies that were read and kept.
    pub n_supplies: usize,
    /// The least grade that counts as relevant.
    pub relevant_from: i32,
    /// Pairs that the grades list.
    pub n_graded_pairs: usize,
    /// Queries of the grades.
    pub n_queries: usize,
    /// Queries that the lists hold, in order: these were asked.
    pub asked: Vec<String>,
    /// Of these, the queries with a positive grade, in order: what is averaged.
    pub measured: Vec<String>,
    /// Queries of the grades that the lists do not hold.
    pub missing_queries: Missing,
    /// Documents graded for an asked query that the lists do not hold.
    pub missing_documents: Missing,
    /// Whether every grade given is positive: nothing was graded as useless, so measures of judged
    /// documents alone cannot tell rankings apart, and probabilities cannot be checked.
    pub only_positive: bool,
    /// Records that stand in both lists, which never answer themselves.
    pub n_own: usize,
    /// One per [`Ranker`], in the order of [`Ranker::ALL`].
    pub rankings: Vec<RankingOutcome>,
    /// One per [`Slice`], in the order of [`Slice::ALL`].
    pub slices: Vec<SliceOutcome>,
    /// Recall of the candidates, by least grade: [`relevant_from`](Self::relevant_from) and, where
    /// that is higher, 1.
    pub candidates: Vec<CandidateRecall>,
    /// How fast texts became vectors.
    pub embedding: EmbeddingSpeed,
    /// The lists of both sides; `None` where only the graded queries were asked.
    pub two_way: Option<TwoWay>,
    /// The probabilities of the graded pairs; `None` where the lists hold none of them, or all are
    /// relevant or none is.
    pub reliability: Option<Reliability>,
    /// Advice against grades.
    pub verdicts: VerdictCounts,
    /// What was said of every graded pair, and of the first answers of every query, by query and
    /// then by the document's row: what a calibration is fitted to.
    pub told: Vec<ToldPair>,
    /// How it was made.
    pub facts: EvaluationFacts,
}

/// Ids that were looked for in vain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// How many.
    pub n: usize,
    /// The first few, ascending.
    pub first: Vec<String>,
}

/// What a ranker is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct RankingOutcome {
    /// Which one.
    pub ranker: Ranker,
    /// Per measured query, in order.
    pub queries: Vec<QueryMeasures>,
    /// Per measure; compared with BM25, except for BM25 itself.
    pub summary: Vec<Summary>,
}

/// nDCG@10 over one kind of queries.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceOutcome {
    /// Which kind.
    pub slice: Slice,
    /// How many measured queries are of this kind.
    pub n: usize,
    /// How many of the measured queries could be told to be of this kind or not.
    pub n_decided: usize,
    /// All documents, per ranker in the order of [`Ranker::ALL`]; `None` without queries.
    pub ndcg_10: Vec<Option<Interval>>,
    /// Judged documents only, likewise.
    pub ndcg_10_judged: Vec<Option<Interval>>,
}

impl SliceOutcome {
    /// The figures that can tell rankings apart: of judged documents only, or of all documents
    /// where only positive grades were given.
    #[must_use]
    pub fn telling(&self, only_positive: bool) -> &[Option<Interval>] {
        if only_positive { &self.ndcg_10 } else { &self.ndcg_10_judged }
    }
}

/// Share of the relevant documents among what was looked at, mean over the queries that have one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CandidateRecall {
    /// The least grade that counts here.
    pub relevant_from: i32,
    /// How many queries have such a document.
    pub n_queries: usize,
    /// In the union that is scored.
    pub union: f64,
    /// Among the best by BM25 alone, as many as there are candidates per retriever.
    pub bm25: f64,
    /// Among the best by cosine similarity alone.
    pub dense: f64,
    /// Mean size of the union per query.
    pub mean_candidates: f64,
}

/// How fast texts became vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbeddingSpeed {
    /// Titles and bodies that were embedded, empty ones not counted.
    pub n_texts: usize,
    /// Characters of these.
    pub n_characters: usize,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Threads that were at work.
    pub threads: usize,
}

impl EmbeddingSpeed {
    /// Texts per second of wall time; 0 where no time was taken.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        if self.seconds > 0.0 { super::ranking::ratio(self.n_texts, 1) / self.seconds } else { 0.0 }
    }
}

/// What the lists of both sides look like.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoWay {
    /// The `k` of mutual@k.
    pub k: usize,
    /// Most supplies handed to one demand.
    pub per_demand: u32,
    /// Most lists in which a supply stands.
    pub per_supply: u32,
    /// Every demand's best, as many as could be handed to it, whatever the verdict.
    pub plain: ListMeasures,
    /// What is handed out under the capacities, without 暂无匹配.
    pub allocated: ListMeasures,
}

/// Measures of a set of lists.
#[derive(Debug, Clone, PartialEq)]
pub struct ListMeasures {
    /// Entries in all lists.
    pub n_entries: usize,
    /// Demands whose list is not empty.
    pub n_demands_served: usize,
    /// Share of the supplies that stand in a list.
    pub coverage: f64,
    /// Gini coefficient of the supplies' exposure.
    pub gini: f64,
    /// Largest exposure of one supply.
    pub largest_exposure: u32,
    /// Share of entries at which each is in the other's best `k` by mutual score.
    pub mutual_at_k: f64,
    /// Loss of the demands' own score against their unconstrained lists of the same length.
    pub one_sided_loss: f64,
    /// Number of supplies by exposure.
    pub exposure: BTreeMap<u32, usize>,
}

/// Advice against grades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerdictCounts {
    /// How many of a query's best answers were looked at.
    pub depth: usize,
    /// Asked queries that have a relevant document, by best verdict: no match, discuss, recommend.
    pub with_relevant: [usize; 3],
    /// Asked queries that have a relevant document, by the best verdict of a relevant document
    /// itself, as far as it stands among the answers that were looked at; no match where none does.
    pub relevant_shown: [usize; 3],
    /// Asked queries that have none, by best verdict.
    pub without_relevant: [usize; 3],
    /// Graded pairs by verdict.
    pub pairs: [usize; 3],
    /// Of these, the relevant ones.
    pub relevant_pairs: [usize; 3],
}

/// What was said of one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPair {
    /// The query.
    pub query: String,
    /// The document.
    pub document: String,
    /// Its grade; `None` where nobody graded it.
    pub grade: Option<i32>,
    /// Its place in the full ranking, from 1, where it is among the answers that were looked at.
    pub place: Option<u32>,
    /// The value of each part seen from the demand.
    pub parts_for_demand: PartValues,
    /// The value of each part seen from the supply.
    pub parts_for_supply: PartValues,
    /// The score seen from the demand.
    pub score_for_demand: Micro,
    /// The score seen from the supply.
    pub score_for_supply: Micro,
    /// The calibrated probability.
    pub probability: Micro,
    /// The advice.
    pub verdict: Verdict,
}

/// How long a stage took.
#[derive(Debug, Clone, PartialEq)]
pub struct StageTime {
    /// Its name in JSON.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Wall seconds.
    pub seconds: f64,
}

/// How an evaluation was made.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationFacts {
    /// Version of the program.
    pub version: String,
    /// Time of the run, as written on pages.
    pub started_at: String,
    /// Reference date of freshness.
    pub as_of: String,
    /// Files of grades, with the digests of their contents.
    pub qrels: Vec<(String, String)>,
    /// Files of demands, with the digests of their contents.
    pub demands: Vec<(String, String)>,
    /// Files of supplies, likewise.
    pub supplies: Vec<(String, String)>,
    /// Name of the embedding model.
    pub embedder: String,
    /// Its digest.
    pub embedder_sha256: String,
    /// Digest of the weights.
    pub weights_sha256: String,
    /// Digest of the calibration.
    pub calibration_sha256: String,
    /// What the calibration was fitted on.
    pub calibration_note: String,
    /// The machine that selected.
    pub backend: String,
    /// Candidates per record, direction and retriever.
    pub n_candidates: usize,
    /// Depth to which rankings are measured.
    pub depth: usize,
    /// Decides all resamples.
    pub seed: u64,
    /// Each retrieval part and its weight in the direction, in thousandths of the full score.
    pub hybrid_weights: Vec<(Part, u32)>,
    /// Wall times by stage, in order.
    pub timings: Vec<StageTime>,
}

//! The processor as a backend: all cores, blocked for the caches, selection fused.

use rayon::prelude::*;

use super::selection::Selection;
use super::{
    Backend, BackendError, BackendInfo, BackendKind, BestRow, CoarseRows, Hit, Instructions,
    Precision, Selected, Selecting, SelectionWork, check_inputs, check_numbers, check_pairs,
    check_pairs_of, check_shapes, coarse, dot,
};
use crate::model::{EmbeddingsView, MultiVectorsView};

/// What of one side is worked on at a time: two such blocks and their scores stay in a level-2
/// cache of 512 KiB or more.
const BLOCK_BYTES: usize = 128 * 1024;

/// More tasks than threads, so that an unlucky thread does not make the others wait.
const TASKS_PER_THREAD: usize = 4;

/// A share of the documents smaller than this is not worth its own selection.
const MIN_DOCUMENTS_PER_TASK: usize = 2048;

/// With fewer queries than this making the coarse form of the documents costs more than it saves.
const MIN_COARSE_QUERIES: usize = 12;

/// Shorter rows are scored in `f32` faster than their bounds can be looked at.
const MIN_COARSE_DIM: usize = 32;

/// Computes on this machine's processor cores.
///
/// `top_k` rules pairs out by a pass in eight bits (see `coarse`) and scores what is left in `f32`.
///
/// Exact, and the same bits on every machine: each score is computed in the order of
/// [`dot`](super::dot), whatever the instruction set, block size or number of threads. Runs on
/// the rayon pool it is called from.
#[derive(Debug, Clone, Copy)]
pub struct CpuBackend {
    instructions: Instructions,
}

impl CpuBackend {
    /// Chooses the widest vector instructions this processor has.
    #[must_use]
    pub fn new() -> Self {
        Self { instructions: Instructions::widest() }
    }

    /// Uses given instructions, for tests and benchmarks; `None` if the processor lacks them.
    #[must_use]
    pub fn with_instructions(instructions: Instructions) -> Option<Self> {
        instructions.is_available().then_some(Self { instructions })
    }

    /// As [`select`](Backend::select), with the coarse form of the documents at hand: many calls with
    /// few queries each then read a quarter.
    ///
    /// `kept` must have been made of these documents; only its shape can be checked.
    ///
    /// # Errors
    /// As [`select`](Backend::select), and [`BackendError::Filter`] where `kept` has another number of
    /// rows, [`BackendError::Dim`] where it has another length of rows.
    pub fn select_with(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        kept: &CoarseRows,
        asked: &Selecting<'_>,
    ) -> Result<Selected, BackendError> {
        if kept.n_rows() != documents.n_rows() {
            let (filter, documents) = (kept.n_rows(), documents.n_rows());
            return Err(BackendError::Filter { filter, documents });
        }
        if kept.n_rows() > 0 && kept.dim() != documents.dim() {
            return Err(BackendError::Dim { queries: kept.dim(), documents: documents.dim() });
        }
        self.select_kept(queries, documents, Some(kept), asked)
    }

    fn select_kept(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        kept: Option<&CoarseRows>,
        asked: &Selecting<'_>,
    ) -> Result<Selected, BackendError> {
        check_shapes(queries, documents)?;
        check_numbers("queries", queries)?;
        let (n_queries, n_documents) = (queries.n_rows(), documents.n_rows());
        let few = n_queries < MIN_COARSE_QUERIES && kept.is_none() && !asked.approximate;
        let fits = (MIN_COARSE_DIM..=coarse::MAX_DIM).contains(&documents.dim());
        let nothing = n_queries == 0 || n_documents == 0 || asked.k == 0;
        let in_f32 = few || !fits || nothing;
        // The coarse pass looks at every row, unless a filter leaves some out; kept rows were checked.
        if kept.is_none() && (in_f32 || asked.allowed.is_some()) {
            check_numbers("documents", documents)?;
        }
        asked.check(n_documents)?;
        if nothing {
            return Ok(Selected::nothing(n_queries));
        }
        let pairs = n_queries as u64 * asked.n_allowed(n_documents) as u64;
        if in_f32 {
            let lists = self.in_f32(queries, documents, asked);
            return Ok(Selected { lists, work: SelectionWork::in_f32(pairs) });
        }
        let search = coarse::Search { queries, documents, kept, asked: *asked };
        match coarse::search(&search, self.instructions) {
            Some((lists, rescored)) => {
                let exact = !asked.approximate;
                let work = SelectionWork { precision: Precision::Int8, pairs, rescored, exact };
                Ok(Selected { lists, work })
            }
            // Some row was refused; which one is the first is found out here.
            None => check_inputs(queries, documents).map(|()| Selected {
                lists: self.in_f32(queries, documents, asked),
                work: SelectionWork::in_f32(pairs),
            }),
        }
    }

    /// Scores all pairs in `f32`; the inputs were checked and there is something to find.
    fn in_f32(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        asked: &Selecting<'_>,
    ) -> Vec<Vec<Hit>> {
        let (k, dim, n_documents) = (asked.k, documents.dim(), documents.n_rows());
        let blocks: Vec<&[f32]> = queries.data().chunks(rows_per_block(dim) * dim).collect();
        let share = documents_per_task(blocks.len(), n_documents, rayon::current_num_threads());
        let lists = blocks.into_par_iter().map(|block| {
            let ranges: Vec<_> = (0..n_documents)
                .step_by(share)
                .map(|start| start..(start + share).min(n_documents))
                .collect();
            let parts: Vec<Vec<Selection>> = ranges
                .into_par_iter()
                .map(|range| self.select_range(block, documents, range, asked))
                .collect();
            merge_parts(parts, k)
        });
        lists.flatten_iter().collect()
    }

    /// The best of documents `range` for queries `first .. first + n_queries`, where the queries
    /// fit in one block.
    fn select_range(
        &self,
        queries: &[f32],
        documents: EmbeddingsView<'_>,
        range: std::ops::Range<usize>,
        asked: &Selecting<'_>,
    ) -> Vec<Selection> {
        let k = asked.k;
        let dim = documents.dim();
        let n_queries = queries.len() / dim;
        let block = rows_per_block(dim);
        let mut selections: Vec<Selection> = (0..n_queries).map(|_| Selection::new(k)).collect();
        let mut scores = vec![0.0; n_queries * block];
        for start in range.clone().step_by(block) {
            let end = (start + block).min(range.end);
            let scores = &mut scores[..n_queries * (end - start)];
            let block = &documents.data()[start * dim..end * dim];
            self.instructions.scores(queries, block, dim, scores);
            // Row numbers fit: `check_inputs` refuses more than u32 can number.
            let first = u32::try_from(start).unwrap_or(u32::MAX);
            let of_queries = scores.chunks_exact_mut(end - start);
            for (selection, scores) in selections.iter_mut().zip(of_queries) {
                if let Some(allowed) = asked.allowed {
                    for (row, score) in (start..).zip(scores.iter_mut()) {
                        if !allowed.contains(row) {
                            // No threshold is below it, so it is never taken.
                            *score = f32::NEG_INFINITY;
                        }
                    }
                }
                selection.push_scores(first, scores);
            }
        }
        selections
    }
}

impl Default for CpuBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for CpuBackend {
    fn info(&self) -> BackendInfo {
        BackendInfo {
            kind: BackendKind::Cpu,
            adapter: format!("{} processor", std::env::consts::ARCH),
            driver: self.instructions.name().to_owned(),
            software: false,
        }
    }

    fn select(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        asked: &Selecting<'_>,
    ) -> Result<Selected, BackendError> {
        self.select_kept(queries, documents, None, asked)
    }

    fn score_pairs(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<f32>, BackendError> {
        check_inputs(queries, documents)?;
        check_pairs(queries, documents, pairs)?;
        // One pair is too little work to hand to a thread.
        const PAIRS_PER_TASK: usize = 256;
        let score = |&(query, document): &(u32, u32)| {
            dot(queries.row(query as usize), documents.row(document as usize))
        };
        Ok(pairs.par_iter().with_min_len(PAIRS_PER_TASK).map(score).collect())
    }

    fn max_sim(
        &self,
        queries: MultiVectorsView<'_>,
        documents: MultiVectorsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<BestRow>, BackendError> {
        check_inputs(queries.rows(), documents.rows())?;
        check_pairs_of(queries.n_records(), documents.n_records(), pairs)?;
        // Enough pairs that handing them to a thread costs nothing beside their products.
        const PAIRS_PER_TASK: usize = 64;
        let n_rows = |pair: &(u32, u32)| queries.range(pair.0 as usize).len();
        let mut best = vec![BestRow::NONE; pairs.iter().map(n_rows).sum()];
        let mut rest = best.as_mut_slice();
        let mut tasks = Vec::with_capacity(pairs.len().div_ceil(PAIRS_PER_TASK));
        for pairs in pairs.chunks(PAIRS_PER_TASK) {
            let (own, others) = rest.split_at_mut(pairs.iter().map(n_rows).sum());
            tasks.push((pairs, own));
            rest = others;
        }
        tasks.into_par_iter().for_each_init(Vec::new, |scores, (pairs, mut best)| {
            for &(query, document) in pairs {
                let (query, document) = (query as usize, document as usize);
                let n_rows = queries.range(query).len();
                let (own, others) = best.split_at_mut(n_rows);
                best = others;
                let n_documents = documents.range(document).len();
                if n_documents > 0 {
                    scores.clear();
                    scores.resize(n_rows * n_documents, 0.0);
                    let dim = documents.rows().dim();
                    let (query, document) = (queries.data(query), documents.data(document));
                    self.instructions.scores(query, document, dim, scores);
                    best_of_rows(scores, n_documents, own);
                }
            }
        });
        Ok(best)
    }
}

/// The best of each row of `scores`, `[n, n_documents]` with at least one document: the first on
/// ties.
fn best_of_rows(scores: &[f32], n_documents: usize, best: &mut [BestRow]) {
    for (best, scores) in best.iter_mut().zip(scores.chunks_exact(n_documents)) {
        for (position, &score) in (0..).zip(scores) {
            best.take(BestRow { score, position });
        }
    }
}

/// Joins the selections of the same queries over different documents: `parts[range][query]`.
fn merge_parts(parts: Vec<Vec<Selection>>, k: usize) -> Vec<Vec<Hit>> {
    let n_queries = parts.first().map_or(0, Vec::len);
    let mut columns: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    (0..n_queries)
        .map(|_| Selection::merge(k, columns.iter_mut().filter_map(Iterator::next)))
        .collect()
}

/// Rows of `dim` numbers in one block: a multiple of 8, so that the register tiles fill it.
fn rows_per_block(dim: usize) -> usize {
    let rows = BLOCK_BYTES / (size_of::<f32>() * dim.max(1));
    (rows / 8 * 8).clamp(8, 256)
}

/// How many documents one task takes when there are `n_blocks` blocks of queries.
fn documents_per_task(n_blocks: usize, n_documents: usize, n_threads: usize) -> usize {
    let shares = (n_threads * TASKS_PER_THREAD).div_ceil(n_blocks.max(1));
    n_documents.div_ceil(shares).max(MIN_DOCUMENTS_PER_TASK)
}

#[cfg(test)]
mod tests {
    use super::{documents_per_task, rows_per_block};

    #[test]
    fn blocks_fit_the_cache_and_are_never_empty() {
        assert_eq!(rows_per_block(256), 128);
        assert_eq!(rows_per_block(1), 256);
        assert_eq!(rows_per_block(4096), 8);
        assert_eq!(rows_per_block(1_000_000), 8);
    }

    #[test]
    fn few_queries_share_the_documents_among_threads() {
        assert_eq!(documents_per_task(1, 1_000_000, 8), 31_250);
        assert_eq!(documents_per_task(100, 1_000_000, 8), 1_000_000);
        assert_eq!(documents_per_task(1, 100, 8), 2048);
    }
}

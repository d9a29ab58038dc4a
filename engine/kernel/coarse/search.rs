//! The pass over all pairs: coarse scores, what may still be among the best, exact scores.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::best::Best;
use super::block::{BLOCK, Block, Passed};
use super::panel::{LANES, Panel, panels};
use super::rows::{CoarseRows, RowFacts, stride};
use super::tile::{Portable, Sums, TOGETHER, Tile, prefetch};
use crate::kernel::{Hit, Instructions, Selecting};
use crate::model::EmbeddingsView;

/// Documents that a thread takes at a time: enough that fetching them costs nothing, few enough that
/// all threads end together.
const DOCUMENTS_PER_TASK: usize = 10 * BLOCK;

/// What the selections of a group of queries may take, so that many queries with a great `k` go in
/// groups.
const SELECTION_BYTES: usize = 64 << 20;

/// What is searched for where. Both sides have rows of the same length, at most
/// [`MAX_DIM`](super::MAX_DIM), and `k` is at least 1.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Search<'a> {
    pub(in crate::kernel) queries: EmbeddingsView<'a>,
    pub(in crate::kernel) documents: EmbeddingsView<'a>,
    /// The documents in eight bits, where they were kept; else they are made on the way.
    pub(in crate::kernel) kept: Option<&'a CoarseRows>,
    pub(in crate::kernel) asked: Selecting<'a>,
}

/// Finds the best documents of each query, and how many pairs were scored exactly.
///
/// `None` where a row holds a number that no backend takes.
pub(in crate::kernel) fn search(
    search: &Search<'_>,
    instructions: Instructions,
) -> Option<(Vec<Vec<Hit>>, u64)> {
    match instructions {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512Vnni if instructions.is_available() => {
            #[expect(unsafe_code, reason = "the guard proved that the processor has AVX-512 VNNI")]
            // SAFETY: the only requirement of the function is the instruction set.
            by_groups(search, |task, range, scratch| unsafe { range_vnni(task, range, scratch) })
        }
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 if Instructions::Avx2.is_available() => {
            #[expect(unsafe_code, reason = "the guard proved that the processor has AVX2")]
            // SAFETY: the only requirement of the function is the instruction set.
            by_groups(search, |task, range, scratch| unsafe { range_avx2(task, range, scratch) })
        }
        _ => by_groups(search, select_range::<Portable>),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
fn range_vnni(
    task: &Task<'_, super::tile::Vnni>,
    range: Range<usize>,
    scratch: &mut Scratch<super::tile::Vnni>,
) -> Option<u64> {
    select_range(task, range, scratch)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn range_avx2(
    task: &Task<'_, super::tile::Avx2>,
    range: Range<usize>,
    scratch: &mut Scratch<super::tile::Avx2>,
) -> Option<u64> {
    select_range(task, range, scratch)
}

/// A group of queries, ready for the kernels of one instruction set.
struct Task<'a, T: Tile> {
    search: Search<'a>,
    panels: Vec<Panel<T>>,
    /// One per query.
    best: Vec<Best>,
}

/// Room that a thread uses again.
struct Scratch<T: Tile> {
    block: Block,
    numbers: Vec<T::Document>,
    pass: Pass,
    pairs: Vec<(usize, u32)>,
    hits: Vec<Hit>,
}

impl<T: Tile> Default for Scratch<T> {
    fn default() -> Self {
        Self {
            block: Block::default(),
            numbers: Vec::new(),
            pass: Pass::default(),
            pairs: Vec::new(),
            hits: Vec::new(),
        }
    }
}

/// Gives the lists and the number of pairs that were scored exactly. `select` does one range of
/// documents and gives its share of that number.
fn by_groups<T: Tile>(
    search: &Search<'_>,
    select: impl Fn(&Task<'_, T>, Range<usize>, &mut Scratch<T>) -> Option<u64> + Sync,
) -> Option<(Vec<Vec<Hit>>, u64)> {
    let n_documents = search.documents.n_rows();
    let k = search.asked.k.min(n_documents);
    let dim = search.queries.dim();
    let group = (SELECTION_BYTES / (2 * k * size_of::<Hit>() + size_of::<Best>()))
        .next_multiple_of(T::VECTORS * LANES);
    let mut lists = Vec::with_capacity(search.queries.n_rows());
    let mut rescored = 0;
    for queries in search.queries.data().chunks(group * dim) {
        let queries = EmbeddingsView::new(queries, dim).ok()?;
        let mut coarse = CoarseRows::default();
        coarse.clear(dim);
        (0..queries.n_rows()).try_for_each(|row| coarse.push(queries.row(row)))?;
        let task = Task {
            search: Search { queries, ..*search },
            panels: panels(&coarse),
            best: (0..queries.n_rows()).map(|_| Best::new(k)).collect(),
        };
        let (good, total) = (AtomicBool::new(true), AtomicU64::new(0));
        let n_tasks = n_documents.div_ceil(DOCUMENTS_PER_TASK);
        (0..n_tasks).into_par_iter().for_each_init(Scratch::default, |scratch, number| {
            let start = number * DOCUMENTS_PER_TASK;
            let range = start..(start + DOCUMENTS_PER_TASK).min(n_documents);
            match select(&task, range, scratch) {
                Some(rescored) => _ = total.fetch_add(rescored, Relaxed),
                None => good.store(false, Relaxed),
            }
        });
        if !good.into_inner() {
            return None;
        }
        rescored += total.into_inner();
        lists.par_extend(task.best.into_par_iter().map(Best::into_list));
    }
    Some((lists, rescored))
}

/// Offers the queries of the task what is best of documents `range`, and says how many pairs were
/// scored exactly; `None` for a document that no backend takes.
#[inline(always)]
fn select_range<T: Tile>(
    task: &Task<'_, T>,
    mut range: Range<usize>,
    scratch: &mut Scratch<T>,
) -> Option<u64> {
    let Scratch { block, numbers, pass, pairs, hits } = scratch;
    let mut rescored = 0;
    while range.start < range.end {
        block.take(&task.search, &mut range)?;
        let view = block.view(&task.search);
        let documents = T::documents(view.values, numbers);
        pass.sums.clear();
        pass.sums.extend(view.facts.iter().map(|facts| facts.sum));
        let n_tiles = view.facts.len().div_ceil(T::DOCUMENTS);
        let n_pieces = n_tiles * task.panels.len();
        for (number, panel) in task.panels.iter().enumerate() {
            pass.prepare(task, panel, view.facts);
            pass.find(task, panel, documents, view.facts, &block.rows, |tile| {
                Block::prefetch(&task.search, &range, number * n_tiles + tile, n_pieces);
            });
            if task.search.asked.approximate {
                for (lane, place, score) in pass.coarse.drain(..) {
                    let hit = Hit { document: block.rows[place], score };
                    task.best[panel.first + lane].offer(std::iter::once(hit));
                }
            } else {
                pairs.clear();
                for (lane, &passed) in pass.passed.iter().enumerate() {
                    let mut rest = passed;
                    while rest != 0 {
                        let place = rest.trailing_zeros() as usize;
                        rest &= rest - 1;
                        pairs.push((panel.first + lane, block.rows[place]));
                    }
                }
                rescored += pairs.len() as u64;
                rescore(task, pairs, hits);
            }
        }
    }
    Some(rescored)
}

/// The coarse scores of one block with one panel.
#[derive(Default)]
struct Pass {
    approximate: bool,
    dim: usize,
    /// Sums of the integers of each document.
    sums: Vec<i32>,
    /// Per query what its scores have to exceed.
    lanes: Vec<Lane>,
    /// Per vector of queries, in units of each query's scale and for the worst document of the
    /// block: at or below it nothing passes.
    limits: Vec<[f32; LANES]>,
    /// Per query the documents that may still be among its best.
    passed: Vec<Passed>,
    /// In their place, where coarse scores are final: lane, place in the block, score.
    coarse: Vec<(usize, usize, f32)>,
    out: Vec<Sums>,
}

/// One query of a panel.
#[derive(Clone, Copy)]
struct Lane {
    facts: RowFacts,
    threshold: f32,
}

impl Pass {
    /// Notes what each query's scores have to exceed.
    #[inline(always)]
    fn prepare<T: Tile>(&mut self, task: &Task<'_, T>, panel: &Panel<T>, facts: &[RowFacts]) {
        self.approximate = task.search.asked.approximate;
        let greatest = |of: fn(&RowFacts) -> f32| facts.iter().map(of).fold(0.0, f32::max);
        let (norm, error) = (greatest(|facts| facts.norm), greatest(|facts| facts.error));
        self.dim = task.search.documents.dim();
        self.lanes.clear();
        self.limits.clear();
        // Lanes without a query let nothing pass.
        self.limits.resize(panel.n_vectors, [f32::INFINITY; LANES]);
        for (place, &facts) in panel.facts.iter().enumerate() {
            let threshold = task.best[panel.first + place].threshold();
            let lane = Lane { facts, threshold };
            let bound = if self.approximate { 0.0 } else { facts.bound(norm, error, self.dim) };
            let limit = (f64::from(threshold) - bound) / f64::from(facts.scale);
            #[expect(clippy::cast_possible_truncation, reason = "rounded, then taken one lower")]
            {
                self.limits[place / LANES][place % LANES] = (limit as f32).next_down();
            }
            self.lanes.push(lane);
        }
    }

    /// Scores the block and notes what may still be among the best.
    #[inline(always)]
    fn find<T: Tile>(
        &mut self,
        task: &Task<'_, T>,
        panel: &Panel<T>,
        documents: &[T::Document],
        facts: &[RowFacts],
        rows: &[u32],
        prefetch_tile: impl Fn(usize),
    ) {
        let stride = stride(self.dim);
        let width = panel.n_vectors;
        self.passed.clear();
        self.passed.resize(width * LANES, 0);
        self.out.resize(T::DOCUMENTS * width, [0; LANES]);
        for first in (0..facts.len()).step_by(T::DOCUMENTS) {
            let end = (first + T::DOCUMENTS).min(facts.len());
            prefetch_tile(first / T::DOCUMENTS);
            let numbers = &documents[first * stride..end * stride];
            let out = &mut self.out[..(end - first) * width];
            T::scores(&panel.packed, width, numbers, stride, &self.sums[first..end], out);
            for place in first..end {
                let scale = facts[place].scale;
                for vector in 0..width {
                    let at = (place - first) * width + vector;
                    let lanes = T::above(&self.out[at], scale, &self.limits[vector]);
                    if lanes != 0 {
                        prefetch(task.search.documents.row(rows[place] as usize));
                        self.note(vector, place, lanes, self.out[at], &facts[place]);
                    }
                }
            }
        }
    }

    /// Looks closer at a document that the block's bound lets pass for some lanes of a vector.
    #[inline(always)]
    fn note(&mut self, vector: usize, place: usize, mut lanes: u32, sums: Sums, facts: &RowFacts) {
        while lanes != 0 {
            let lane = lanes.trailing_zeros() as usize % LANES;
            lanes &= lanes - 1;
            let at = vector * LANES + lane;
            let query = self.lanes[at];
            let score =
                f64::from(sums[lane]) * f64::from(facts.scale) * f64::from(query.facts.scale);
            if self.approximate {
                #[expect(clippy::cast_possible_truncation, reason = "rounded")]
                // Never −0, as no score is.
                let score = score as f32 + 0.0;
                if score > query.threshold {
                    self.coarse.push((at, place, score));
                }
            } else {
                let bound = query.facts.bound(facts.norm, facts.error, self.dim);
                if score + bound > f64::from(query.threshold) {
                    self.passed[at] |= 1 << place;
                }
            }
        }
    }
}

/// Scores pairs (query, document), sorted by query, exactly, and offers them.
#[inline(always)]
fn rescore<T: Tile>(task: &Task<'_, T>, pairs: &[(usize, u32)], hits: &mut Vec<Hit>) {
    let rows = |&(query, document): &(usize, u32)| {
        [task.search.queries.row(query), task.search.documents.row(document as usize)]
    };
    hits.clear();
    for pairs in pairs.chunks(TOGETHER) {
        // The first pair stands in where the last few are not enough.
        let mut together = [rows(&pairs[0]); TOGETHER];
        for (place, pair) in together.iter_mut().zip(pairs) {
            *place = rows(pair);
        }
        let scores = T::dots(together);
        hits.extend(
            pairs.iter().zip(scores).map(|(&(_, document), score)| Hit { document, score }),
        );
    }
    let mut rest = hits.as_slice();
    for pairs in pairs.chunk_by(|a, b| a.0 == b.0) {
        let (own, others) = rest.split_at(pairs.len());
        task.best[pairs[0].0].offer(own.iter().copied());
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Search, search};
    use crate::kernel::coarse::CoarseRows;
    use crate::kernel::{Hit, Instructions, RowSet, Selecting, best_first, dot};
    use crate::model::{Embeddings, EmbeddingsView};

    /// The reference: every pair in `f32`, sorted.
    fn reference(
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        asked: &Selecting<'_>,
    ) -> Vec<Vec<Hit>> {
        let list = |query: usize| {
            let mut hits: Vec<Hit> = (0..documents.n_rows())
                .filter(|&row| asked.allowed.is_none_or(|allowed| allowed.contains(row)))
                .map(|row| Hit {
                    document: u32::try_from(row).expect("few rows"),
                    score: dot(queries.row(query), documents.row(row)),
                })
                .collect();
            hits.sort_by(best_first);
            hits.truncate(asked.k);
            hits
        };
        (0..queries.n_rows()).map(list).collect()
    }

    /// Rows that make a coarse pass err: what the name of each kind says.
    #[derive(Debug, Clone, Copy)]
    enum Kind {
        Random,
        Clustered,
        Duplicated,
        Ascending,
        NearlyEqual,
        Spikes,
        Magnitudes,
        Subnormal,
    }

    const KINDS: [Kind; 8] = [
        Kind::Random,
        Kind::Clustered,
        Kind::Duplicated,
        Kind::Ascending,
        Kind::NearlyEqual,
        Kind::Spikes,
        Kind::Magnitudes,
        Kind::Subnormal,
    ];

    /// A number in −1 … 1 by position in a stream: SplitMix64 (Steele, Lea and Flood 2014).
    fn draw(seed: u64, at: usize) -> f32 {
        let mut x = (at as u64).wrapping_add(seed << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f32::from(u16::try_from(x >> 48).expect("16 bits are left")) / 32768.0 - 1.0
    }

    fn rows(kind: Kind, n: usize, dim: usize, seed: u64) -> Embeddings {
        let number = |row: usize, column: usize| {
            let plain = draw(seed, row * dim + column);
            match kind {
                Kind::Random => plain,
                Kind::Clustered => draw(7, row % 3 * dim + column) + plain / 16.0,
                Kind::Duplicated => draw(7, row % 5 * dim + column),
                Kind::Ascending => draw(7, column) * (1.0 + row as f32 / 64.0),
                Kind::NearlyEqual => draw(7, column) + plain * f32::EPSILON,
                Kind::Spikes if (row + column).is_multiple_of(11) => plain * 1000.0,
                Kind::Spikes => plain,
                Kind::Magnitudes => plain * 2f32.powi(i32::try_from(row % 90).unwrap_or(0) - 40),
                Kind::Subnormal => plain * 2f32.powi(-130 - i32::try_from(row % 15).unwrap_or(0)),
            }
        };
        let data = (0..n * dim).map(|at| number(at / dim, at % dim)).collect();
        Embeddings::new(data, dim).expect("whole rows")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn lists_have_the_bits_of_the_reference(
            (kind, other) in (prop::sample::select(&KINDS[..]), prop::sample::select(&KINDS[..])),
            (n_queries, n_documents) in (1usize..140, 1usize..1500),
            dim in 1usize..100,
            k in 1usize..40,
            (filtered, kept) in (any::<bool>(), any::<bool>()),
        ) {
            let queries = rows(other, n_queries, dim, 1);
            let documents = rows(kind, n_documents, dim, 2);
            let set = RowSet::of(n_documents, |row| row % 7 < 3 && !(130..260).contains(&row));
            let allowed = filtered.then_some(&set);
            let asked = Selecting { k, allowed, approximate: false };
            let coarse = CoarseRows::new(documents.view()).expect("allowed numbers");
            let expected = reference(queries.view(), documents.view(), &asked);
            for &instructions in Instructions::ALL.iter().filter(|it| it.is_available()) {
                let task = Search {
                    queries: queries.view(),
                    documents: documents.view(),
                    kept: kept.then_some(&coarse),
                    asked,
                };
                let (lists, _) = search(&task, instructions).expect("allowed numbers");
                prop_assert_eq!(&lists, &expected, "{}", instructions.name());
            }
        }
    }

    #[test]
    fn few_pairs_of_random_rows_are_scored_twice() {
        let (queries, documents) =
            (rows(Kind::Random, 20, 256, 1), rows(Kind::Random, 9000, 256, 2));
        let task = Search {
            queries: queries.view(),
            documents: documents.view(),
            kept: None,
            asked: Selecting::best(10),
        };
        let (_, rescored) = search(&task, Instructions::widest()).expect("allowed numbers");
        assert!((200..20 * 9000 / 10).contains(&rescored), "{rescored}");
    }

    #[test]
    fn approximate_scores_are_within_the_bound_and_in_order() {
        let (queries, documents) = (rows(Kind::Random, 5, 96, 1), rows(Kind::Random, 500, 96, 2));
        let asked = Selecting { approximate: true, ..Selecting::best(20) };
        let (queries, documents) = (queries.view(), documents.view());
        let task = Search { queries, documents, kept: None, asked };
        let (lists, rescored) = search(&task, Instructions::widest()).expect("allowed numbers");
        assert_eq!(rescored, 0);
        for (query, hits) in lists.iter().enumerate() {
            assert_eq!(hits.len(), 20);
            assert!(hits.is_sorted_by(|a, b| best_first(a, b).is_lt()));
            for hit in hits {
                let exact = dot(queries.row(query), documents.row(hit.document as usize));
                // Rows of 96 numbers up to 1 are off by half of 1/127 each, on either side.
                assert!((hit.score - exact).abs() < 96.0 / 127.0, "{hit:?} {exact}");
            }
        }
    }

    #[test]
    fn a_row_that_no_backend_takes_stops_the_search() {
        let queries = rows(Kind::Random, 2, 8, 1);
        let mut data = rows(Kind::Random, 300, 8, 2).view().data().to_vec();
        data[2000] = f32::NAN;
        let documents = Embeddings::new(data, 8).expect("whole rows");
        let (queries, documents) = (queries.view(), documents.view());
        let asked = Selecting::best(3);
        let task = Search { queries, documents, kept: None, asked };
        assert_eq!(search(&task, Instructions::widest()), None);
    }
}

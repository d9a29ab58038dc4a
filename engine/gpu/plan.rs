//! How the work is cut to what a device allows: pure arithmetic, no device.

use std::ops::Range;

use crate::kernel::{BackendError, JOBS_PER_WORKGROUP, PAIRS_PER_WORKGROUP, TOP_K_TILE};

/// Bytes of four `f32`.
const VEC4_BYTES: u64 = 16;
/// Bytes of one candidate: key and document.
const CANDIDATE_BYTES: u64 = 8;
/// Bytes of one pair: two rows.
const PAIR_BYTES: u64 = 8;
/// Bytes of one job: three numbers.
const JOB_BYTES: u64 = 12;

/// More than this is not bound at once even where a device allows it: the copy on its way to the
/// device is held in memory a second time.
const MAX_BINDING_BYTES: u64 = 1 << 30;

/// Room for newcomers beside the k best: enough that chunks soon grow, little enough that
/// thousands of queries fit a binding of 128 MiB.
const MIN_SPARE_CANDIDATES: u64 = 1024;

/// Multiply-adds per dispatch on hardware: 200 ms at 170 GFLOP/s, which this kernel reaches on the
/// integrated graphics of a laptop. A dispatch cannot be cancelled, and drivers reset a device
/// after two seconds.
const HARDWARE_WORK: u64 = 1 << 34;
/// The same on a software adapter, at 2.7 GFLOP/s.
const SOFTWARE_WORK: u64 = 1 << 28;

/// What a device allows, as far as plans depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeviceLimits {
    /// Bytes of one storage binding.
    pub(super) binding_bytes: u64,
    /// Workgroups per dimension of a dispatch.
    pub(super) workgroups: u32,
    /// Multiply-adds of one dispatch.
    pub(super) work: u64,
}

impl DeviceLimits {
    /// Reads what matters from the limits of a device.
    pub(super) fn new(limits: &wgpu::Limits, software: bool) -> Self {
        Self {
            binding_bytes: limits
                .max_storage_buffer_binding_size
                .min(limits.max_buffer_size)
                .min(MAX_BINDING_BYTES),
            workgroups: limits.max_compute_workgroups_per_dimension,
            work: if software { SOFTWARE_WORK } else { HARDWARE_WORK },
        }
    }

    /// How many rows of `needed` bytes fit one binding.
    fn rows(&self, needed: u64) -> Result<u64, BackendError> {
        match self.binding_bytes / needed {
            0 => Err(BackendError::Limit {
                what: "one row of embeddings in bytes",
                needed,
                allowed: self.binding_bytes,
            }),
            rows => Ok(rows),
        }
    }
}

/// A row in groups of four numbers.
pub(super) fn dim_vec4(dim: usize) -> u64 {
    dim.div_ceil(4) as u64
}

fn row_bytes(dim: usize) -> u64 {
    dim_vec4(dim) * VEC4_BYTES
}

/// How a row lies on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowShape {
    /// Groups of sixteen bytes.
    pub(super) vec4s: u64,
    /// Numbers, padding included: multiply-adds of a score.
    pub(super) numbers: u64,
}

impl RowShape {
    /// Rows of `dim` numbers, `per_vec4` of them in sixteen bytes.
    pub(super) fn new(dim: usize, per_vec4: usize) -> Self {
        let vec4s = dim.div_ceil(per_vec4) as u64;
        Self { vec4s, numbers: vec4s * per_vec4 as u64 }
    }

    /// Bytes of a row.
    pub(super) const fn bytes(self) -> u64 {
        self.vec4s * VEC4_BYTES
    }
}

/// How the selection is cut: queries in tiles, documents in tiles, tiles in chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TopKPlan {
    /// How many to keep: at least 1, at most the number of documents.
    pub(super) k: u64,
    /// Candidates per query.
    pub(super) capacity: u64,
    /// Queries worked on at a time.
    pub(super) query_tile: u64,
    /// Documents bound at a time.
    pub(super) document_tile: u64,
    /// Documents of one dispatch at most.
    pub(super) max_chunk: u64,
    /// All documents.
    pub(super) n_documents: u64,
}

impl TopKPlan {
    /// Plans `n_queries × n_documents`, both at least 1, with `k` at least 1.
    pub(super) fn new(
        limits: &DeviceLimits,
        n_queries: u64,
        n_documents: u64,
        row: RowShape,
        k: u64,
    ) -> Result<Self, BackendError> {
        let tile = u64::from(TOP_K_TILE);
        let k = k.min(n_documents);
        let step = MIN_SPARE_CANDIDATES.max(k).min(n_documents);
        let capacity = (k + step).min(n_documents);
        let needed = capacity * CANDIDATE_BYTES;
        if needed > limits.binding_bytes {
            return Err(BackendError::Limit {
                what: "the candidates of one query in bytes",
                needed,
                allowed: limits.binding_bytes,
            });
        }
        let rows = limits.rows(row.bytes())?;
        let row_work = row.numbers;
        // One step must stay within the work of a dispatch, or nearly so: never below a tile.
        let by_work = limits.work / (step.max(tile) * row_work);
        let by_work = (by_work - by_work % tile).max(tile);
        let query_tile = n_queries
            .min(rows)
            .min(limits.binding_bytes / needed)
            .min(u64::from(limits.workgroups))
            .min(by_work);
        let padded_queries = query_tile.next_multiple_of(tile);
        let max_chunk = (limits.work / (padded_queries * row_work))
            .max(tile)
            .min(u64::from(limits.workgroups) * tile);
        let document_tile = n_documents.min(rows);
        Ok(Self { k, capacity, query_tile, document_tile, max_chunk, n_documents })
    }

    /// Documents that can always be taken in without an overflow.
    pub(super) fn step(&self) -> u64 {
        // Where the difference is 0 all documents fit the capacity, and none is added to the k best.
        (self.capacity - self.k).clamp(1, self.max_chunk)
    }

    /// The documents bound with a chunk: chunks never cross the border of a tile.
    pub(super) fn tile_of(&self, chunk: &Range<u64>) -> Range<u64> {
        let start = chunk.start - chunk.start % self.document_tile;
        start..(start + self.document_tile).min(self.n_documents)
    }
}

/// Which documents to take in next, for one tile of queries.
///
/// Chunks grow as the thresholds rise: of documents in no order, a chunk as long as a share `x` of
/// those already seen brings about `k · x` new candidates. Where that guess fails and candidates
/// overflow, the chunk is repeated in smaller pieces, down to pieces that cannot overflow.
#[derive(Debug)]
pub(super) struct Schedule {
    plan: TopKPlan,
    fresh: u64,
    /// Pieces to repeat, the next one last.
    again: Vec<Range<u64>>,
    /// Divides the growth; rises with every overflow.
    caution: u64,
}

impl Schedule {
    pub(super) fn new(plan: TopKPlan) -> Self {
        Self { plan, fresh: 0, again: Vec::new(), caution: 1 }
    }

    /// The next chunk, never across the border of a document tile; `None` when all are taken in.
    pub(super) fn next(&mut self) -> Option<Range<u64>> {
        if let Some(piece) = self.again.pop() {
            return Some(piece);
        }
        let plan = &self.plan;
        if self.fresh >= plan.n_documents {
            return None;
        }
        let length = if self.fresh < plan.capacity {
            plan.capacity - self.fresh
        } else {
            let spare = plan.capacity - plan.k;
            let hoped = u128::from(self.fresh) * u128::from(spare)
                / (2 * u128::from(plan.k) * u128::from(self.caution));
            u64::try_from(hoped).unwrap_or(u64::MAX).max(plan.step())
        };
        let start = self.fresh;
        let tile_end = (start / plan.document_tile + 1) * plan.document_tile;
        let end =
            start.saturating_add(length.min(plan.max_chunk)).min(tile_end).min(plan.n_documents);
        self.fresh = end;
        Some(start..end)
    }

    /// Whether a chunk may bring more candidates than there is room for.
    pub(super) fn may_overflow(&self, chunk: &Range<u64>) -> bool {
        chunk.end > self.plan.capacity && chunk.end - chunk.start > self.plan.step()
    }

    /// Tells how the last chunk went; one that overflowed comes again in pieces.
    pub(super) fn report(&mut self, chunk: Range<u64>, overflowed: bool) {
        const PIECES: u64 = 8;
        if overflowed {
            self.caution = self.caution.saturating_mul(4);
            let piece = ((chunk.end - chunk.start) / PIECES).max(self.plan.step());
            let mut end = chunk.end;
            while end > chunk.start {
                // Short piece first, so that the borders are those counted from the end.
                let start = end.saturating_sub(piece).max(chunk.start);
                self.again.push(start..end);
                end = start;
            }
        } else if self.again.is_empty() {
            self.caution = (self.caution / 2).max(1);
        }
    }
}

/// Document rows of one job at most: eight invocations share a job, so a longer one would keep the
/// rest of the device waiting. Real records have a few tens.
const MAX_JOB_ROWS: u64 = 4096;

/// How listed pairs are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PairPlan {
    /// Rows of either side bound at a time.
    pub(super) tile: u64,
    /// Pairs of one dispatch at most.
    pub(super) batch: u64,
}

impl PairPlan {
    /// Plans pairs of rows of `dim` numbers.
    pub(super) fn new(limits: &DeviceLimits, dim: usize) -> Result<Self, BackendError> {
        let batch = (limits.work / (dim_vec4(dim) * 4).max(1))
            .min(limits.binding_bytes / PAIR_BYTES)
            .min(u64::from(limits.workgroups) * u64::from(PAIRS_PER_WORKGROUP))
            .max(1);
        Ok(Self { tile: limits.rows(row_bytes(dim))?, batch })
    }
}

/// How jobs of one query row against consecutive document rows are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MaxSimPlan {
    /// Rows of either side bound at a time.
    pub(super) tile: u64,
    /// Jobs of one dispatch at most.
    pub(super) batch: usize,
    /// Document rows of one dispatch at most, over all its jobs; at least 1.
    pub(super) rows: u64,
    /// Document rows of one job at most; at least 1.
    pub(super) longest: usize,
}

impl MaxSimPlan {
    /// Plans jobs on rows of `dim` numbers.
    pub(super) fn new(limits: &DeviceLimits, dim: usize) -> Result<Self, BackendError> {
        let batch = (limits.binding_bytes / JOB_BYTES)
            .min(u64::from(limits.workgroups) * u64::from(JOBS_PER_WORKGROUP))
            .max(1);
        let rows = (limits.work / (dim_vec4(dim) * 4).max(1)).max(1);
        Ok(Self {
            tile: limits.rows(row_bytes(dim))?,
            batch: usize::try_from(batch).unwrap_or(usize::MAX),
            rows,
            longest: usize::try_from(rows.min(MAX_JOB_ROWS)).unwrap_or(usize::MAX),
        })
    }

    /// How many of the jobs, given by their numbers of rows, one dispatch takes; at least one.
    pub(super) fn n_jobs(&self, n_rows: impl Iterator<Item = u64>) -> usize {
        let mut rows = 0;
        let fits = |n: &u64| {
            rows += n;
            rows <= self.rows
        };
        n_rows.take(self.batch).take_while(fits).count().max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::{DeviceLimits, MaxSimPlan, PairPlan, RowShape, Schedule, TopKPlan};
    use crate::kernel::BackendError;

    /// The least that WebGPU promises, and the most that some drivers report.
    const BINDINGS: [u64; 2] = [128 << 20, (1 << 31) - 1];

    fn limits(binding_bytes: u64) -> DeviceLimits {
        let limits = wgpu::Limits {
            max_storage_buffer_binding_size: binding_bytes,
            max_buffer_size: 1 << 40,
            max_compute_workgroups_per_dimension: 65_535,
            ..wgpu::Limits::downlevel_defaults()
        };
        DeviceLimits::new(&limits, false)
    }

    #[test]
    fn every_plan_keeps_every_limit() {
        for binding in BINDINGS {
            for software in [false, true] {
                let limits = DeviceLimits {
                    work: if software { super::SOFTWARE_WORK } else { super::HARDWARE_WORK },
                    ..limits(binding)
                };
                for (n_queries, n_documents) in
                    [(1, 1), (63, 65), (8192, 1_000_000), (1, 4_000_000_000), (2_000_000, 3)]
                {
                    for dim in [1, 17, 256, 1024, 4096] {
                        for k in [1, 10, 1024, 100_000] {
                            for per_vec4 in [4, 8, 16] {
                                let row = RowShape::new(dim, per_vec4);
                                let plan = TopKPlan::new(&limits, n_queries, n_documents, row, k)
                                    .expect("all of these fit");
                                check(&limits, &plan, row);
                            }
                        }
                    }
                }
            }
        }
    }

    fn check(limits: &DeviceLimits, plan: &TopKPlan, row: RowShape) {
        let (queries, documents) = (plan.query_tile, plan.document_tile);
        assert!(queries > 0 && documents > 0 && plan.max_chunk > 0);
        assert!(queries * row.bytes() <= limits.binding_bytes);
        assert!(documents * row.bytes() <= limits.binding_bytes);
        assert!(queries * plan.capacity * 8 <= limits.binding_bytes);
        assert!(queries <= 65_535 && plan.max_chunk.div_ceil(64) <= 65_535);
        assert!(plan.k <= plan.capacity && plan.step() >= 1);
        assert!(plan.k < plan.capacity || plan.capacity == plan.n_documents);
        let padded = queries.next_multiple_of(64);
        let work = padded * plan.max_chunk * row.numbers;
        assert!(work <= limits.work || (queries <= 64 && plan.max_chunk == 64), "{plan:?}");
    }

    #[test]
    fn what_cannot_be_cut_is_an_error_that_names_the_limit() {
        let limits = limits(BINDINGS[0]);
        let wide = TopKPlan::new(&limits, 1, 1, RowShape::new(40_000_000, 4), 1);
        assert!(matches!(wide, Err(BackendError::Limit { needed: 160_000_000, .. })), "{wide:?}");
        let deep = TopKPlan::new(&limits, 1, 1 << 32, RowShape::new(4, 4), 1 << 30);
        assert!(matches!(deep, Err(BackendError::Limit { .. })), "{deep:?}");
        assert!(PairPlan::new(&limits, 40_000_000).is_err());
        assert!(MaxSimPlan::new(&limits, 40_000_000).is_err());
    }

    #[test]
    fn a_batch_of_pairs_keeps_the_number_of_workgroups() {
        let plan = PairPlan::new(&limits(BINDINGS[1]), 256).expect("rows fit");
        assert_eq!(plan, PairPlan { tile: 1 << 20, batch: 65_535 * 4 });
    }

    #[test]
    fn a_batch_of_jobs_keeps_the_workgroups_and_the_work() {
        let plan = MaxSimPlan::new(&limits(BINDINGS[1]), 256).expect("rows fit");
        let expected =
            MaxSimPlan { tile: 1 << 20, batch: 65_535 * 8, rows: 1 << 26, longest: 4096 };
        assert_eq!(plan, expected);
        assert_eq!(plan.n_jobs(std::iter::repeat_n(5, 1_000_000)), plan.batch);
        assert_eq!(plan.n_jobs([1 << 25, 1 << 25, 1].into_iter()), 2);
        assert_eq!(plan.n_jobs([1 << 27, 1].into_iter()), 1);
    }

    /// Runs a schedule, with `overflows` deciding how each chunk goes, and returns what was taken.
    fn run(plan: TopKPlan, mut overflows: impl FnMut(&Range<u64>) -> bool) -> Vec<Range<u64>> {
        let mut schedule = Schedule::new(plan);
        let mut taken = Vec::new();
        while let Some(chunk) = schedule.next() {
            assert!(chunk.end - chunk.start <= plan.max_chunk);
            assert_eq!(chunk.start / plan.document_tile, (chunk.end - 1) / plan.document_tile);
            let overflowed = schedule.may_overflow(&chunk) && overflows(&chunk);
            if !overflowed {
                taken.push(chunk.clone());
            }
            schedule.report(chunk, overflowed);
        }
        taken
    }

    #[test]
    fn documents_are_taken_in_once_and_in_order() {
        let limits = limits(BINDINGS[0]);
        for n_documents in [1, 1034, 1035, 1_000_000] {
            let plan =
                TopKPlan::new(&limits, 100, n_documents, RowShape::new(256, 4), 10).expect("fits");
            let mut calls = 0u32;
            let mut sometimes = |_: &Range<u64>| {
                calls += 1;
                calls.is_multiple_of(3)
            };
            for taken in [run(plan, |_| false), run(plan, |_| true), run(plan, &mut sometimes)] {
                assert_eq!(taken[0].start, 0);
                assert!(taken.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert_eq!(taken[taken.len() - 1].end, n_documents);
            }
        }
    }

    #[test]
    fn a_slow_device_with_a_large_k_still_gets_long_chunks() {
        let slow = DeviceLimits { work: 1 << 22, ..limits(BINDINGS[0]) };
        let plan = TopKPlan::new(&slow, 64, 5000, RowShape::new(256, 4), 5000).expect("fits");
        assert_eq!(plan.max_chunk, 256);
        assert_eq!(run(plan, |_| true).len(), 20);
    }

    #[test]
    fn chunks_grow_on_calm_data_and_stay_affordable_on_the_worst() {
        let plan = TopKPlan::new(&limits(BINDINGS[0]), 100, 100_000, RowShape::new(256, 4), 10)
            .expect("fits");
        assert!(run(plan, |_| false).len() <= 4);
        let mut scored = 0;
        let taken = run(plan, |chunk| {
            scored += chunk.end - chunk.start;
            true
        });
        let repeated = scored;
        assert!(taken.iter().skip(1).all(|chunk| chunk.end - chunk.start <= plan.step()));
        assert!(repeated <= 3 * plan.n_documents, "{repeated} documents were scored in vain");
    }
}

//! How the firms of many runs are cut to what a device allows: pure arithmetic, no device.

use super::plan::DeviceLimits;
use crate::kernel::BackendError;
use crate::kernel::firm_step::{FIRM_BLOCK, RUN_WORDS, SUM_WORDS};

/// What a firm's quarter costs, in the multiply-adds by which dispatches are planned: some 900
/// integer operations.
const FIRM_WORK: u64 = 1024;
/// Bytes of a word.
const WORD: u64 = 4;
/// The highest bit of a place tells lists of free slots from slots.
const MAX_SLOTS: u64 = 1 << 31;

/// How runs lie in the buffers, and what one dispatch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FirmPlan {
    /// Runs.
    pub(super) n_runs: u32,
    /// Slots of a run in the buffers.
    pub(super) stride: u32,
    /// Blocks of slots of a run.
    pub(super) blocks: u32,
    /// Runs of one dispatch at most.
    pub(super) runs_per_dispatch: u32,
    /// Blocks of each of its runs at most.
    pub(super) blocks_per_dispatch: u32,
}

/// A part of the work: runs and blocks from the first on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dispatch {
    pub(super) first_run: u32,
    pub(super) n_runs: u32,
    pub(super) first_block: u32,
    pub(super) n_blocks: u32,
}

impl FirmPlan {
    /// Plans `n_runs` of `stride` slots and `n_clusters` clusters each, with `table_words` words of
    /// tables; all at least 1.
    pub(super) fn new(
        limits: &DeviceLimits,
        n_runs: u64,
        stride: u64,
        n_clusters: u64,
        table_words: u64,
    ) -> Result<Self, BackendError> {
        let binding = limits.binding_bytes;
        for (what, needed, allowed) in [
            ("the firms of all runs in bytes", n_runs * stride * WORD, binding),
            (
                "the inputs of all runs in bytes",
                (n_runs * RUN_WORDS as u64 + table_words) * WORD,
                binding,
            ),
            (
                "the sums of all runs in bytes",
                n_runs * (n_clusters * SUM_WORDS as u64 + 1) * WORD,
                binding,
            ),
            ("the slots of all runs", n_runs * stride, MAX_SLOTS - 1),
        ] {
            if needed > allowed {
                return Err(BackendError::Limit { what, needed, allowed });
            }
        }
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let blocks = stride.div_ceil(u64::from(FIRM_BLOCK)).max(1);
        let workgroups = u64::from(limits.workgroups);
        let by_work = (limits.work / (FIRM_WORK * u64::from(FIRM_BLOCK))).max(1);
        Ok(Self {
            n_runs: narrow(n_runs),
            stride: narrow(stride),
            blocks: narrow(blocks),
            runs_per_dispatch: narrow((by_work / blocks).max(1).min(workgroups).min(n_runs)),
            blocks_per_dispatch: narrow(blocks.min(by_work).min(workgroups)),
        })
    }

    /// The slots to lay out for runs of at most `slots`: a quarter more, because more firms enter
    /// than exit, and the layout is copied when they do not fit.
    pub(super) fn stride_for(slots: u64) -> u64 {
        (slots + slots / 4 + 1).next_multiple_of(64)
    }

    /// All parts: every block of every run once.
    pub(super) fn dispatches(self) -> impl Iterator<Item = Dispatch> {
        let runs = (0..self.n_runs).step_by(self.runs_per_dispatch.max(1) as usize);
        runs.flat_map(move |first_run| {
            let blocks = (0..self.blocks).step_by(self.blocks_per_dispatch.max(1) as usize);
            blocks.map(move |first_block| Dispatch {
                first_run,
                n_runs: self.runs_per_dispatch.min(self.n_runs - first_run),
                first_block,
                n_blocks: self.blocks_per_dispatch.min(self.blocks - first_block),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Dispatch, FIRM_WORK, FirmPlan};
    use crate::gpu::plan::DeviceLimits;
    use crate::kernel::BackendError;
    use crate::kernel::firm_step::FIRM_BLOCK;

    /// The least that WebGPU promises.
    fn limits(work: u64) -> DeviceLimits {
        DeviceLimits { binding_bytes: 128 << 20, workgroups: 65_535, work }
    }

    #[test]
    fn every_plan_keeps_every_limit_and_takes_every_block_once() {
        for work in [1, 1 << 28, 1 << 34] {
            let limits = limits(work);
            for n_runs in [1, 7, 1000] {
                for stride in [64, 4096, 4160, 33_000] {
                    let plan = FirmPlan::new(&limits, n_runs, stride, 352, 3521).expect("fits");
                    let mut seen = vec![0; (plan.n_runs * plan.blocks) as usize];
                    for it in plan.dispatches() {
                        assert!(it.n_runs <= 65_535 && it.n_blocks <= 65_535);
                        let slots = u64::from(it.n_runs * it.n_blocks * FIRM_BLOCK);
                        let one = it.n_runs == 1 && it.n_blocks == 1;
                        assert!(one || slots * FIRM_WORK <= work, "{it:?}");
                        for run in it.first_run..it.first_run + it.n_runs {
                            for block in it.first_block..it.first_block + it.n_blocks {
                                seen[(run * plan.blocks + block) as usize] += 1;
                            }
                        }
                    }
                    assert!(seen.iter().all(|n| *n == 1), "{plan:?}");
                    assert!(u64::from(plan.blocks * FIRM_BLOCK) >= stride);
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let limits = limits(1 << 34);
        // 1,024 runs of 32,768 slots fill a binding exactly.
        assert!(FirmPlan::new(&limits, 1024, 32_768, 352, 3521).is_ok());
        for (n_runs, stride) in [(1024, 32_769), (10_011, 64)] {
            let error = FirmPlan::new(&limits, n_runs, stride, 352, 3521);
            assert!(matches!(error, Err(BackendError::Limit { .. })), "{n_runs} {stride}");
        }
        let whole = FirmPlan::new(&limits, 3, 64, 352, 3521).expect("fits");
        let one = Dispatch { first_run: 0, n_runs: 3, first_block: 0, n_blocks: 1 };
        assert_eq!(whole.dispatches().collect::<Vec<_>>(), [one]);
    }
}

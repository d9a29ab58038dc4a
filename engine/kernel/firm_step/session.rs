//! Many runs side by side: the firms stay where they are computed, quarter after quarter.
//!
//! A run is one replicate of one scenario. What happens between the quarters (inputs of clusters,
//! entry, supply chain) needs sums by cluster only, so a session hands out nothing else; firms come
//! back when they are asked for.

use rayon::prelude::*;

use super::state::{ClusterInputs, ClusterSums, FirmRow, Firms, StepConstants};
use super::step::{CHUNK, Vectors, step};
use super::tables::Tables;
use crate::kernel::BackendError;

/// What a run begins with.
#[derive(Debug, Clone)]
pub struct RunStart<'a> {
    /// Its firms; slots that are not alive are free.
    pub firms: Firms,
    /// Clusters it has, 1 to 511; firms name no other.
    pub clusters: usize,
    /// Tables of its parameters. Runs that share a reference share one copy on a device.
    pub tables: &'a Tables,
}

/// What one quarter of a run needs.
#[derive(Debug, Clone, Copy)]
pub struct RunQuarter<'a> {
    /// Inputs by cluster.
    pub inputs: &'a ClusterInputs,
    /// θ, quarter, replicate and key.
    pub constants: StepConstants,
}

/// The firms of many runs, held by a backend.
///
/// Every backend gives the same bits: sums, and firms up to the order of their slots. After an
/// error a session must not be used.
pub trait FirmSession: Send {
    /// Moves the firms of every run by one quarter; `quarters` has one entry per run.
    ///
    /// Returns the sums by cluster of every run, as long as its clusters.
    ///
    /// # Errors
    /// [`BackendError::Device`] and [`BackendError::Limit`] from a device.
    fn step(&mut self, quarters: &[RunQuarter<'_>]) -> Result<Vec<Vec<ClusterSums>>, BackendError>;

    /// Puts new firms into free slots of their runs, or into new slots where none is free.
    ///
    /// # Errors
    /// As [`step`](Self::step): a device may have no room for more slots.
    fn place(&mut self, arrivals: &[Vec<FirmRow>]) -> Result<(), BackendError>;

    /// The firms of one run.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn firms(&self, run: usize) -> Result<Firms, BackendError>;

    /// Replaces the firms of one run by what [`firms`](Self::firms) gave, changed in place: the same
    /// slots, and the same of them alive.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn replace(&mut self, run: usize, firms: Firms) -> Result<(), BackendError>;
}

/// A session on the processor, all threads of the pool it is called from: the reference.
#[derive(Debug)]
pub(in crate::kernel) struct CpuSession<'a> {
    runs: Vec<CpuRun<'a>>,
    vectors: Vectors,
}

#[derive(Debug)]
struct CpuRun<'a> {
    firms: Firms,
    free: Vec<usize>,
    clusters: usize,
    tables: &'a Tables,
}

impl<'a> CpuSession<'a> {
    pub(in crate::kernel) fn new(runs: Vec<RunStart<'a>>) -> Self {
        let run = |start: RunStart<'a>| CpuRun {
            free: start.firms.free_slots(),
            firms: start.firms,
            clusters: start.clusters,
            tables: start.tables,
        };
        Self { runs: runs.into_iter().map(run).collect(), vectors: Vectors::preferred() }
    }
}

impl FirmSession for CpuSession<'_> {
    fn step(&mut self, quarters: &[RunQuarter<'_>]) -> Result<Vec<Vec<ClusterSums>>, BackendError> {
        let vectors = self.vectors;
        let one = |(run, quarter): (&mut CpuRun<'_>, &RunQuarter<'_>)| {
            let (inputs, constants) = (quarter.inputs, &quarter.constants);
            let mut result = step(&mut run.firms, inputs, constants, run.tables, CHUNK, vectors);
            run.free.append(&mut result.freed);
            result.sums.truncate(run.clusters);
            result.sums
        };
        Ok(self.runs.par_iter_mut().zip(quarters).map(one).collect())
    }

    fn place(&mut self, arrivals: &[Vec<FirmRow>]) -> Result<(), BackendError> {
        for (run, arrivals) in self.runs.iter_mut().zip(arrivals) {
            for firm in arrivals {
                match run.free.pop() {
                    Some(slot) => run.firms.set(slot, *firm),
                    None => run.firms.push(*firm),
                }
            }
        }
        Ok(())
    }

    fn firms(&self, run: usize) -> Result<Firms, BackendError> {
        Ok(self.runs[run].firms.clone())
    }

    fn replace(&mut self, run: usize, firms: Firms) -> Result<(), BackendError> {
        self.runs[run].firms = firms;
        Ok(())
    }
}

//! The arithmetic that runs on every backend: what it computes, and a CPU that computes it.
//!
//! `trait Backend` is the contract. The functions in the files named after the kernels are the
//! references: sequential, in `f32`, obviously right. Beside them stand the parameter structs and
//! constants that the shaders of the same names share with their hosts. [`dot`] fixes the order of
//! additions in which every score on a processor is computed, whatever its vector registers; a GPU
//! may add in another order, so what is kept of its selection is computed again with [`dot`].

mod backend;
mod coarse;
mod cpu;
mod dot;
pub mod firm_step;
mod inputs;
mod instructions;
mod max_sim;
mod pair_scores;
mod selecting;
mod selection;
mod top_k;

pub use backend::{Backend, BackendChoice, BackendError, BackendInfo, BackendKind, Hit};
pub use coarse::{CoarseHalves, CoarseRows, RowFacts};
pub use cpu::CpuBackend;
pub use dot::{LANES, dot, dot_oracle};
pub use inputs::{MAX_MAGNITUDE, check_inputs, check_pairs, check_pairs_of};
use inputs::{check_numbers, check_shapes};
pub use instructions::Instructions;
pub use max_sim::{BestRow, JOBS_PER_WORKGROUP, MaxSimJob, MaxSimParams, NO_ROW, max_sim};
pub use pair_scores::{PAIRS_PER_WORKGROUP, PairParams, pair_scores};
pub use selecting::{Precision, RowSet, Selected, Selecting, SelectionWork};
pub use top_k::{
    QueryState, TOP_K_TILE, TOP_K_WORKGROUP_BYTES, TopKParams, best_first, key_score, score_key,
    top_k,
};

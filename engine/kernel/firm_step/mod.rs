//! One quarter of every firm of one economy, in integers: the kernel of the growth simulation.
//!
//! The model is described in `engine/simulation/README.md`; here is what is computed per firm and
//! nothing else. Same bits for any instruction set, chunk size, number of threads and order of
//! slots, because every draw is keyed by the firm and every sum is of integers.

pub mod fixed;
mod instructions;
pub mod philox;
mod session;
mod state;
mod step;
pub mod tables;
mod words;

pub(in crate::kernel) use session::CpuSession;
pub use session::{FirmSession, RunQuarter, RunStart};
pub use state::{
    ALIVE, ClusterInputs, ClusterSums, FLAG_ATTRACTED, FLAG_KEY, FirmRow, Firms, MAX_CLUSTERS,
    StepConstants, pack,
};
pub use step::{CHUNK, StepResult, Vectors, step};
pub use words::{
    BY_FREE, FIRM_BLOCK, FIRM_STEP_WORKGROUP_BYTES, FirmArrival, FirmArrivalsParams,
    FirmStepParams, INPUT_WORDS, RUN_HEADER, RUN_WORDS, SUM_WORDS, TABLE_WORDS, run_words, sums_of,
    table_words,
};

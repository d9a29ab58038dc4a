//! One quarter of every firm of one economy, in integers: the kernel of the growth simulation.
//!
//! The model is described in `engine/simulation/README.md`; here is what is computed per firm and
//! nothing else. Same bits for any instruction set, chunk size, number of threads and order of
//! slots, because every draw is keyed by the firm and every sum is of integers.

pub mod fixed;
mod instructions;
pub mod philox;
mod state;
mod step;
pub mod tables;

pub use state::{
    ALIVE, ClusterInputs, ClusterSums, FLAG_ATTRACTED, FLAG_KEY, FirmRow, Firms, MAX_CLUSTERS,
    StepConstants, pack,
};
pub use step::{CHUNK, StepResult, Vectors, step};

//! How clusters may grow: a stochastic firm-level model of a small open economy, in integers.
//!
//! [`Setup`] says what is given (parameters, initial firms, national path, levers); [`Economy`] is
//! one replicate of it, moved quarter by quarter; [`replicates`] runs many on the processor,
//! [`replicates_on`] on any backend. The firm kernel is
//! `kernel::firm_step`; model, evidence and validation are in `README.md` beside this file.
//! No file, clock or randomness that is not given; same bits for any number of threads.

mod attraction;
pub mod backtest;
mod cluster;
mod economy;
mod entry;
mod error;
mod lockstep;
mod normaliser;
mod parameters;
mod population;
mod setup;
mod supply;
#[cfg(test)]
mod tests;
mod transfer;

pub use attraction::Attraction;
pub use cluster::{Effect, LeverWindow};
pub use economy::{Checkpoint, Economy, Outcome, replicates};
pub use entry::Relatedness;
pub use error::SimulationError;
pub use lockstep::{Lockstep, Replicate, replicates_on};
pub use normaliser::{normaliser, normaliser_over};
pub use parameters::{PARAMETER_RANGES, ParameterRange, Parameters};
pub use population::reference_firms;
pub use setup::Setup;
pub use supply::{Backup, Disruption, Edge, Input, Node, SupplyChain};
pub use transfer::KnownMatch;

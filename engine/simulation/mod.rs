//! How clusters may grow: a stochastic firm-level model of a small open economy, in integers.
//!
//! [`Setup`] says what is given (parameters, initial firms, national path, levers); [`Economy`] is
//! one replicate of it, moved quarter by quarter; [`replicates`] runs many. The firm kernel is
//! `kernel::firm_step`; model, evidence and validation are in `README.md` beside this file.
//! No file, clock or randomness that is not given; same bits for any number of threads.

mod attraction;
mod cluster;
mod economy;
mod entry;
mod error;
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
pub use economy::{Checkpoint, Economy, replicates};
pub use entry::Relatedness;
pub use error::SimulationError;
pub use normaliser::{normaliser, normaliser_over};
pub use parameters::{PARAMETER_RANGES, ParameterRange, Parameters};
pub use population::reference_firms;
pub use setup::Setup;
pub use supply::{Backup, Disruption, Edge, Input, Node, SupplyChain};
pub use transfer::KnownMatch;

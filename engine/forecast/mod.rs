//! Scenarios run and told: replicates in batches on disk, results that refine while they run.
//!
//! [`simulate`] reads scenarios with their baselines (`plan`), runs every one of them, and the
//! subsets of their levers, in paired replicates (`replicate`, `run`), keeps years by cluster in
//! files of sixteen replicates (`parts`), and makes tables, charts, one page and a manifest of what
//! is there (`results`, `shares`, `outlook`, `sentence`, `document`). The same inputs give the same
//! fingerprint for any number of threads and however often the run was interrupted.

mod document;
mod error;
mod manifest;
mod outlook;
mod parts;
mod plan;
mod replicate;
mod results;
mod run;
mod sample;
mod sentence;
mod shapley;
mod shares;
mod statistics;

pub use error::ForecastError;
pub use manifest::{ForecastManifest, ScenarioFacts};
pub use run::{SimulateOptions, SimulateSummary, simulate};

//! What is asked of a simulation: scenario files, the levers' catalogue, data and their units.
//!
//! A scenario is TOML; unknown keys, impossible values, mixed units and levers that contradict each
//! other are errors with file, key and remedy, and what the evidence does not support is a warning
//! with its range (`keys`, `file`, `plan`). Figures come from tables (`series`, `firms`), national
//! growth is an input (`growth`), and [`Scenario::setup`] makes the model's setup of one replicate.
//! What is drawn outside the engine (effects of levers, events, unobserved firms) is a function of
//! the seed, of what is drawn and of the replicate (`draw`), so scenarios stay paired.

mod build;
mod catalogue;
mod chain;
mod draw;
mod error;
mod file;
mod fill_in;
mod firms;
mod growth;
mod inputs;
mod keys;
mod levers;
mod matches;
mod money;
mod places;
mod plan;
mod quarter;
mod series;
mod table;

pub use build::{Overrides, Part, PlannedTarget, REPLICATES_PER_DRAW, Scenario};
pub use catalogue::{Catalogue, Lever, Place, Target};
pub use chain::{ChainState, PlannedShock};
pub use error::ScenarioError;
pub use fill_in::{cluster_template, workbook_to_toml};
pub use keys::json_schema;
pub use levers::PlannedLever;
pub use matches::MatchPlan;
pub use money::MoneyUnit;
pub use places::{City, Industry, Places, Tier};
pub use quarter::Quarter;
pub use series::{Figure, Measure, Prices, Series};

//! Back-test: would the model have foreseen the years that have passed, and better than simple rules?
//!
//! Series of groups (provinces, cities, clusters) by year are taken as the clusters of one closed
//! economy. At every origin the parameters are fitted by regression-ABC to the years before it,
//! firms are drawn from the origin's totals, and one to three years are forecast and compared with
//! what came, beside a random walk with drift, an AR(1) and a linear trend. Nothing after the origin
//! is used. National growth is an input of the model: it goes on as in the last five years, with
//! their deviation as its uncertainty.

mod forecast;
mod panel;
mod prior;
mod rivals;
mod run;
mod verdict;

pub use panel::Panel;
pub use prior::{SUMMARY_NAMES, THETA_NAMES, THETA_RANGES};
pub use run::{BackTest, BackTestOptions, Fitted, QUANTILES, RIVALS, Scored, back_test};
pub use verdict::{COVERAGE_LEVELS, SeriesSkill, Verdict};

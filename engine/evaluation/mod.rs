//! Measures of ranked lists against graded pairs, and of lists that are handed out, as the field
//! defines them.
//!
//! Pure: runs and grades come in as tables, figures go out. Agreement with `trec_eval` is tested
//! on an example worked by hand.

mod lists;
mod ranking;
mod resampling;
mod trec;

pub use lists::{
    GroupLimit, blocking_pairs, coverage, exposure, gini, largest_exposure, mutual_at_k,
    one_sided_loss,
};
pub use ranking::{
    QueryMeasures, RankingMeasures, RelevantMeasures, average, measure_queries, ndcg,
};
pub use resampling::{Interval, bootstrap_mean, randomisation_p};
pub use trec::{Qrels, Run, TrecError, read_qrels, read_run};

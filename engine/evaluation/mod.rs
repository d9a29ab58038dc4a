//! Measures of ranked lists against graded pairs, as the field defines them.
//!
//! Pure: runs and grades come in as tables, figures go out. Agreement with `trec_eval` is tested
//! on an example worked by hand.

mod ranking;
mod resampling;
mod trec;

pub use ranking::{
    QueryMeasures, RankingMeasures, RelevantMeasures, average, measure_queries, ndcg,
};
pub use resampling::{Interval, bootstrap_mean, randomisation_p};
pub use trec::{Qrels, Run, TrecError, read_qrels, read_run};

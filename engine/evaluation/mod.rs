//! Measures of ranked lists against graded pairs, of lists that are handed out, and of forecasts, as
//! the field defines them.
//!
//! Pure: runs, grades and probabilities come in as tables, figures go out. Agreement with
//! `trec_eval` is tested on an example worked by hand (`worked/`).

mod abc;
mod agreement;
mod attribution;
mod calibration;
mod ensemble;
mod fusion;
mod lists;
mod measure;
mod outcome;
mod ranking;
mod resampling;
mod slices;
mod special;
mod tails;
mod trec;

pub use abc::PriorRuns;
pub use agreement::{GRADES, GradeTable, kappa, weighted_kappa};
pub use attribution::{
    Estimate, SobolIndex, VarianceSplit, paired_difference, shapley, sobol, split_variance,
};
pub use calibration::{Forecast, Reliability, ReliabilityBin, UPPER_FROM, reliability, wilson};
pub use ensemble::{covers, ensemble_quantile, fair_crps, normal_crps, pit, uniformity};
pub use fusion::{RRF_K, reciprocal_rank_fusion};
pub use lists::{
    GroupLimit, blocking_pairs, coverage, exposure, gini, largest_exposure, mutual_at_k,
    one_sided_loss,
};
pub use measure::{Measure, Summary, mean_of, summarise};
pub use outcome::{
    CandidateRecall, EmbeddingSpeed, Evaluation, EvaluationFacts, ListMeasures, Missing, Ranker,
    RankingOutcome, SliceOutcome, StageTime, ToldPair, TwoWay, VerdictCounts,
};
pub use ranking::{
    QueryMeasures, RelevantMeasures, measure_queries, measure_query, ndcg, relevant_grade,
};
pub use resampling::{Interval, bootstrap_clusters, bootstrap_mean, randomisation_p};
pub use slices::{SHORT_BELOW, Slice, is_chinese, is_short, states_numbers};
pub use special::normal_quantile;
pub use tails::{Life, hill, kaplan_meier, median_life, subbotin};
pub use trec::{Qrels, Run, TrecError, read_qrels, read_run};

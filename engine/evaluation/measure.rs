//! The measures by name, and what they come to over the queries.

use super::{Interval, QueryMeasures, bootstrap_mean, randomisation_p};

/// A measure of ranked lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// nDCG@10 with unjudged documents counted as grade 0.
    Ndcg10,
    /// nDCG@10 with unjudged documents removed first.
    Ndcg10Judged,
    /// Share of the first ten documents that are judged.
    Judged10,
    /// Reciprocal rank of the first relevant document.
    Mrr,
    /// The same with unjudged documents removed first.
    MrrJudged,
    /// Whether a relevant document is among the first ten.
    Hit10,
    /// Share of relevant documents among the first ten.
    Recall10,
    /// Share of relevant documents among the first hundred.
    Recall100,
}

impl Measure {
    /// All measures, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Ndcg10,
        Self::Ndcg10Judged,
        Self::Judged10,
        Self::Mrr,
        Self::MrrJudged,
        Self::Hit10,
        Self::Recall10,
        Self::Recall100,
    ];

    /// Its name in tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndcg10 => "ndcg@10",
            Self::Ndcg10Judged => "ndcg@10_judged",
            Self::Judged10 => "judged@10",
            Self::Mrr => "mrr",
            Self::MrrJudged => "mrr_judged",
            Self::Hit10 => "hit@10",
            Self::Recall10 => "recall@10",
            Self::Recall100 => "recall@100",
        }
    }

    /// Its value for one query; `None` where it needs a relevant document and none is graded so.
    #[must_use]
    pub fn of(self, query: &QueryMeasures) -> Option<f64> {
        let relevant = query.relevant;
        match self {
            Self::Ndcg10 => Some(query.ndcg_10),
            Self::Ndcg10Judged => Some(query.ndcg_10_judged),
            Self::Judged10 => Some(query.judged_10),
            Self::Mrr => relevant.map(|r| r.reciprocal_rank),
            Self::MrrJudged => relevant.map(|r| r.reciprocal_rank_judged),
            Self::Hit10 => relevant.map(|r| r.hit_10),
            Self::Recall10 => relevant.map(|r| r.recall_10),
            Self::Recall100 => relevant.map(|r| r.recall_100),
        }
    }

    /// Its values over the queries that have one, in their order.
    #[must_use]
    pub fn values(self, queries: &[QueryMeasures]) -> Vec<f64> {
        queries.iter().filter_map(|query| self.of(query)).collect()
    }
}

/// The mean of a measure over the queries that have a value; `None` where none has.
#[must_use]
pub fn mean_of(queries: &[QueryMeasures], measure: Measure) -> Option<f64> {
    let values = measure.values(queries);
    (!values.is_empty())
        .then(|| values.iter().sum::<f64>() / super::ranking::ratio(values.len(), 1))
}

/// What a measure comes to over the queries of a ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Which measure.
    pub measure: Measure,
    /// How many queries have a value.
    pub n: usize,
    /// The mean and its 95 % interval; `None` without queries.
    pub interval: Option<Interval>,
    /// Two-sided p of the difference from the baseline; `None` for the baseline itself and
    /// without queries.
    pub p: Option<f64>,
    /// The difference from the baseline, query by query, with its 95 % interval.
    pub difference: Option<Interval>,
}

/// Summarises one ranking's queries, beside the same queries of `baseline` in the same order.
///
/// `seed` decides the resamples.
#[must_use]
pub fn summarise(
    queries: &[QueryMeasures],
    baseline: Option<&[QueryMeasures]>,
    seed: u64,
) -> Vec<Summary> {
    Measure::ALL
        .into_iter()
        .map(|measure| {
            let own = measure.values(queries);
            let other = baseline.map(|baseline| measure.values(baseline));
            let difference = other.as_ref().and_then(|other| {
                let apart: Vec<f64> = own.iter().zip(other).map(|(a, b)| a - b).collect();
                bootstrap_mean(&apart, seed)
            });
            Summary {
                measure,
                n: own.len(),
                interval: bootstrap_mean(&own, seed),
                p: other.and_then(|other| randomisation_p(&own, &other, seed)),
                difference,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_in_order() {
        let names: Vec<&str> = Measure::ALL.iter().map(|measure| measure.name()).collect();
        let mut distinct = names.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), names.len());
        assert!(Measure::ALL.is_sorted());
    }

    #[test]
    fn a_summary_has_only_what_can_be_said() {
        let better = QueryMeasures { ndcg_10: 0.8, ..QueryMeasures::default() };
        let worse = QueryMeasures { ndcg_10: 0.5, ..QueryMeasures::default() };
        let summary = summarise(&[better; 30], Some(&[worse; 30]), 1);
        let ndcg = summary[0];
        assert_eq!((ndcg.measure, ndcg.n), (Measure::Ndcg10, 30));
        assert!(ndcg.p.is_some_and(|p| p < 0.001));
        assert!(ndcg.difference.is_some_and(|d| (d.mean - 0.3).abs() < 1e-12));
        // No document was relevant, so there is no reciprocal rank and nothing to compare.
        let mrr = summary[Measure::Mrr as usize];
        assert_eq!((mrr.n, mrr.interval, mrr.p), (0, None, None));
        assert!(summarise(&[better], None, 1).iter().all(|s| s.p.is_none()));
        assert_eq!(mean_of(&[], Measure::Ndcg10), None);
    }
}

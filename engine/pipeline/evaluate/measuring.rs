//! From ranked queries to figures.

use std::collections::{HashMap, HashSet};

use super::ask::{Answered, SHOWN};
use super::grades::Asked;
use crate::evaluation::{
    CandidateRecall, Forecast, Interval, Measure, QueryMeasures, Ranker, RankingOutcome,
    Reliability, Slice, SliceOutcome, ToldPair, VerdictCounts, bootstrap_mean, is_chinese,
    is_short, measure_query, reliability, states_numbers, summarise,
};
use crate::matching::{Taxonomy, is_cross_field};
use crate::model::{Record, Verdict};

/// Decides the resamples, so that two calls print the same intervals.
pub const SEED: u64 = 2_020;

/// Queries with what they came to.
pub(super) struct Measured<'a> {
    /// All asked queries, each with its answers.
    pub all: Vec<(&'a Asked, &'a Answered)>,
    pub relevant_from: i32,
}

impl Measured<'_> {
    /// The queries that have something to find.
    fn positive(&self) -> impl Iterator<Item = &(&Asked, &Answered)> {
        self.all.iter().filter(|(asked, _)| asked.is_measured())
    }

    /// What each ranker is worth, in the order of [`Ranker::ALL`].
    pub(super) fn rankings(&self) -> Vec<RankingOutcome> {
        let of = |ranker: Ranker| -> Vec<QueryMeasures> {
            self.positive()
                .map(|(asked, answered)| {
                    let ranking = &answered.rankings[ranker.index()];
                    let ranked: Vec<Option<i32>> = ranking
                        .documents
                        .iter()
                        .map(|(row, _)| asked.grades.get(row).copied())
                        .collect();
                    let judged: Vec<i32> = ranking
                        .judged
                        .iter()
                        .filter_map(|row| asked.grades.get(row).copied())
                        .collect();
                    measure_query(&ranked, &judged, &asked.all, self.relevant_from)
                })
                .collect()
        };
        let baseline = of(Ranker::Bm25);
        Ranker::ALL
            .into_iter()
            .map(|ranker| {
                let queries = of(ranker);
                let beside = (ranker != Ranker::Bm25).then_some(baseline.as_slice());
                RankingOutcome { ranker, summary: summarise(&queries, beside, SEED), queries }
            })
            .collect()
    }

    /// The same by kinds of queries, in the order of [`Slice::ALL`].
    pub(super) fn slices(
        &self,
        rankings: &[RankingOutcome],
        askers: &[Record],
        answers: &[Record],
        taxonomy: &Taxonomy,
    ) -> Vec<SliceOutcome> {
        let kinds: Vec<[Option<bool>; Slice::ALL.len()]> = self
            .positive()
            .map(|(asked, _)| {
                let best = best_graded(asked).map(|row| &answers[row as usize]);
                kinds(&askers[asked.row as usize], best, taxonomy)
            })
            .collect();
        Slice::ALL
            .into_iter()
            .zip(0..)
            .map(|(slice, at)| {
                let places: Vec<usize> =
                    (0..kinds.len()).filter(|&query| kinds[query][at] == Some(true)).collect();
                let intervals = |measure: Measure| -> Vec<Option<Interval>> {
                    let of = |ranking: &RankingOutcome| {
                        let queries = places.iter().map(|&query| &ranking.queries[query]);
                        let values: Vec<f64> = queries.filter_map(|q| measure.of(q)).collect();
                        bootstrap_mean(&values, SEED)
                    };
                    rankings.iter().map(of).collect()
                };
                SliceOutcome {
                    slice,
                    n: places.len(),
                    n_decided: kinds.iter().filter(|of| of[at].is_some()).count(),
                    ndcg_10: intervals(Measure::Ndcg10),
                    ndcg_10_judged: intervals(Measure::Ndcg10Judged),
                }
            })
            .collect()
    }

    /// How much of what is relevant the candidates hold, for the relevant grade and for grade 1.
    pub(super) fn candidate_recall(&self, n_candidates: usize) -> Vec<CandidateRecall> {
        let mut levels = vec![self.relevant_from];
        if self.relevant_from > 1 {
            levels.push(1);
        }
        levels.into_iter().map(|level| self.recall_from(level, n_candidates)).collect()
    }

    fn recall_from(&self, level: i32, n_candidates: usize) -> CandidateRecall {
        let mut sums = [0.0_f64; 4];
        let mut n_queries = 0_usize;
        for (asked, answered) in &self.all {
            // A relevant document that the lists do not hold cannot be found, and counts.
            let n_relevant = asked.all.iter().filter(|&&grade| grade >= level).count();
            if n_relevant == 0 {
                continue;
            }
            n_queries += 1;
            let share = |rows: &mut dyn Iterator<Item = u32>| {
                let rows: HashSet<u32> = rows.collect();
                let found = asked.grades.iter().filter(|(r, g)| **g >= level && rows.contains(r));
                float(found.count()) / float(n_relevant)
            };
            let first = |ranker: Ranker| {
                let documents = &answered.rankings[ranker.index()].documents;
                share(&mut documents.iter().take(n_candidates).map(|(row, _)| *row))
            };
            sums[0] += share(&mut answered.candidates.iter().copied());
            sums[1] += first(Ranker::Bm25);
            sums[2] += first(Ranker::Dense);
            sums[3] += float(answered.candidates.len());
        }
        let [union, bm25, dense, mean_candidates] = sums.map(|sum| sum / float(n_queries.max(1)));
        CandidateRecall { relevant_from: level, n_queries, union, bm25, dense, mean_candidates }
    }

    /// How well the probabilities of the graded pairs agree with the grades; `None` where all are
    /// relevant or none is, for then there is nothing to tell apart.
    pub(super) fn reliability(&self) -> Option<Reliability> {
        let measured = reliability(&self.forecasts(), SEED)?;
        (0 < measured.n_relevant && measured.n_relevant < measured.n).then_some(measured)
    }

    /// The probability of every graded pair, and what came of it.
    fn forecasts(&self) -> Vec<Forecast> {
        let mut forecasts = Vec::new();
        for (query, (_, answered)) in self.all.iter().enumerate() {
            forecasts.extend(answered.pairs.iter().filter_map(|told| {
                Some(Forecast {
                    query,
                    probability: told.probability.to_f64(),
                    relevant: told.grade? >= self.relevant_from,
                })
            }));
        }
        forecasts
    }

    /// What the run says of every graded answer and of the first of every ranking.
    pub(super) fn told_pairs(&self, answers: &[Record]) -> Vec<ToldPair> {
        let of_query = |(asked, answered): &(&Asked, &Answered)| -> Vec<ToldPair> {
            let told = answered.pairs.iter().map(|told| ToldPair {
                query: asked.query.clone(),
                document: answers[told.row as usize].id.0.clone(),
                grade: told.grade,
                place: told.place,
                parts_for_demand: told.parts_for_demand,
                parts_for_supply: told.parts_for_supply,
                score_for_demand: told.score_for_demand,
                score_for_supply: told.score_for_supply,
                probability: told.probability,
                verdict: told.verdict,
            });
            told.collect()
        };
        self.all.iter().flat_map(of_query).collect()
    }

    /// Advice against grades.
    pub(super) fn verdicts(&self) -> VerdictCounts {
        let mut counts = VerdictCounts { depth: SHOWN, ..VerdictCounts::default() };
        for (asked, answered) in &self.all {
            let has_relevant = asked.all.iter().any(|&grade| grade >= self.relevant_from);
            let side =
                if has_relevant { &mut counts.with_relevant } else { &mut counts.without_relevant };
            side[answered.best as usize] += 1;
            let mut best_relevant = Verdict::NoMatch;
            for (grade, told) in answered.pairs.iter().filter_map(|told| Some((told.grade?, told)))
            {
                let relevant = grade >= self.relevant_from;
                counts.pairs[told.verdict as usize] += 1;
                counts.relevant_pairs[told.verdict as usize] += usize::from(relevant);
                // Where it stands too deep to be seen, it is not shown, whatever its verdict.
                if relevant && told.place.is_some() {
                    best_relevant = best_relevant.max(told.verdict);
                }
            }
            if has_relevant {
                counts.relevant_shown[best_relevant as usize] += 1;
            }
        }
        counts
    }
}

/// The best graded document of a query that the lists hold: highest positive grade, then lowest
/// row.
fn best_graded(asked: &Asked) -> Option<u32> {
    let graded: &HashMap<u32, i32> = &asked.grades;
    let positive = graded.iter().filter(|(_, grade)| **grade > 0);
    positive.map(|(&row, &grade)| (std::cmp::Reverse(grade), row)).min().map(|(_, row)| row)
}

/// Whether a query is of each kind, in the order of [`Slice::ALL`]; `None` where that cannot be
/// told.
fn kinds(
    record: &Record,
    best: Option<&Record>,
    taxonomy: &Taxonomy,
) -> [Option<bool>; Slice::ALL.len()] {
    let text = format!("{}\n{}", record.title, record.body);
    let cross =
        best.and_then(|best| is_cross_field(&taxonomy.paths(record), &taxonomy.paths(best)));
    let chinese = is_chinese(&text);
    [
        Some(is_short(&text)),
        Some(states_numbers(&text)),
        cross,
        chinese,
        chinese.map(|chinese| !chinese),
    ]
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

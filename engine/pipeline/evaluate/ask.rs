//! One query ranked in every way that is measured.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::grades::Asked;
use super::retrieve::{Pooled, Ranking, Retrieved};
use crate::evaluation::Ranker;
use crate::kernel::CpuBackend;
use crate::matching::score;
use crate::model::{Match, Micro, Part, PartValues, Side, Verdict};
use crate::pipeline::PipelineError;
use crate::pipeline::passages::passage_values;
use crate::pipeline::scoring::Judge;

/// Answers of a query whose verdicts count as what a person sees.
pub(super) const SHOWN: usize = 20;

/// What judging needs to know, apart from the query.
pub(super) struct Asking<'a> {
    pub asker: Side,
    pub judge: &'a Judge<'a>,
    /// Depth to which rankings are kept.
    pub depth: usize,
}

/// What one query came to.
pub(super) struct Answered {
    /// In the order of [`Ranker::ALL`].
    pub rankings: [Ranking; Ranker::ALL.len()],
    /// The union of candidates, ascending.
    pub candidates: Vec<u32>,
    /// What the run says of every graded answer and of the first [`SHOWN`] of the full ranking, by
    /// row.
    pub pairs: Vec<Told>,
    /// The best verdict among the first [`SHOWN`] of the full ranking.
    pub best: Verdict,
}

/// What the run says of one answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// The answer's row.
    pub row: u32,
    /// Its grade; `None` where nobody graded it.
    pub grade: Option<i32>,
    /// Its place in the full ranking, from 1, where it is among the first [`SHOWN`].
    pub place: Option<u32>,
    /// The value of each part seen from the demand.
    pub parts_for_demand: PartValues,
    /// The value of each part seen from the supply.
    pub parts_for_supply: PartValues,
    /// The score seen from the demand.
    pub score_for_demand: Micro,
    /// The score seen from the supply.
    pub score_for_supply: Micro,
    /// The calibrated probability.
    pub probability: Micro,
    /// The advice.
    pub verdict: Verdict,
}

impl Asking<'_> {
    /// Judges and ranks what was retrieved for every query, in order. The same for any number of
    /// threads.
    pub(super) fn answer_all(
        &self,
        asked: &[Asked],
        retrieved: Vec<Retrieved>,
        on_progress: &(dyn Fn() + Sync),
    ) -> Result<Vec<Answered>, PipelineError> {
        let pairs: Vec<(u32, u32)> = asked
            .iter()
            .zip(&retrieved)
            .flat_map(|(query, of)| of.pool.iter().map(|answer| self.pair(query, answer.row)))
            .collect();
        // At once: a backend looks at every vector before it compares any.
        let values = passage_values(&CpuBackend::new(), self.judge.evidence, &pairs)?;
        let mut rest = values.as_slice();
        let own: Vec<&[[f32; 2]]> = retrieved
            .iter()
            .map(|of| {
                let (own, others) = rest.split_at(of.pool.len());
                rest = others;
                own
            })
            .collect();
        Ok(retrieved
            .into_par_iter()
            .zip(asked)
            .zip(own)
            .map(|((retrieved, query), passages)| {
                let answered = self.judge(query, retrieved, passages);
                on_progress();
                answered
            })
            .collect())
    }

    /// The rows of a query and an answer, the demand's first.
    const fn pair(&self, query: &Asked, answer: u32) -> (u32, u32) {
        match self.asker {
            Side::Demand => (query.row, answer),
            Side::Supply => (answer, query.row),
        }
    }

    fn judge(&self, query: &Asked, retrieved: Retrieved, passages: &[[f32; 2]]) -> Answered {
        let weights = self.hybrid_weights(query.row);
        let mut full: Vec<(u32, Micro)> = Vec::with_capacity(retrieved.pool.len());
        let mut hybrid: Vec<(u32, Micro)> = Vec::with_capacity(retrieved.pool.len());
        let mut told: HashMap<u32, Told> = HashMap::new();
        for (&pooled, &passages) in retrieved.pool.iter().zip(passages) {
            let Pooled { row: answer, words, back } = pooled;
            let words = match self.asker {
                Side::Demand => [words, back],
                Side::Supply => [back, words],
            };
            let judged = self.judge.judge_pair(self.pair(query, answer), words, passages);
            let (parts, score_for_asker) = self.seen(&judged);
            full.push((answer, score_for_asker));
            hybrid.push((answer, score(parts, &weights).score));
            let of_answer = Told {
                row: answer,
                grade: query.grades.get(&answer).copied(),
                place: None,
                parts_for_demand: judged.parts_for_demand,
                parts_for_supply: judged.parts_for_supply,
                score_for_demand: judged.score_for_demand,
                score_for_supply: judged.score_for_supply,
                probability: judged.probability(),
                verdict: judged.verdict,
            };
            told.insert(answer, of_answer);
        }
        let candidates: HashSet<u32> = retrieved.candidates.iter().copied().collect();
        let [full, hybrid] = [full, hybrid].map(|mut list| {
            list.sort_unstable_by_key(|&(row, score)| (std::cmp::Reverse(score), row));
            let list: Vec<(u32, f64)> =
                list.into_iter().map(|(row, score)| (row, score.to_f64())).collect();
            Ranking::of(&list, query, self.depth, |row| candidates.contains(&row))
        });
        let mut best = Verdict::NoMatch;
        for (place, (row, _)) in (1..).zip(full.documents.iter().take(SHOWN)) {
            if let Some(found) = told.get_mut(row) {
                found.place = Some(place);
                best = best.max(found.verdict);
            }
        }
        let mut pairs: Vec<Told> = told
            .into_values()
            .filter(|found| found.grade.is_some() || found.place.is_some())
            .collect();
        pairs.sort_unstable_by_key(|found| found.row);
        let [bm25, dense, rrf] = retrieved.rankings;
        Answered {
            rankings: [bm25, dense, rrf, hybrid, full],
            candidates: retrieved.candidates,
            pairs,
            best,
        }
    }

    /// The parts of a pair and its score, as the asker sees them.
    const fn seen<'m>(&self, judged: &'m Match) -> (&'m PartValues, Micro) {
        match self.asker {
            Side::Demand => (&judged.parts_for_demand, judged.score_for_demand),
            Side::Supply => (&judged.parts_for_supply, judged.score_for_supply),
        }
    }

    /// The asker's weights of the retrieval parts, zero for all others: a score by them shares the
    /// whole among the retrieval parts that are present.
    pub(super) fn hybrid_weights(&self, asker: u32) -> [u32; Part::ALL.len()] {
        let askers = match self.asker {
            Side::Demand => self.judge.demands,
            Side::Supply => self.judge.supplies,
        };
        let weights = self.judge.weights.seen_by(&askers[asker as usize]);
        Part::ALL.map(|part| if part.is_retrieval() { weights[part.index()] } else { 0 })
    }
}

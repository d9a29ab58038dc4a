//! One query ranked in every way that is measured.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::grades::Asked;
use crate::evaluation::{Ranker, reciprocal_rank_fusion};
use crate::index::{LexicalScorer, Scratch};
use crate::kernel::{CpuBackend, dot};
use crate::matching::score;
use crate::model::{Embeddings, Match, Micro, Part, PartValues, Side, Verdict};
use crate::pipeline::PipelineError;
use crate::pipeline::candidates::{Candidates, Scorers, WordValues, word_values};
use crate::pipeline::passages::passage_values;
use crate::pipeline::scoring::Judge;

/// Answers of a query whose verdicts count as what a person sees.
pub(super) const SHOWN: usize = 20;

/// What ranking needs to know, apart from the query.
pub(super) struct Asking<'a> {
    pub asker: Side,
    pub judge: &'a Judge<'a>,
    pub scorers: &'a Scorers,
    /// Vectors of the named model by itself, where a match uses more than these: what the dense
    /// ranking and the fusion are made of, so that they stay what the model is worth alone.
    pub alone: Option<&'a (Embeddings, Embeddings)>,
    /// The candidates of a whole run; `None` to take them from the asking direction alone.
    pub candidates: Option<&'a Candidates>,
    /// Where each asker's pairs stand in the candidates, when supplies ask.
    pub by_supply: Option<&'a (Vec<u32>, Vec<usize>)>,
    /// The asker's own row among the answers, which never answers it.
    pub own: &'a HashMap<u32, u32>,
    /// Candidates per retriever.
    pub n_candidates: usize,
    /// Depth to which rankings are kept.
    pub depth: usize,
}

/// One ranker's order for one query.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranking {
    /// Rows and scores, best first, cut at the depth.
    pub documents: Vec<(u32, f64)>,
    /// Judged rows, best first, however deep.
    pub judged: Vec<u32>,
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

/// A query ranked by its texts alone: what the judging starts from.
struct Retrieved {
    rankings: [Ranking; 3],
    candidates: Vec<u32>,
    /// Candidates and judged rows, ascending, each with what the asker's words find in it.
    pool: Vec<(u32, WordValues)>,
}

impl Asking<'_> {
    fn scorer(&self) -> &LexicalScorer {
        match self.asker {
            Side::Demand => &self.scorers.forward,
            Side::Supply => &self.scorers.reverse,
        }
    }

    fn other_scorer(&self) -> &LexicalScorer {
        match self.asker {
            Side::Demand => &self.scorers.reverse,
            Side::Supply => &self.scorers.forward,
        }
    }

    /// Vectors of the askers and of the answers.
    fn embeddings(&self) -> (&Embeddings, &Embeddings) {
        self.of_asker(self.judge.demand_embeddings, self.judge.supply_embeddings)
    }

    const fn of_asker<'v>(
        &self,
        demands: &'v Embeddings,
        supplies: &'v Embeddings,
    ) -> (&'v Embeddings, &'v Embeddings) {
        match self.asker {
            Side::Demand => (demands, supplies),
            Side::Supply => (supplies, demands),
        }
    }

    /// Ranks every query, in order. The same for any number of threads.
    pub(super) fn answer_all(
        &self,
        asked: &[Asked],
        on_progress: &(dyn Fn() + Sync),
    ) -> Result<Vec<Answered>, PipelineError> {
        let retrieved: Vec<Retrieved> = asked
            .par_iter()
            .map_init(Scratch::default, |scratch, query| self.retrieve(query, scratch))
            .collect();
        let other = self.other_words(asked, &retrieved);
        let pairs: Vec<(u32, u32)> = asked
            .iter()
            .zip(&retrieved)
            .flat_map(|(query, of)| of.pool.iter().map(|(answer, _)| self.pair(query, *answer)))
            .collect();
        // At once: a backend looks at every vector before it compares any.
        let values = passage_values(&CpuBackend::new(), self.judge.evidence, &pairs)?;
        let mut rest = values.as_slice();
        let passages: Vec<&[[f32; 2]]> = retrieved
            .iter()
            .map(|of| {
                let (own, others) = rest.split_at(of.pool.len());
                rest = others;
                own
            })
            .collect();
        let answered = retrieved.into_par_iter().zip(asked).zip(passages);
        Ok(answered
            .map(|((retrieved, query), passages)| {
                let answered = self.judge(query, retrieved, passages, &other);
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

    fn retrieve(&self, query: &Asked, scratch: &mut Scratch) -> Retrieved {
        let own = self.own.get(&query.row).copied();
        let scorer = self.scorer();
        let mut bm25: Vec<(u32, f64)> = scorer
            .top_n(query.row, scorer.n_documents(), scratch)
            .into_iter()
            .map(|hit| (hit.document, f64::from(hit.score)))
            .collect();
        bm25.retain(|(document, _)| Some(*document) != own);
        let cosines = |of| {
            let mut list = all_cosines(of, query.row);
            list.retain(|(document, _)| Some(*document) != own);
            list
        };
        let near = cosines(self.embeddings());
        let dense = match self.alone {
            Some((demands, supplies)) => cosines(self.of_asker(demands, supplies)),
            None => near.clone(),
        };
        let rows = |list: &[(u32, f64)]| list.iter().map(|(row, _)| *row).collect::<Vec<_>>();
        let fused = reciprocal_rank_fusion(&[&rows(&bm25), &rows(&dense)]);

        let candidates = match self.candidates {
            Some(candidates) => self.candidates_of(candidates, query.row, own),
            None => {
                let near = near.iter().filter(|(_, cosine)| *cosine > 0.0);
                let mut union: Vec<u32> = bm25
                    .iter()
                    .take(self.n_candidates)
                    .chain(near.take(self.n_candidates))
                    .map(|(row, _)| *row)
                    .collect();
                union.sort_unstable();
                union.dedup();
                union
            }
        };
        let judged = query.grades.keys().filter(|row| Some(**row) != own);
        let mut pool: Vec<u32> = candidates.iter().chain(judged).copied().collect();
        pool.sort_unstable();
        pool.dedup();
        let words = word_values(scorer, query.row, &pool, scratch);
        Retrieved {
            rankings: [bm25, dense, fused].map(|list| self.ranking(&list, query, |_| true)),
            pool: pool.iter().copied().zip(words).collect(),
            candidates,
        }
    }

    fn candidates_of(&self, of: &Candidates, asker: u32, own: Option<u32>) -> Vec<u32> {
        let row = asker as usize;
        let mut rows: Vec<u32> = match self.by_supply {
            Some((order, starts)) => order[starts[row]..starts[row + 1]]
                .iter()
                .map(|&at| of.pairs[at as usize].0)
                .collect(),
            None => {
                of.pairs[of.starts[row]..of.starts[row + 1]].iter().map(|pair| pair.1).collect()
            }
        };
        rows.retain(|row| Some(*row) != own);
        rows
    }

    /// What the answers' words find in the askers, of all pooled pairs, one accumulation per answer.
    fn other_words(
        &self,
        asked: &[Asked],
        retrieved: &[Retrieved],
    ) -> HashMap<(u32, u32), WordValues> {
        let mut askers_of: HashMap<u32, Vec<u32>> = HashMap::new();
        for (query, retrieved) in asked.iter().zip(retrieved) {
            for (answer, _) in &retrieved.pool {
                askers_of.entry(*answer).or_default().push(query.row);
            }
        }
        let scorer = self.other_scorer();
        askers_of
            .par_iter()
            .map_init(Scratch::default, |scratch, (&answer, askers)| {
                let values = word_values(scorer, answer, askers, scratch);
                let pairs = askers.iter().zip(values);
                pairs.map(|(&asker, values)| ((asker, answer), values)).collect::<Vec<_>>()
            })
            .flatten_iter()
            .collect()
    }

    fn judge(
        &self,
        query: &Asked,
        retrieved: Retrieved,
        passages: &[[f32; 2]],
        other: &HashMap<(u32, u32), WordValues>,
    ) -> Answered {
        let weights = self.hybrid_weights(query.row);
        let mut full: Vec<(u32, Micro)> = Vec::with_capacity(retrieved.pool.len());
        let mut hybrid: Vec<(u32, Micro)> = Vec::with_capacity(retrieved.pool.len());
        let mut told: HashMap<u32, Told> = HashMap::new();
        for (&(answer, own), &passages) in retrieved.pool.iter().zip(passages) {
            let back = other.get(&(query.row, answer)).copied();
            let back = back.unwrap_or(WordValues::NOT_KNOWN);
            let words = match self.asker {
                Side::Demand => [own, back],
                Side::Supply => [back, own],
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
            self.ranking(&list, query, |row| candidates.contains(&row))
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

    fn ranking(&self, list: &[(u32, f64)], query: &Asked, ranked: impl Fn(u32) -> bool) -> Ranking {
        Ranking {
            documents: list
                .iter()
                .filter(|(row, _)| ranked(*row))
                .take(self.depth)
                .copied()
                .collect(),
            judged: list
                .iter()
                .map(|(row, _)| *row)
                .filter(|row| query.grades.contains_key(row))
                .collect(),
        }
    }
}

/// Cosine similarity of an asker with every answer that has a vector, highest first, then by row;
/// empty where the asker has none.
fn all_cosines((askers, answers): (&Embeddings, &Embeddings), asker: u32) -> Vec<(u32, f64)> {
    let has_vector = |row: &[f32]| row.iter().any(|&x| x != 0.0);
    let query = askers.row(asker as usize);
    if !has_vector(query) {
        return Vec::new();
    }
    let mut list: Vec<(u32, f64)> = (0_u32..)
        .zip((0..answers.n_rows()).map(|row| answers.row(row)))
        .filter(|(_, answer)| has_vector(answer))
        .map(|(row, answer)| (row, f64::from(dot(query, answer))))
        .collect();
    list.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}

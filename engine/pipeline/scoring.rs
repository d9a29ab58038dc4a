//! From candidate pairs to ranked, judged and allocated matches.
//!
//! The backend's dot products only choose a shortlist. Every figure that leaves this file is made
//! from the shortlist on the CPU, in one fixed order of additions, and quantised; so the output
//! does not depend on the backend, apart from pairs that tie at the shortlist's cut.

use std::collections::HashSet;

use jiff::civil::Date;
use rayon::prelude::*;

use super::allocation::Terms;
use super::candidates::{Candidates, WordValues, by_supply, starts_of};
use super::compare::{Comparison, Rated};
use super::defaults::Rules;
use super::passages::passage_values;
use super::{PipelineError, Progress};
use crate::kernel::{Backend, BackendKind, CpuBackend, dot};
use crate::matching::{
    Calibration, Evidence, FieldPath, JudgedNumbers, PairInputs, Weights, confidence,
    field_similarity, mutual_score, part_values, score, script_of, vetoes,
};
use crate::model::{
    DemandIdx, Embeddings, Match, Micro, Part, PartValues, RatedPair, Record, Side, SupplyIdx,
    Verdict, Veto,
};
use crate::text::Script;

/// Pairs per asker that the shortlist holds beyond the ranked depth, so that a difference in the
/// last bits of a backend's dot product cannot push a ranked pair out.
const MARGIN: usize = 28;

/// What judging needs to know, apart from the pairs.
pub(super) struct Judge<'a> {
    pub demands: &'a [Record],
    pub supplies: &'a [Record],
    pub demand_embeddings: &'a Embeddings,
    pub supply_embeddings: &'a Embeddings,
    /// Requirements and passages of both sides, with their vectors.
    pub evidence: &'a Evidence,
    pub weights: &'a Weights,
    pub calibration: &'a Calibration,
    pub as_of: Date,
    demand_paths: Vec<Vec<FieldPath>>,
    supply_paths: Vec<Vec<FieldPath>>,
    /// Whether each demand and each supply has a vector at all.
    has_vector: [Vec<bool>; 2],
    /// The script of each demand and each supply, which decides its weights.
    scripts: [Vec<Script>; 2],
    /// Pairs that a broker refused: not ranked and not handed out.
    blocked: HashSet<(u32, u32)>,
}

/// How many pairs are ranked and kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depths {
    pub ranked: usize,
    pub kept: usize,
    /// Whether a supply's best pairs are kept even where they are 暂无匹配.
    pub hopeless_for_supply: bool,
}

/// One entry of a ranking: the other side's row and the score.
pub(super) type Ranked = (u32, Micro);

/// What the judging came to.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Kept pairs by demand and then supply: ranked within the kept depth by either side, or
    /// allocated, or refused by a broker (these have no rank).
    pub matches: Vec<Match>,
    /// Per demand, its best supplies, best first.
    pub ranking_for_demand: Vec<Vec<Ranked>>,
    /// Per supply, its best demands, best first.
    pub ranking_for_supply: Vec<Vec<Ranked>>,
    /// All ways of handing out: all ranked pairs, and those that are not 暂无匹配.
    pub comparisons: [Comparison; 2],
}

/// A pair on the shortlist, with everything its parts are made of.
#[derive(Debug, Clone, Copy)]
struct Short {
    demand: u32,
    supply: u32,
    inputs: PairInputs,
    for_demand: Micro,
    for_supply: Micro,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        demands: &'a [Record],
        supplies: &'a [Record],
        demand_embeddings: &'a Embeddings,
        supply_embeddings: &'a Embeddings,
        evidence: &'a Evidence,
        rules: &'a Rules,
        as_of: Date,
    ) -> Self {
        let paths = |records: &[Record]| {
            records.par_iter().map(|record| rules.taxonomy.paths(record)).collect::<Vec<_>>()
        };
        Self {
            demands,
            supplies,
            demand_embeddings,
            supply_embeddings,
            evidence,
            weights: &rules.weights,
            calibration: &rules.calibration,
            as_of,
            demand_paths: paths(demands),
            supply_paths: paths(supplies),
            has_vector: [demand_embeddings, supply_embeddings].map(|embeddings| {
                (0..embeddings.n_rows())
                    .map(|row| embeddings.row(row).iter().any(|&x| x != 0.0))
                    .collect()
            }),
            scripts: [demands, supplies]
                .map(|records| records.par_iter().map(script_of).collect::<Vec<_>>()),
            blocked: HashSet::new(),
        }
    }

    /// The same judge with pairs that a broker refused, as rows.
    pub(super) fn with_blocked(self, blocked: HashSet<(u32, u32)>) -> Self {
        Self { blocked, ..self }
    }

    fn is_blocked(&self, pair: (u32, u32)) -> bool {
        !self.blocked.is_empty() && self.blocked.contains(&pair)
    }

    /// The parts of a pair as `asker` sees them.
    fn parts(&self, asker: Side, pair: (u32, u32), inputs: &PairInputs) -> PartValues {
        let (demand, supply) = (&self.demands[pair.0 as usize], &self.supplies[pair.1 as usize]);
        part_values(asker, inputs, demand, supply, self.as_of)
    }

    fn scores(&self, pair: (u32, u32), inputs: &PairInputs) -> (Micro, Micro) {
        let of = |side| score(&self.parts(side, pair, inputs), self.weights_of(side, pair)).score;
        (of(Side::Demand), of(Side::Supply))
    }

    /// The weights of the pair's record on this side, as the asker.
    fn weights_of(&self, side: Side, pair: (u32, u32)) -> &[u32; Part::ALL.len()] {
        let script = match side {
            Side::Demand => self.scripts[0][pair.0 as usize],
            Side::Supply => self.scripts[1][pair.1 as usize],
        };
        self.weights.of(side, script)
    }

    /// Whether both records have a vector; without one, the dense part is missing, not zero.
    fn comparable(&self, pair: (u32, u32)) -> bool {
        self.has_vector[0][pair.0 as usize] && self.has_vector[1][pair.1 as usize]
    }

    /// Cosine similarity in the one fixed order; `None` where a text has no vector.
    fn cosine(&self, pair: (u32, u32)) -> Option<f32> {
        let a = self.demand_embeddings.row(pair.0 as usize);
        let b = self.supply_embeddings.row(pair.1 as usize);
        self.comparable(pair).then(|| dot(a, b))
    }

    fn field(&self, pair: (u32, u32)) -> Option<Micro> {
        field_similarity(&self.demand_paths[pair.0 as usize], &self.supply_paths[pair.1 as usize])
    }

    /// Judges one pair completely from the values of its words and of its passages, each as the
    /// demand sees them and as the supply does: for `explain` and `eval`.
    pub(super) fn judge_pair(
        &self,
        pair: (u32, u32),
        words: [WordValues; 2],
        passages: [f32; 2],
    ) -> Match {
        let numbers = self.evidence.judged_numbers(pair);
        let inputs = self.inputs(pair, words, self.cosine(pair), passages, numbers);
        let (for_demand, for_supply) = self.scores(pair, &inputs);
        self.judge(&Short { demand: pair.0, supply: pair.1, inputs, for_demand, for_supply })
    }

    /// What the parts of a pair are made of. Where there are no words or no passages their values
    /// are NaN, which is a part that is missing.
    fn inputs(
        &self,
        pair: (u32, u32),
        [words_for_demand, words_for_supply]: [WordValues; 2],
        cosine: Option<f32>,
        [passage_for_demand, passage_for_supply]: [f32; 2],
        numbers: JudgedNumbers,
    ) -> PairInputs {
        PairInputs {
            lexical_for_demand: Some(words_for_demand.lexical),
            lexical_for_supply: Some(words_for_supply.lexical),
            terms_for_demand: Some(words_for_demand.terms),
            terms_for_supply: Some(words_for_supply.terms),
            cosine,
            passage_for_demand: Some(passage_for_demand),
            passage_for_supply: Some(passage_for_supply),
            numbers,
            field: self.field(pair),
        }
    }

    fn probabilities(&self, short: &Short) -> (Micro, Micro) {
        (
            self.calibration.probability(Side::Demand, short.for_demand),
            self.calibration.probability(Side::Supply, short.for_supply),
        )
    }

    fn verdict(&self, short: &Short) -> Verdict {
        let (a, b) = self.probabilities(short);
        self.calibration.advice(Micro::mean(a, b), &self.vetoes(short))
    }

    /// The marks of a pair, refusal included.
    fn vetoes(&self, short: &Short) -> Vec<Veto> {
        let pair = (short.demand, short.supply);
        let (demand, supply) = (&self.demands[pair.0 as usize], &self.supplies[pair.1 as usize]);
        let mut vetoes = vetoes(demand, supply, short.inputs.numbers, self.as_of);
        if self.is_blocked(pair) {
            vetoes.push(Veto::Refused);
        }
        vetoes
    }

    fn judge(&self, short: &Short) -> Match {
        let pair = (short.demand, short.supply);
        let demand = &self.demands[short.demand as usize];
        let supply = &self.supplies[short.supply as usize];
        let parts_for_demand = self.parts(Side::Demand, pair, &short.inputs);
        let parts_for_supply = self.parts(Side::Supply, pair, &short.inputs);
        let (probability_for_demand, probability_for_supply) = self.probabilities(short);
        let mut judged = Match {
            demand: DemandIdx(short.demand),
            supply: SupplyIdx(short.supply),
            rank_for_demand: None,
            rank_for_supply: None,
            parts_for_demand,
            parts_for_supply,
            score_for_demand: short.for_demand,
            score_for_supply: short.for_supply,
            probability_for_demand,
            probability_for_supply,
            mutual_score: mutual_score(probability_for_demand, probability_for_supply),
            confidence: confidence(
                demand,
                supply,
                [
                    (&parts_for_demand, self.weights_of(Side::Demand, pair)),
                    (&parts_for_supply, self.weights_of(Side::Supply, pair)),
                ],
            ),
            verdict: Verdict::NoMatch,
            allocated: false,
            vetoes: self.vetoes(short),
        };
        judged.verdict = self.verdict(short);
        judged
    }

    /// What is known of pairs, exactly, given what the words of the demand and of the supply find: on
    /// the CPU, in the one order of additions.
    pub(super) fn exact_inputs(
        &self,
        pairs: &[(u32, u32)],
        words: &[Vec<WordValues>; 2],
    ) -> Result<Vec<PairInputs>, PipelineError> {
        let passages = passage_values(&CpuBackend::new(), self.evidence, pairs)?;
        Ok((0..pairs.len())
            .into_par_iter()
            .map(|at| {
                let numbers = self.evidence.judged_numbers(pairs[at]);
                let words = [words[0][at], words[1][at]];
                self.inputs(pairs[at], words, self.cosine(pairs[at]), passages[at], numbers)
            })
            .collect())
    }

    /// Shortlists the candidates, scores the shortlist, ranks it both ways, allocates, and keeps
    /// what is to be shown. What is known of the candidates exactly is not computed again.
    ///
    /// Rankings are by score, higher first, then by the other side's row, lower first.
    pub(super) fn judge_all(
        &self,
        candidates: &Candidates,
        known: Option<&[PairInputs]>,
        backend: &dyn Backend,
        depths: Depths,
        terms: &Terms<'_>,
        progress: &dyn Progress,
    ) -> Result<Judged, PipelineError> {
        let short = self.shortlist(candidates, known, backend, depths.ranked + MARGIN, progress)?;
        let pairs: Vec<(u32, u32)> = short.iter().map(|s| (s.demand, s.supply)).collect();
        let demand_starts = starts_of(self.demands.len(), pairs.iter().map(|pair| pair.0));
        let (order, supply_starts) = by_supply(&pairs, self.supplies.len());

        let rank = |places: &mut dyn Iterator<Item = u32>, of: &dyn Fn(&Short) -> Ranked| {
            let mut list: Vec<u32> =
                places.filter(|&at| !self.is_blocked(pairs[at as usize])).collect();
            list.sort_unstable_by_key(|&at| {
                let (other, score) = of(&short[at as usize]);
                (std::cmp::Reverse(score), other)
            });
            list.truncate(depths.ranked);
            list
        };
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let for_demand: Vec<Vec<u32>> = (0..self.demands.len())
            .into_par_iter()
            .map(|d| {
                rank(&mut (demand_starts[d]..demand_starts[d + 1]).map(place), &|s| {
                    (s.supply, s.for_demand)
                })
            })
            .collect();
        let for_supply: Vec<Vec<u32>> = (0..self.supplies.len())
            .into_par_iter()
            .map(|s| {
                rank(&mut order[supply_starts[s]..supply_starts[s + 1]].iter().copied(), &|s| {
                    (s.demand, s.for_supply)
                })
            })
            .collect();

        let mut ranks: Vec<[u32; 2]> = vec![[0; 2]; short.len()];
        for (direction, lists) in [&for_demand, &for_supply].into_iter().enumerate() {
            for list in lists {
                for (rank, &at) in (1..).zip(list) {
                    ranks[at as usize][direction] = rank;
                }
            }
        }

        let (allocated, comparisons) = self.allocate(&short, &ranks, terms);
        let kept_rank = |rank: u32| rank != 0 && rank as usize <= depths.kept;
        let matches: Vec<Match> = short
            .par_iter()
            .zip(&ranks)
            .zip(&allocated)
            .filter(|((short, [for_demand, for_supply]), allocated)| {
                let hopeful =
                    || depths.hopeless_for_supply || self.verdict(short) != Verdict::NoMatch;
                **allocated
                    || kept_rank(*for_demand)
                    || (kept_rank(*for_supply) && hopeful())
                    || self.is_blocked((short.demand, short.supply))
            })
            .map(|((short, ranks), &allocated)| {
                let some = |rank: u32| (rank != 0).then_some(rank);
                let mut judged = self.judge(short);
                judged.rank_for_demand = some(ranks[0]);
                judged.rank_for_supply = some(ranks[1]);
                judged.allocated = allocated;
                judged
            })
            .collect();

        let ranking = |lists: Vec<Vec<u32>>, of: &(dyn Fn(&Short) -> Ranked + Sync)| {
            lists
                .into_par_iter()
                .map(|list| list.into_iter().map(|at| of(&short[at as usize])).collect())
                .collect()
        };
        Ok(Judged {
            matches,
            ranking_for_demand: ranking(for_demand, &|s| (s.supply, s.for_demand)),
            ranking_for_supply: ranking(for_supply, &|s| (s.demand, s.for_supply)),
            comparisons,
        })
    }

    /// Hands out the ranked pairs that are worth somebody's time; one flag per shortlisted pair.
    fn allocate(
        &self,
        short: &[Short],
        ranks: &[[u32; 2]],
        terms: &Terms<'_>,
    ) -> (Vec<bool>, [Comparison; 2]) {
        let ranked: Vec<usize> =
            (0..short.len()).into_par_iter().filter(|&at| ranks[at] != [0, 0]).collect();
        let (pairs, worthwhile) = ranked
            .par_iter()
            .map(|&at| {
                let s = &short[at];
                let (a, b) = self.probabilities(s);
                let pair = RatedPair {
                    demand: s.demand,
                    supply: s.supply,
                    for_demand: s.for_demand,
                    for_supply: s.for_supply,
                    mutual: mutual_score(a, b),
                };
                (pair, self.calibration.verdict(Micro::mean(a, b)) != Verdict::NoMatch)
            })
            .unzip();
        let sizes = (self.demands.len(), self.supplies.len());
        let rated = Rated::new(pairs, worthwhile, sizes, terms.per_demand);
        let (chosen, comparisons) = rated.hand_out(terms);
        let mut allocated = vec![false; short.len()];
        for at in chosen {
            allocated[ranked[at as usize]] = true;
        }
        (allocated, comparisons)
    }

    /// The pairs that could be ranked: the best `n` each way by the backend's dot products, with
    /// their figures recomputed here.
    fn shortlist(
        &self,
        candidates: &Candidates,
        known: Option<&[PairInputs]>,
        backend: &dyn Backend,
        n: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Short>, PipelineError> {
        let pairs = &candidates.pairs;
        if let Some(known) = known {
            let first: Vec<(Micro, Micro)> = (pairs.par_iter().zip(known))
                .map(|(&pair, inputs)| self.scores(pair, inputs))
                .collect();
            let chosen = self.choose(candidates, &first, n);
            return Ok(chosen
                .into_par_iter()
                .map(|at| {
                    let ((demand, supply), (for_demand, for_supply)) = (pairs[at], first[at]);
                    Short { demand, supply, inputs: known[at], for_demand, for_supply }
                })
                .collect());
        }
        // Asked before it computes: a device that fails on the way leaves the rest to the processor.
        let by_processor = backend.info().kind == BackendKind::Cpu;
        let cosines = backend.score_pairs(
            self.demand_embeddings.view(),
            self.supply_embeddings.view(),
            pairs,
        )?;
        let passages = passage_values(backend, self.evidence, pairs)?;
        // Exact already, so they are judged once.
        let numbers: Vec<JudgedNumbers> =
            pairs.par_iter().map(|&pair| self.evidence.judged_numbers(pair)).collect();
        let inputs = |at: usize, cosine: Option<f32>, passages: [f32; 2]| {
            let words = [candidates.words_for_demand[at], candidates.words_for_supply[at]];
            self.inputs(pairs[at], words, cosine, passages, numbers[at])
        };
        let first: Vec<(Micro, Micro)> = (0..pairs.len())
            .into_par_iter()
            .map(|at| {
                let cosine = self.comparable(pairs[at]).then_some(cosines[at]);
                self.scores(pairs[at], &inputs(at, cosine, passages[at]))
            })
            .collect();

        let chosen = self.choose(candidates, &first, n);
        // A processor has computed in the one order already.
        let passages: Vec<[f32; 2]> = if by_processor {
            chosen.iter().map(|&at| passages[at]).collect()
        } else {
            let pairs: Vec<(u32, u32)> = chosen.iter().map(|&at| pairs[at]).collect();
            passage_values(&CpuBackend::new(), self.evidence, &pairs)?
        };
        Ok(chosen
            .into_par_iter()
            .zip(passages)
            .map(|(at, passages)| {
                let inputs = inputs(at, self.cosine(pairs[at]), passages);
                let (for_demand, for_supply) = self.scores(pairs[at], &inputs);
                progress.advance(1);
                Short { demand: pairs[at].0, supply: pairs[at].1, inputs, for_demand, for_supply }
            })
            .collect())
    }

    /// Places of the candidates that are among the best `n` of either side by these scores, and of
    /// refused ones, so that their veto can be seen; ascending.
    fn choose(&self, candidates: &Candidates, first: &[(Micro, Micro)], n: usize) -> Vec<usize> {
        let pairs = &candidates.pairs;
        let (order, supply_starts) = by_supply(pairs, self.supplies.len());
        let keep = |places: &mut dyn Iterator<Item = u32>, of: &dyn Fn(usize) -> Ranked| {
            let mut list: Vec<u32> =
                places.filter(|&at| !self.is_blocked(pairs[at as usize])).collect();
            if list.len() > n {
                list.select_nth_unstable_by_key(n, |&at| {
                    let (other, score) = of(at as usize);
                    (std::cmp::Reverse(score), other)
                });
                list.truncate(n);
            }
            list
        };
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let by_demand: Vec<Vec<u32>> = (0..self.demands.len())
            .into_par_iter()
            .map(|d| {
                let places = candidates.starts[d]..candidates.starts[d + 1];
                keep(&mut places.map(place), &|at| (pairs[at].1, first[at].0))
            })
            .collect();
        let by_supply: Vec<Vec<u32>> = (0..self.supplies.len())
            .into_par_iter()
            .map(|s| {
                let places = order[supply_starts[s]..supply_starts[s + 1]].iter().copied();
                keep(&mut { places }, &|at| (pairs[at].0, first[at].1))
            })
            .collect();
        let mut chosen = vec![false; pairs.len()];
        for &at in by_demand.iter().chain(&by_supply).flatten() {
            chosen[at as usize] = true;
        }
        for (at, &pair) in pairs.iter().enumerate() {
            chosen[at] |= self.is_blocked(pair);
        }

        (0..pairs.len()).filter(|&at| chosen[at]).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::kernel::CpuBackend;
    use crate::model::{RecordId, SourceRef};
    use crate::pipeline::{AllocationMethod, Silent};

    fn records(side: Side, n: usize) -> Vec<Record> {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        (0..n)
            .map(|row| {
                Record::new(side, RecordId(format!("{row:04}")), String::new(), source.clone())
            })
            .collect()
    }

    /// A missing dense part is not a dense part of zero, in the first pass either: such a pair
    /// was cut from the shortlist before it could be scored.
    #[test]
    fn a_supply_without_a_vector_is_not_cut_for_it() {
        const N: usize = 100;
        let (demands, supplies) = (records(Side::Demand, N), records(Side::Supply, N));
        let demand_embeddings = Embeddings::new([1.0, 0.0].repeat(N), 2).expect("rows");
        let rows = (0..N).flat_map(|row| if row + 1 == N { [0.0, 0.0] } else { [0.8, 0.6] });
        let supply_embeddings = Embeddings::new(rows.collect(), 2).expect("rows");
        let rules = Rules::read(None, None).expect("what ships");
        let evidence = Evidence::default();
        let judge = Judge::new(
            &demands,
            &supplies,
            &demand_embeddings,
            &supply_embeddings,
            &evidence,
            &rules,
            date(2026, 1, 1),
        );
        // Demand 0 has all supplies as candidates and shares half its words with the last, which
        // in turn is wanted more by all other demands.
        let last = u32::try_from(N - 1).expect("few");
        let pairs: Vec<(u32, u32)> =
            (0..=last).map(|supply| (0, supply)).chain((1..=last).map(|d| (d, last))).collect();
        let words = |of_last: f32, others: f32| -> Vec<WordValues> {
            let lexical = |pair: &(u32, u32)| if *pair == (0, last) { of_last } else { others };
            let values = |pair| WordValues { lexical: lexical(pair), terms: f32::NAN };
            pairs.iter().map(values).collect()
        };
        let candidates = Candidates {
            starts: starts_of(N, pairs.iter().map(|pair| pair.0)),
            words_for_demand: words(0.5, 0.1),
            words_for_supply: words(0.0, 0.9),
            pairs,
            ..Candidates::default()
        };
        let terms = Terms {
            method: AllocationMethod::Flow,
            per_demand: 1,
            per_supply: 1,
            quota: None,
            exposure_cost: Micro::ZERO,
            before_verdict: true,
        };
        let depths = Depths { ranked: 1, kept: 1, hopeless_for_supply: true };
        let judged = judge
            .judge_all(&candidates, None, &CpuBackend::new(), depths, &terms, &Silent)
            .expect("the processor can");
        let best = judged.ranking_for_demand[0][0];
        assert_eq!(best, (last, Micro(500_000)), "only the lexical part is there");
    }
}

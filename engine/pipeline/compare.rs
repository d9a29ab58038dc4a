//! Handing out in all ways over the same pairs, measured side by side.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::allocation::{AllocationMethod, QuotaOption, Terms};
use super::candidates::{by_supply, starts_of};
use crate::evaluation::{
    GroupLimit, blocking_pairs, coverage, exposure, gini, largest_exposure, mutual_at_k,
    one_sided_loss,
};
use crate::matching::{Market, deferred_acceptance, max_total_flow};
use crate::model::{Lang, Micro, RatedPair};
use crate::report::Compared;

/// Depth of the lists in which both ends of a mutual entry stand: `mutual@10`.
pub(super) const MUTUAL_DEPTH: usize = 10;

/// What a set of lists is like. Shares and coefficients are in `[0, 1]`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ListMeasures {
    /// Entries in all lists.
    pub entries: u64,
    /// Demands with at least one entry.
    pub demands: u64,
    /// Share of the supplies that stand in at least one list.
    pub coverage: f64,
    /// Gini coefficient of the number of lists each supply stands in.
    pub gini: f64,
    /// Most lists that one supply stands in.
    pub largest_exposure: u32,
    /// How many supplies stand in how many lists. Not part of the manifest.
    #[serde(skip)]
    pub exposure: BTreeMap<u32, usize>,
    /// Share of the entries at which each is in the other's ten best by mutual score.
    pub mutual_at_10: f64,
    /// One minus the entries' scores over as many best scores of the same demands.
    pub one_sided_loss: f64,
    /// Sum of the entries' mutual scores.
    pub total_mutual: f64,
    /// Pairs left out that would rather be together.
    pub blocking_pairs: u64,
}

/// One set of pairs handed out in three ways.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// How many pairs could be handed out.
    pub pairs: u64,
    /// The greatest total mutual score that the limits allow, whatever the exposure.
    pub optimum: f64,
    /// Every demand's best, whatever else they stand in.
    pub plain: ListMeasures,
    /// The greatest total mutual score less the costs of exposure.
    pub flow: ListMeasures,
    /// Deferred acceptance.
    pub stable: ListMeasures,
}

impl Comparison {
    /// What the lists of a method are like.
    pub(super) const fn by(&self, method: AllocationMethod) -> &ListMeasures {
        match method {
            AllocationMethod::Flow => &self.flow,
            AllocationMethod::Stable => &self.stable,
        }
    }
}

/// How pairs were handed out, and how the other ways would have been.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AllocationFacts {
    /// The method of the lists that were handed out.
    pub method: AllocationMethod,
    /// The quota, where there is one.
    pub quota: Option<QuotaOption>,
    /// All ranked pairs, before any verdict.
    pub before_verdict: Comparison,
    /// The pairs that are not 暂无匹配: what is handed out.
    pub handed_out: Comparison,
}

/// The pairs of a run as allocation sees them.
pub(super) struct Rated {
    /// Ranked pairs by demand, then supply.
    pairs: Vec<RatedPair>,
    /// Which of them are not 暂无匹配.
    worthwhile: Vec<bool>,
    n_demands: usize,
    n_supplies: usize,
    /// Per demand its best scores, best first, as far as lists can go.
    best: Vec<Vec<Micro>>,
    /// Per demand and per supply, its best of the other side by mutual score.
    tops: [Vec<Vec<u32>>; 2],
}

impl Rated {
    /// `pairs` are by demand and then supply, each once.
    pub(super) fn new(
        pairs: Vec<RatedPair>,
        worthwhile: Vec<bool>,
        (n_demands, n_supplies): (usize, usize),
        per_demand: u32,
    ) -> Self {
        let ends: Vec<(u32, u32)> = pairs.iter().map(|pair| (pair.demand, pair.supply)).collect();
        let demand_starts = starts_of(n_demands, ends.iter().map(|pair| pair.0));
        let (order, supply_starts) = by_supply(&ends, n_supplies);
        drop(ends);
        let of_demand = |d: usize| &pairs[demand_starts[d]..demand_starts[d + 1]];
        let best = (0..n_demands)
            .into_par_iter()
            .map(|d| {
                let mut scores: Vec<Micro> =
                    of_demand(d).iter().map(|pair| pair.for_demand).collect();
                scores.sort_unstable_by_key(|&score| Reverse(score));
                scores.truncate(per_demand as usize);
                scores
            })
            .collect();
        let top = |mut list: Vec<(Reverse<Micro>, u32)>| -> Vec<u32> {
            list.sort_unstable();
            list.truncate(MUTUAL_DEPTH);
            list.into_iter().map(|(_, row)| row).collect()
        };
        let top_of_demand = (0..n_demands)
            .into_par_iter()
            .map(|d| top(of_demand(d).iter().map(|p| (Reverse(p.mutual), p.supply)).collect()))
            .collect();
        let top_of_supply = (0..n_supplies)
            .into_par_iter()
            .map(|s| {
                let places = &order[supply_starts[s]..supply_starts[s + 1]];
                let pairs = places.iter().map(|&at| &pairs[at as usize]);
                top(pairs.map(|p| (Reverse(p.mutual), p.demand)).collect())
            })
            .collect();
        let tops = [top_of_demand, top_of_supply];
        Self { pairs, worthwhile, n_demands, n_supplies, best, tops }
    }

    /// Hands out the worthwhile pairs by the method asked for, and measures all methods on all
    /// pairs, where that is asked for, and on the worthwhile ones. Returns the chosen places in the pairs, ascending.
    pub(super) fn hand_out(&self, terms: &Terms<'_>) -> (Vec<u32>, [Comparison; 2]) {
        let before = if terms.before_verdict {
            self.compare(&self.pairs, terms).0
        } else {
            Comparison::default()
        };
        let places: Vec<u32> = (0_u32..)
            .zip(&self.worthwhile)
            .filter(|(_, worthwhile)| **worthwhile)
            .map(|(at, _)| at)
            .collect();
        let pairs: Vec<RatedPair> = places.iter().map(|&at| self.pairs[at as usize]).collect();
        let (after, chosen) = self.compare(&pairs, terms);
        (chosen.into_iter().map(|at| places[at as usize]).collect(), [before, after])
    }

    /// All ways of handing out `pairs`, and the places that the method asked for chose.
    fn compare(&self, pairs: &[RatedPair], terms: &Terms<'_>) -> (Comparison, Vec<u32>) {
        let (per_demand, per_supply) =
            (vec![terms.per_demand; self.n_demands], vec![terms.per_supply; self.n_supplies]);
        let market = Market {
            pairs,
            per_demand: &per_demand,
            per_supply: &per_supply,
            quota: terms.quota,
            exposure_cost: terms.exposure_cost,
        };
        let free = Market { exposure_cost: Micro::ZERO, ..market };
        let ((flow, optimum), stable) = rayon::join(
            || {
                let flow = max_total_flow(&market);
                let costless = terms.exposure_cost == Micro::ZERO;
                let optimum = if costless { flow.total } else { max_total_flow(&free).total };
                (flow.chosen, optimum)
            },
            || deferred_acceptance(&market),
        );
        let plain = plain_lists(pairs, terms.per_demand);
        let measure = |chosen: &[u32]| self.measure(&market, chosen);
        let comparison = Comparison {
            pairs: pairs.len() as u64,
            optimum: total_mutual(optimum),
            plain: measure(&plain),
            flow: measure(&flow),
            stable: measure(&stable),
        };
        let chosen = match terms.method {
            AllocationMethod::Flow => flow,
            AllocationMethod::Stable => stable,
        };
        (comparison, chosen)
    }

    fn measure(&self, market: &Market<'_>, chosen: &[u32]) -> ListMeasures {
        let mut lists: Vec<Vec<(Reverse<Micro>, u32)>> = vec![Vec::new(); self.n_demands];
        let mut flags = vec![false; market.pairs.len()];
        let mut total = 0_i64;
        for &at in chosen {
            let pair = &market.pairs[at as usize];
            lists[pair.demand as usize].push((Reverse(pair.for_demand), pair.supply));
            flags[at as usize] = true;
            total += i64::from(pair.mutual.0);
        }
        lists.par_iter_mut().for_each(|list| list.sort_unstable());
        let scores: Vec<Vec<Micro>> =
            lists.iter().map(|list| list.iter().map(|(score, _)| score.0).collect()).collect();
        let rows: Vec<Vec<u32>> =
            lists.iter().map(|list| list.iter().map(|(_, row)| *row).collect()).collect();
        let exposure = exposure(&rows, self.n_supplies);
        let mut by_exposure: BTreeMap<u32, usize> = BTreeMap::new();
        for &count in &exposure {
            *by_exposure.entry(count).or_default() += 1;
        }
        let limit = market.quota.map(|quota| GroupLimit { most: quota.most, group: quota.group });
        ListMeasures {
            entries: chosen.len() as u64,
            demands: rows.iter().filter(|list| !list.is_empty()).count() as u64,
            coverage: coverage(&exposure),
            gini: gini(&exposure),
            largest_exposure: largest_exposure(&exposure),
            exposure: by_exposure,
            mutual_at_10: mutual_at_k(&rows, &self.tops[0], &self.tops[1], MUTUAL_DEPTH),
            one_sided_loss: one_sided_loss(&scores, &self.best),
            total_mutual: total_mutual(total),
            blocking_pairs: blocking_pairs(
                market.pairs,
                &flags,
                market.per_demand,
                market.per_supply,
                limit,
            ),
        }
    }
}

/// A sum of mutual scores as a number.
#[expect(clippy::cast_precision_loss, reason = "a sum of millionths, far below 2^53")]
fn total_mutual(millionths: i64) -> f64 {
    millionths as f64 / 1e6
}

/// Every demand's best `most` pairs by its own score, ties by the supply's row; `pairs` are by
/// demand.
fn plain_lists(pairs: &[RatedPair], most: u32) -> Vec<u32> {
    let mut chosen = Vec::new();
    let mut first = 0_u32;
    for own in pairs.chunk_by(|a, b| a.demand == b.demand) {
        let mut order: Vec<u32> = (first..).zip(own).map(|(at, _)| at).collect();
        order.sort_unstable_by_key(|&at| {
            let pair = &pairs[at as usize];
            (Reverse(pair.for_demand), pair.supply)
        });
        first += u32::try_from(own.len()).unwrap_or(u32::MAX);
        chosen.extend(order.into_iter().take(most as usize));
    }
    chosen
}

/// The ways of handing out as people read them: those of the worthwhile pairs first.
pub(super) fn compared_for_people(
    [before, after]: &[Comparison; 2],
    method: AllocationMethod,
    lang: Lang,
) -> Vec<Compared> {
    let plain = lang.pick("普通清单（不限额）", "plain lists (no capacities)");
    let (flow, stable) = (AllocationMethod::Flow, AllocationMethod::Stable);
    let mut rows = Vec::new();
    // A night does not hand out pairs that are not worth a call, not even for comparison.
    let before = Some((false, before)).filter(|(_, before)| before.pairs > 0);
    for (worthwhile_only, comparison) in [(true, after)].into_iter().chain(before) {
        let ways = [
            (plain, None, &comparison.plain),
            (flow.label(lang), Some(flow), &comparison.flow),
            (stable.label(lang), Some(stable), &comparison.stable),
        ];
        rows.extend(ways.map(|(name, way, measures)| Compared {
            name: name.to_owned(),
            worthwhile_only,
            handed_out: worthwhile_only && way == Some(method),
            entries: measures.entries,
            demands: measures.demands,
            coverage: measures.coverage,
            gini: measures.gini,
            largest_exposure: measures.largest_exposure,
            mutual_at_10: measures.mutual_at_10,
            one_sided_loss: measures.one_sided_loss,
            total_mutual: measures.total_mutual,
            blocking_pairs: measures.blocking_pairs,
        }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_ways_are_told_apart() {
        // Both demands want supply 0 most; the first is worth more to it, the second pair is
        // worth more to both together with 0–1.
        let pair = |demand, supply, a, b, mutual| RatedPair {
            demand,
            supply,
            for_demand: Micro(a),
            for_supply: Micro(b),
            mutual: Micro(mutual),
        };
        let pairs = vec![
            pair(0, 0, 900_000, 900_000, 500_000),
            pair(0, 1, 800_000, 800_000, 480_000),
            pair(1, 0, 700_000, 100_000, 400_000),
            pair(1, 1, 100_000, 100_000, 10_000),
        ];
        let rated = Rated::new(pairs, vec![true, true, true, false], (2, 2), 1);
        let terms = Terms {
            method: AllocationMethod::Stable,
            per_demand: 1,
            per_supply: 1,
            quota: None,
            exposure_cost: Micro::ZERO,
            before_verdict: true,
        };
        let (chosen, [before, after]) = rated.hand_out(&terms);
        assert_eq!(chosen, [0], "1–1 is not worthwhile");
        assert_eq!((before.pairs, after.pairs), (4, 3));
        assert_eq!((before.plain.largest_exposure, before.plain.entries), (2, 2));
        assert_eq!(before.stable.blocking_pairs, 0);
        assert!((before.stable.total_mutual - 0.51).abs() < 1e-9);
        assert!((before.optimum - before.flow.total_mutual).abs() < 1e-9);
        assert!((before.flow.total_mutual - 0.88).abs() < 1e-9);
        assert_eq!(before.flow.blocking_pairs, 1, "0 and 0 would rather have each other");
        assert!((before.flow.one_sided_loss - 1.0 / 16.0).abs() < 1e-9, "1.5 of 1.6");
        let flow = Terms { method: AllocationMethod::Flow, ..terms };
        assert_eq!(rated.hand_out(&flow).0, [1, 2]);
    }
}

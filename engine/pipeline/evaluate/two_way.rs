//! What the lists of both sides look like, plain and handed out.

use std::collections::BTreeMap;

use crate::evaluation::{
    ListMeasures, TwoWay, coverage, exposure, gini, largest_exposure, mutual_at_k, one_sided_loss,
};
use crate::model::{Match, Micro};
use crate::pipeline::allocation::Terms;
use crate::pipeline::scoring::Judged;

/// Measures the demands' best lists as they are, and what is handed out under the capacities.
///
/// Plain lists are as long as a handed-out list may be. The best by mutual score are chosen among
/// the kept pairs, which are the best each way to the depth of the candidates.
pub(super) fn two_way(judged: &Judged, n_supplies: usize, terms: &Terms<'_>) -> TwoWay {
    let k = terms.per_demand as usize;
    let n_demands = judged.ranking_for_demand.len();
    let tops = Tops::of(&judged.matches, n_demands, n_supplies, k);
    let rows = |list: &Vec<(u32, Micro)>| list.iter().take(k).map(|(row, _)| *row).collect();
    let plain: Vec<Vec<u32>> = judged.ranking_for_demand.iter().map(rows).collect();
    let mut handed: Vec<Vec<(Micro, u32)>> = vec![Vec::new(); n_demands];
    for pair in judged.matches.iter().filter(|pair| pair.allocated) {
        handed[pair.demand.get()].push((pair.score_for_demand, pair.supply.0));
    }
    for list in &mut handed {
        list.sort_unstable_by_key(|&(score, row)| (std::cmp::Reverse(score), row));
    }
    let allocated: Vec<Vec<u32>> =
        handed.iter().map(|list| list.iter().map(|(_, row)| *row).collect()).collect();
    let best: Vec<Vec<Micro>> = judged
        .ranking_for_demand
        .iter()
        .map(|list| list.iter().map(|(_, score)| *score).collect())
        .collect();
    let given: Vec<Vec<Micro>> =
        handed.iter().map(|list| list.iter().map(|(score, _)| *score).collect()).collect();
    let plain_scores: Vec<Vec<Micro>> =
        best.iter().map(|list| list.iter().take(k).copied().collect()).collect();
    TwoWay {
        k,
        per_demand: terms.per_demand,
        per_supply: terms.per_supply,
        plain: measures(&plain, n_supplies, &tops, k, one_sided_loss(&plain_scores, &best)),
        allocated: measures(&allocated, n_supplies, &tops, k, one_sided_loss(&given, &best)),
    }
}

/// The best `k` of each row by mutual score, highest first, then by row.
struct Tops {
    of_demands: Vec<Vec<u32>>,
    of_supplies: Vec<Vec<u32>>,
}

impl Tops {
    fn of(matches: &[Match], n_demands: usize, n_supplies: usize, k: usize) -> Self {
        let mut of_demands: Vec<Vec<(Micro, u32)>> = vec![Vec::new(); n_demands];
        let mut of_supplies: Vec<Vec<(Micro, u32)>> = vec![Vec::new(); n_supplies];
        for pair in matches {
            of_demands[pair.demand.get()].push((pair.mutual_score, pair.supply.0));
            of_supplies[pair.supply.get()].push((pair.mutual_score, pair.demand.0));
        }
        let best = |lists: Vec<Vec<(Micro, u32)>>| {
            lists
                .into_iter()
                .map(|mut list| {
                    list.sort_unstable_by_key(|&(score, row)| (std::cmp::Reverse(score), row));
                    list.into_iter().take(k).map(|(_, row)| row).collect()
                })
                .collect()
        };
        Self { of_demands: best(of_demands), of_supplies: best(of_supplies) }
    }
}

fn measures(
    lists: &[Vec<u32>],
    n_supplies: usize,
    tops: &Tops,
    k: usize,
    loss: f64,
) -> ListMeasures {
    let counts = exposure(lists, n_supplies);
    let mut by_exposure: BTreeMap<u32, usize> = BTreeMap::new();
    for &count in &counts {
        *by_exposure.entry(count).or_default() += 1;
    }
    ListMeasures {
        n_entries: lists.iter().map(Vec::len).sum(),
        n_demands_served: lists.iter().filter(|list| !list.is_empty()).count(),
        coverage: coverage(&counts),
        gini: gini(&counts),
        largest_exposure: largest_exposure(&counts),
        mutual_at_k: mutual_at_k(lists, &tops.of_demands, &tops.of_supplies, k),
        one_sided_loss: loss,
        exposure: by_exposure,
    }
}

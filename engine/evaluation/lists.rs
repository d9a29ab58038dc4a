//! How attention is spread by lists that are handed out, and what each side gives up for it.
//!
//! A list is what one asker is handed: rows of the other side, best first. Nothing here knows how
//! the lists were made. Sums are integers and every figure is one quotient, so that all machines
//! agree on every bit.

use std::collections::HashMap;

use crate::model::{Micro, RatedPair};

/// In how many lists each of `n_answers` rows of the other side stands.
///
/// # Panics
/// When a list names a row that is not below `n_answers`.
#[must_use]
pub fn exposure(lists: &[Vec<u32>], n_answers: usize) -> Vec<u32> {
    let mut counts = vec![0_u32; n_answers];
    for &answer in lists.iter().flatten() {
        counts[answer as usize] += 1;
    }
    counts
}

/// The share of rows that stand in at least one list, in `[0, 1]`; 0 without rows.
#[must_use]
pub fn coverage(exposure: &[u32]) -> f64 {
    ratio(exposure.iter().filter(|&&lists| lists > 0).count() as u64, exposure.len() as u64)
}

/// The largest number of lists that one row stands in; 0 without rows.
#[must_use]
pub fn largest_exposure(exposure: &[u32]) -> u32 {
    exposure.iter().copied().max().unwrap_or(0)
}

/// The Gini coefficient of exposure: half the mean absolute difference of two rows' counts over
/// their mean (Gini 1912), rows that stand in no list included.
///
/// In `[0, 1)`: 0 where all rows are exposed alike, towards 1 where one row has everything; 0 for
/// no rows or nothing but zeros. With counts sorted ascending, `x₁ … xₙ`, it is
/// `Σ (2i − n − 1) xᵢ / (n Σ xᵢ)`.
#[must_use]
pub fn gini(exposure: &[u32]) -> f64 {
    let mut counts = exposure.to_vec();
    counts.sort_unstable();
    let n = i128::try_from(counts.len()).unwrap_or(i128::MAX);
    let (mut sum, mut weighted) = (0_i128, 0_i128);
    for (place, &count) in (1_i128..).zip(&counts) {
        sum += i128::from(count);
        weighted += (2 * place - n - 1) * i128::from(count);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of lists, far below 2^53")]
    if sum == 0 { 0.0 } else { weighted as f64 / (n * sum) as f64 }
}

/// The share of list entries at which each is in the other's unconstrained top `k`, in `[0, 1]`;
/// 0 without entries.
///
/// An entry is the pair of an asker and one of the first `k` rows of its list. `top_of_asker` and
/// `top_of_answer` hold, per row of each side, the whole ranking of the other side by mutual
/// score, best first, before any capacity; only their first `k` rows are read. A row that the
/// rankings do not reach has an empty top.
#[must_use]
pub fn mutual_at_k(
    lists: &[Vec<u32>],
    top_of_asker: &[Vec<u32>],
    top_of_answer: &[Vec<u32>],
    k: usize,
) -> f64 {
    let in_top = |tops: &[Vec<u32>], row: usize, other: u32| {
        tops.get(row).is_some_and(|top| top.iter().take(k).any(|&entry| entry == other))
    };
    let (mut entries, mut mutual) = (0_u64, 0_u64);
    for (asker, list) in (0_u32..).zip(lists) {
        for &answer in list.iter().take(k) {
            entries += 1;
            mutual += u64::from(
                in_top(top_of_asker, asker as usize, answer)
                    && in_top(top_of_answer, answer as usize, asker),
            );
        }
    }
    ratio(mutual, entries)
}

/// What askers give up of their own score: one minus the sum of the entries' scores over the sum
/// of as many best scores of the same askers, in `[0, 1]` for scores from 0.
///
/// `given` holds, per asker, the scores of its list in any order; `best` its unconstrained scores,
/// highest first. An asker with `m` entries is compared with its best `m`, so a short list of good
/// entries hides nothing and lists that are full on both sides are compared as they are. Askers
/// without entries count on neither side. 0 without entries or where the best are worth nothing.
#[must_use]
pub fn one_sided_loss(given: &[Vec<Micro>], best: &[Vec<Micro>]) -> f64 {
    let sum = |scores: &mut dyn Iterator<Item = &Micro>| -> i64 {
        scores.map(|score| i64::from(score.0)).sum()
    };
    let (mut had, mut could) = (0_i64, 0_i64);
    for (given, best) in given.iter().zip(best) {
        had += sum(&mut given.iter());
        could += sum(&mut best.iter().take(given.len()));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "millionths of some million entries, below 2^53"
    )]
    if could <= 0 { 0.0 } else { (could - had) as f64 / could as f64 }
}

/// A limit on how many of a demand's entries belong to one group of supplies.
#[derive(Debug, Clone, Copy)]
pub struct GroupLimit<'a> {
    /// Most entries of one demand from one group.
    pub most: u32,
    /// The group of each supply; `None` is no group and has no limit.
    pub group: &'a [Option<u32>],
}

/// How many pairs that were left out would rather be together (Gale and Shapley 1962).
///
/// A pair blocks when each of its ends would take the other: it has a free place, or prefers the
/// other to somebody it was handed. Preferences are the pair's own scores, higher first, then the
/// partner's row, lower first, so they are strict. Under `limit` a demand whose group is full
/// gives a place only to a supply that it prefers to one of that same group. `chosen` flags
/// `pairs`; capacities are per row, and a row that holds more than its capacity (a plain list)
/// gives a place only to somebody it prefers. 0 means that the lists are stable.
///
/// # Panics
/// When `chosen` is shorter than `pairs`, or a pair names a row without a capacity.
#[must_use]
pub fn blocking_pairs(
    pairs: &[RatedPair],
    chosen: &[bool],
    per_demand: &[u32],
    per_supply: &[u32],
    limit: Option<GroupLimit<'_>>,
) -> u64 {
    type Key = (std::cmp::Reverse<Micro>, u32);
    let demand_key =
        |pair: &RatedPair| -> Key { (std::cmp::Reverse(pair.for_demand), pair.supply) };
    let supply_key =
        |pair: &RatedPair| -> Key { (std::cmp::Reverse(pair.for_supply), pair.demand) };
    let group_of = |pair: &RatedPair| {
        limit.and_then(|limit| limit.group[pair.supply as usize].map(|g| (pair.demand, g)))
    };
    // What each end holds: how many, and the last of them in its own order.
    let mut demands: Vec<(u32, Option<Key>)> = vec![(0, None); per_demand.len()];
    let mut supplies: Vec<(u32, Option<Key>)> = vec![(0, None); per_supply.len()];
    let mut groups: HashMap<(u32, u32), (u32, Option<Key>)> = HashMap::new();
    let add = |held: &mut (u32, Option<Key>), key: Key| {
        held.0 += 1;
        held.1 = held.1.max(Some(key));
    };
    for (pair, _) in pairs.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
        add(&mut demands[pair.demand as usize], demand_key(pair));
        add(&mut supplies[pair.supply as usize], supply_key(pair));
        if let Some(group) = group_of(pair) {
            add(groups.entry(group).or_default(), demand_key(pair));
        }
    }
    let takes = |held: (u32, Option<Key>), most: u32, key: Key| {
        most > 0 && (held.0 < most || held.1.is_some_and(|last| key < last))
    };
    let blocks = |pair: &RatedPair| {
        let (d, s) = (pair.demand as usize, pair.supply as usize);
        let of_group = group_of(pair).and_then(|group| groups.get(&group)).copied();
        let full_group = limit.zip(of_group).filter(|(limit, held)| held.0 >= limit.most);
        let demand_takes = match full_group {
            Some((limit, held)) => takes(held, limit.most, demand_key(pair)),
            None if limit.is_some_and(|limit| limit.most == 0) && group_of(pair).is_some() => false,
            None => takes(demands[d], per_demand[d], demand_key(pair)),
        };
        demand_takes && takes(supplies[s], per_supply[s], supply_key(pair))
    };
    let left_out = pairs.iter().zip(chosen).filter(|(_, chosen)| !**chosen);
    left_out.filter(|(pair, _)| blocks(pair)).count() as u64
}

#[expect(clippy::cast_precision_loss, reason = "counts of entries, far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn attention_is_counted_over_all_rows() {
        let lists = vec![vec![0, 1], vec![0], vec![0, 3]];
        let exposure = exposure(&lists, 5);
        assert_eq!(exposure, [3, 1, 0, 1, 0]);
        assert!(close(coverage(&exposure), 0.6));
        assert_eq!(largest_exposure(&exposure), 3);
        // Sorted 0 0 1 1 3: Σ (2i − 6) x = 0·1 + 2·1 + 4·3 = 14, over 5 · 5.
        assert!(close(gini(&exposure), 14.0 / 25.0));
    }

    #[test]
    fn gini_of_known_counts() {
        assert!(close(gini(&[3, 3, 3]), 0.0));
        assert!(close(gini(&[0, 0, 0, 8]), 0.75));
        assert!(close(gini(&[]), 0.0) && close(gini(&[0, 0]), 0.0));
        assert!(close(coverage(&[]), 0.0));
        assert_eq!(largest_exposure(&[]), 0);
    }

    #[test]
    fn mutual_entries_stand_in_both_tops() {
        let lists = vec![vec![0, 1], vec![1], vec![]];
        let top_of_asker = vec![vec![0, 1, 2], vec![0, 1], vec![2]];
        let top_of_answer = vec![vec![1, 0], vec![2, 1, 0]];
        // (0,0): both. (0,1): 1 is second for 0, but 0 is third for 1. (1,1): both.
        assert!(close(mutual_at_k(&lists, &top_of_asker, &top_of_answer, 2), 2.0 / 3.0));
        assert!(close(mutual_at_k(&lists, &top_of_asker, &top_of_answer, 3), 1.0));
        assert!(close(mutual_at_k(&lists, &top_of_asker, &[], 3), 0.0));
        assert!(close(mutual_at_k(&[], &[], &[], 10), 0.0));
    }

    #[test]
    fn loss_compares_like_with_like() {
        let micro = |scores: &[i32]| scores.iter().map(|&s| Micro(s)).collect::<Vec<_>>();
        let best = vec![micro(&[90, 80, 10]), micro(&[50, 40]), micro(&[70])];
        // The third asker has nothing and counts on neither side.
        let given = vec![micro(&[80, 10]), micro(&[50]), vec![]];
        assert!(close(one_sided_loss(&given, &best), 1.0 - 140.0 / 220.0));
        assert!(close(one_sided_loss(&best, &best), 0.0));
        assert!(close(one_sided_loss(&[], &[]), 0.0));
    }

    fn pair(demand: u32, supply: u32, for_demand: i32, for_supply: i32) -> RatedPair {
        RatedPair {
            demand,
            supply,
            for_demand: Micro(for_demand),
            for_supply: Micro(for_supply),
            mutual: Micro(0),
        }
    }

    #[test]
    fn a_pair_blocks_when_both_ends_would_change() {
        let pairs = [pair(0, 0, 9, 9), pair(0, 1, 5, 5), pair(1, 0, 7, 3)];
        let one = [1, 1];
        // 0–1 and 1–0 are handed out: 0 and 0 would rather have each other.
        assert_eq!(blocking_pairs(&pairs, &[false, true, true], &one, &one, None), 1);
        // 0–0 alone: 1 is free, but 0 and 1 are content with each other.
        assert_eq!(blocking_pairs(&pairs, &[true, false, false], &one, &one, None), 0);
        // With room on both sides everything left out blocks; without room nothing does.
        assert_eq!(blocking_pairs(&pairs, &[false; 3], &one, &one, None), 3);
        assert_eq!(blocking_pairs(&pairs, &[false; 3], &[0, 0], &one, None), 0);
    }

    #[test]
    fn a_full_group_is_changed_only_within() {
        let pairs = [pair(0, 0, 9, 1), pair(0, 1, 5, 1), pair(0, 2, 4, 1)];
        let limit = |most| Some(GroupLimit { most, group: &[Some(7), Some(7), None] });
        let count =
            |chosen: &[bool], most| blocking_pairs(&pairs, chosen, &[2], &[1; 3], limit(most));
        // 1 would take the free place, but its group is full with somebody better.
        assert_eq!(count(&[true, false, true], 1), 0);
        // 0 is better than 1, of the same group.
        assert_eq!(count(&[false, true, true], 1), 1);
        assert_eq!(count(&[true, false, true], 2), 1);
        assert_eq!(count(&[false, false, true], 0), 0);
    }
}

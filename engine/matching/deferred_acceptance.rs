//! Who is handed to whom so that no two would rather have each other: deferred acceptance.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::market::{Market, place};
use crate::model::Micro;

/// Hands out pairs by deferred acceptance, demands proposing (Gale and Shapley 1962; many-to-many
/// with responsive preferences: Roth 1984).
///
/// Only `market.pairs` are acceptable to both. Preferences: the pair's own score for that side,
/// higher first, then the partner's row, lower first; hence strict. Returns the chosen places in
/// the pairs, ascending. The result respects all limits and has no blocking pair: no pair left out
/// is preferred, by both of its ends, to a partner they were handed or to a free place. Under a
/// quota a demand chooses the best list its quota allows; that choice is greedy on a laminar
/// matroid, hence substitutable, and stability means that no pair left out would enter both its
/// supply's list and the demand's best allowed one (Hatfield and Milgrom 2005): a demand whose
/// group is full changes only within the group. Among stable results it is the best for every
/// demand. Independent of the order of the pairs. A pair listed twice counts once, with the scores
/// that its demand prefers. O(E log E).
#[must_use]
pub fn deferred_acceptance(market: &Market<'_>) -> Vec<u32> {
    let mut wishes = wishes(market);
    // What a supply holds: a heap whose top is the partner it would give up first.
    let mut held: Vec<BinaryHeap<(Reverse<Micro>, u32, u32)>> =
        vec![BinaryHeap::new(); market.per_supply.len()];
    let mut proposers: Vec<u32> = (0..place(wishes.len())).rev().collect();
    while let Some(demand) = proposers.pop() {
        while let Some(at) = wishes[demand as usize].propose(market) {
            let pair = &market.pairs[at as usize];
            let holder = &mut held[pair.supply as usize];
            holder.push((Reverse(pair.for_supply), pair.demand, at));
            if holder.len() > market.per_supply[pair.supply as usize] as usize
                && let Some((_, refused, at)) = holder.pop()
            {
                wishes[refused as usize].lose(market.group(market.pairs[at as usize].supply));
                if refused != demand {
                    proposers.push(refused);
                }
            }
        }
    }
    let mut chosen: Vec<u32> = held.into_iter().flatten().map(|(_, _, at)| at).collect();
    chosen.sort_unstable();
    chosen
}

/// A demand's wishes, and how far it has gone through them.
#[derive(Debug, Default)]
struct Wishes {
    /// Places in the pairs, best first.
    list: Vec<u32>,
    /// The first wish that was not looked at.
    next: usize,
    /// Wishes that were passed over because their group was full, in order.
    passed: Vec<u32>,
    /// Entries held by suppliers now, in all and by group.
    has: u32,
    of_group: HashMap<u32, u32>,
    capacity: u32,
}

fn wishes(market: &Market<'_>) -> Vec<Wishes> {
    let mut wishes: Vec<Wishes> = market
        .per_demand
        .iter()
        .map(|&capacity| Wishes { capacity, ..Wishes::default() })
        .collect();
    for (at, pair) in market.pairs.iter().enumerate() {
        wishes[pair.demand as usize].list.push(place(at));
    }
    // A pair listed twice is wished for once: where it stands higher.
    let mut wished_by: Vec<Option<usize>> = vec![None; market.per_supply.len()];
    for (demand, wishes) in wishes.iter_mut().enumerate() {
        wishes.list.sort_unstable_by_key(|&at| {
            let pair = &market.pairs[at as usize];
            (Reverse(pair.for_demand), pair.supply, Reverse(pair.for_supply), at)
        });
        wishes.list.retain(|&at| {
            let supply = market.pairs[at as usize].supply as usize;
            wished_by[supply].replace(demand) != Some(demand)
        });
    }
    wishes
}

impl Wishes {
    /// The best wish not yet proposed that the limits leave room for, now proposed.
    fn propose(&mut self, market: &Market<'_>) -> Option<u32> {
        if self.has >= self.capacity {
            return None;
        }
        let most = market.quota.map_or(u32::MAX, |quota| quota.most);
        let group = |at: u32| market.group(market.pairs[at as usize].supply);
        let room = |of_group: &HashMap<u32, u32>, at: u32| {
            group(at).is_none_or(|group| of_group.get(&group).copied().unwrap_or(0) < most)
        };
        let again = self.passed.iter().position(|&at| room(&self.of_group, at));
        let wish = match again {
            Some(passed) => self.passed.remove(passed),
            None => loop {
                let at = *self.list.get(self.next)?;
                self.next += 1;
                if room(&self.of_group, at) {
                    break at;
                }
                self.passed.push(at);
            },
        };
        self.has += 1;
        if let Some(group) = group(wish) {
            *self.of_group.entry(group).or_default() += 1;
        }
        Some(wish)
    }

    /// An entry, of this group, is refused.
    fn lose(&mut self, group: Option<u32>) {
        self.has -= 1;
        if let Some(held) = group.and_then(|group| self.of_group.get_mut(&group)) {
            *held -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matching::Quota;
    use crate::model::RatedPair;

    fn pair(demand: u32, supply: u32, for_demand: i32, for_supply: i32) -> RatedPair {
        RatedPair {
            demand,
            supply,
            for_demand: Micro(for_demand),
            for_supply: Micro(for_supply),
            mutual: Micro(0),
        }
    }

    #[derive(Debug, Clone)]
    struct Made {
        pairs: Vec<RatedPair>,
        per_demand: Vec<u32>,
        per_supply: Vec<u32>,
        groups: Vec<Option<u32>>,
        most: Option<u32>,
    }

    impl Made {
        fn market(&self) -> Market<'_> {
            Market {
                pairs: &self.pairs,
                per_demand: &self.per_demand,
                per_supply: &self.per_supply,
                quota: self.most.map(|most| Quota { most, group: &self.groups }),
                exposure_cost: Micro::ZERO,
            }
        }

        fn handed(&self) -> Vec<RatedPair> {
            let chosen = deferred_acceptance(&self.market());
            chosen.iter().map(|&at| self.pairs[at as usize]).collect()
        }

        /// The list a demand would choose from `offered`, best first, within its limits.
        fn choice(&self, demand: u32, mut offered: Vec<RatedPair>) -> Vec<RatedPair> {
            offered.sort_by_key(|pair| (Reverse(pair.for_demand), pair.supply));
            let mut list: Vec<RatedPair> = Vec::new();
            for pair in offered {
                let group = |pair: &RatedPair| self.groups[pair.supply as usize];
                let same = list.iter().filter(|o| group(o) == group(&pair)).count();
                let fits = list.len() < self.per_demand[demand as usize] as usize
                    && self.most.is_none_or(|most| group(&pair).is_none() || same < most as usize);
                if fits {
                    list.push(pair);
                }
            }
            list
        }
    }

    /// Each pair at most once; few distinct scores, so that ties are common.
    fn made() -> impl Strategy<Value = Made> {
        (1_usize..7, 1_usize..7).prop_flat_map(|(n_demands, n_supplies)| {
            (
                proptest::collection::vec((any::<bool>(), 0..4, 0..4), n_demands * n_supplies),
                proptest::collection::vec(0_u32..4, n_demands),
                proptest::collection::vec(0_u32..4, n_supplies),
                proptest::collection::vec(proptest::option::of(0_u32..3), n_supplies),
                proptest::option::of(0_u32..3),
            )
                .prop_map(move |(cells, per_demand, per_supply, groups, most)| {
                    let pairs = (cells.iter().enumerate().filter(|(_, cell)| cell.0))
                        .map(|(at, &(_, a, b))| {
                            pair(place(at / n_supplies), place(at % n_supplies), a, b)
                        })
                        .collect();
                    Made { pairs, per_demand, per_supply, groups, most }
                })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn respects_limits_and_has_no_blocking_pair(made in made()) {
            let handed = made.handed();
            let list = |demand| -> Vec<RatedPair> {
                handed.iter().filter(|pair| pair.demand == demand).copied().collect()
            };
            for demand in 0..place(made.per_demand.len()) {
                // Every list is what its owner would choose from it: within all limits.
                prop_assert_eq!(made.choice(demand, list(demand)).len(), list(demand).len());
            }
            for pair in &made.pairs {
                let holders: Vec<_> =
                    handed.iter().filter(|other| other.supply == pair.supply).collect();
                let capacity = made.per_supply[pair.supply as usize] as usize;
                prop_assert!(holders.len() <= capacity);
                if handed.contains(pair) {
                    continue;
                }
                let key = |pair: &RatedPair| (Reverse(pair.for_supply), pair.demand);
                let supply_takes = holders.len() < capacity
                    || capacity > 0 && holders.iter().any(|other| key(pair) < key(other));
                let mut offered = list(pair.demand);
                offered.push(*pair);
                let demand_takes = made.choice(pair.demand, offered).contains(pair);
                prop_assert!(!(supply_takes && demand_takes), "{pair:?} blocks");
            }
        }

        #[test]
        fn the_order_of_pairs_changes_nothing(made in made(), by in 0_usize..50) {
            let sorted = |made: &Made| {
                let mut pairs: Vec<_> =
                    made.handed().iter().map(|pair| (pair.demand, pair.supply)).collect();
                pairs.sort_unstable();
                pairs
            };
            let mut turned = made.clone();
            let by = by % made.pairs.len().max(1);
            turned.pairs.rotate_left(by);
            prop_assert_eq!(sorted(&made), sorted(&turned));
        }
    }

    fn plain(pairs: &[RatedPair], per_demand: &[u32], per_supply: &[u32]) -> Vec<u32> {
        let exposure_cost = Micro::ZERO;
        let market = Market { pairs, per_demand, per_supply, quota: None, exposure_cost };
        deferred_acceptance(&market)
    }

    #[test]
    fn a_popular_supply_stands_in_as_many_lists_as_it_can_serve() {
        let pairs = [pair(0, 0, 9, 1), pair(1, 0, 9, 2), pair(2, 0, 9, 3), pair(0, 1, 5, 5)];
        // The supply keeps the demand it values most; demand 0 falls back to its second wish.
        assert_eq!(plain(&pairs, &[1; 3], &[1; 2]), [2, 3]);
    }

    #[test]
    fn zero_capacity_hands_out_nothing() {
        let pairs = [pair(0, 0, 1, 1)];
        assert!(plain(&pairs, &[0], &[1]).is_empty());
        assert!(plain(&pairs, &[1], &[0]).is_empty());
        assert!(plain(&[], &[], &[]).is_empty());
    }

    #[test]
    fn a_pair_listed_twice_counts_once() {
        let pairs = [pair(0, 0, 1, 9), pair(0, 0, 5, 1), pair(0, 1, 3, 3)];
        assert_eq!(plain(&pairs, &[3], &[3, 3]), [1, 2]);
    }

    #[test]
    fn a_wish_passed_over_is_taken_up_again() {
        // 0 and 1 are of one group, of which one may stand in the list; 2 is preferred by its
        // supply to be with demand 1.
        let made = Made {
            pairs: vec![pair(0, 0, 9, 1), pair(0, 1, 8, 1), pair(1, 0, 1, 5)],
            per_demand: vec![2, 1],
            per_supply: vec![1, 1],
            groups: vec![Some(0), Some(0)],
            most: Some(1),
        };
        assert_eq!(deferred_acceptance(&made.market()), [1, 2]);
    }
}

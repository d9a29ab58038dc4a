//! Which subsets of levers are run, and how an effect is shared among them.

use crate::kernel::firm_step::philox::philox;

/// Players up to whom all subsets are run.
pub(super) const EXACT: usize = 5;
/// Orders that are sampled beyond it.
const ORDERS: u32 = 8;
/// Replicates of every subset: the differences are paired, so few are enough.
pub(super) const REPLICATES: u32 = 64;
/// Key of the sampled orders, so that a run can be repeated.
const KEY: [u32; 2] = [0x5ba9, 0];

/// In which orders the players join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orders {
    players: usize,
    /// Empty where all subsets are run.
    sampled: Vec<Vec<usize>>,
}

impl Orders {
    /// All subsets for at most [`EXACT`] players, sampled orders beyond (Castro et al. 2009).
    pub(super) fn of(players: usize) -> Self {
        let order = |number: u32| {
            let mut order: Vec<usize> = (0..players).collect();
            let word = |i: usize| philox([u32::try_from(i).unwrap_or(0), number, 0, 0], KEY)[0];
            order.sort_by_key(|i| (word(*i), *i));
            order
        };
        let sampled = if players > EXACT { (0..ORDERS).map(order).collect() } else { Vec::new() };
        Self { players, sampled }
    }

    /// Whether every subset counts.
    pub(super) const fn is_exact(&self) -> bool {
        self.sampled.is_empty()
    }

    /// Number of sampled orders.
    pub(super) const fn sampled(&self) -> usize {
        self.sampled.len()
    }

    /// The subsets that are needed, ascending, as bits.
    pub(super) fn subsets(&self) -> Vec<u32> {
        if self.is_exact() {
            return (0..1 << self.players).collect();
        }
        let prefix = |order: &Vec<usize>| {
            let mut set = 0;
            let joined = order.iter().map(move |player| {
                set |= 1 << player;
                set
            });
            std::iter::once(0).chain(joined).collect::<Vec<u32>>()
        };
        let mut all: Vec<u32> = self.sampled.iter().flat_map(prefix).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The share of every player (Shapley 1953): the mean of what it adds over the orders. The
    /// shares add up to `value(all) − value(none)`, up to rounding.
    pub(super) fn shares(&self, value: impl Fn(u32) -> f64) -> Vec<f64> {
        let n = self.players;
        if self.is_exact() {
            // Orders in which exactly the players of a subset of k come before: k!(n−1−k)!/n!.
            let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
            return (0..n)
                .map(|player| {
                    let without = (0..1_u32 << n).filter(|set| set >> player & 1 == 0);
                    let terms = without.map(|set| {
                        let k = set.count_ones() as usize;
                        let weight = factorial(k) * factorial(n - 1 - k) / factorial(n);
                        weight * (value(set | 1 << player) - value(set))
                    });
                    terms.sum()
                })
                .collect();
        }
        let mut shares = vec![0.0; n];
        for order in &self.sampled {
            let mut set = 0;
            for player in order {
                let before = value(set);
                set |= 1 << player;
                shares[*player] += (value(set) - before) / self.sampled.len() as f64;
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A game with an interaction between players 0 and 1.
    fn value(set: u32) -> f64 {
        let has = |i: u32| f64::from(set >> i & 1);
        2.0 * has(0) + 3.0 * has(1) + 4.0 * has(0) * has(1) - has(2)
    }

    #[test]
    fn exact_shares_split_interactions_evenly() {
        let orders = Orders::of(3);
        assert!(orders.is_exact() && orders.subsets().len() == 8);
        let shares = orders.shares(value);
        for (share, expected) in shares.iter().zip([4.0, 5.0, -1.0]) {
            assert!((share - expected).abs() < 1e-12, "{shares:?}");
        }
    }

    #[test]
    fn sampled_shares_add_up_too() {
        let orders = Orders::of(8);
        assert!(!orders.is_exact() && orders.subsets().len() <= 8 * 7 + 2);
        let shares = orders.shares(value);
        let total = value(255) - value(0);
        assert!((shares.iter().sum::<f64>() - total).abs() < 1e-12);
        assert!((shares[2] + 1.0).abs() < 1e-12 && shares[7] == 0.0);
    }
}

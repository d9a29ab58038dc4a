use proptest::prelude::*;

use super::super::market::{Market, Quota, place};
use super::super::optimality::{NotOptimal, verify_optimal};
use super::*;
use crate::model::{Micro, RatedPair};

fn pair(demand: u32, supply: u32, mutual: i32) -> RatedPair {
    RatedPair { demand, supply, for_demand: Micro(0), for_supply: Micro(0), mutual: Micro(mutual) }
}

/// A market that owns its parts.
#[derive(Debug, Clone)]
struct Made {
    pairs: Vec<RatedPair>,
    per_demand: Vec<u32>,
    per_supply: Vec<u32>,
    groups: Vec<Option<u32>>,
    most: Option<u32>,
    exposure_cost: i32,
}

impl Made {
    fn market(&self) -> Market<'_> {
        Market {
            pairs: &self.pairs,
            per_demand: &self.per_demand,
            per_supply: &self.per_supply,
            quota: self.most.map(|most| Quota { most, group: &self.groups }),
            exposure_cost: Micro(self.exposure_cost),
        }
    }

    /// The greatest worth, by trying every set of pairs.
    fn best(&self) -> i64 {
        fn go(made: &Made, at: usize, sum: i64, taken: &mut Vec<RatedPair>) -> i64 {
            let Some(pair) = made.pairs.get(at) else { return sum };
            let without = go(made, at + 1, sum, taken);
            let count = |of: &dyn Fn(&RatedPair) -> bool| {
                place(taken.iter().filter(|pair| of(pair)).count())
            };
            let group = |pair: &RatedPair| made.groups[pair.supply as usize];
            let same_group = |other: &RatedPair| {
                other.demand == pair.demand && group(pair).is_some() && group(other) == group(pair)
            };
            let fits = count(&|o| o.demand == pair.demand) < made.per_demand[pair.demand as usize]
                && count(&|o| o.supply == pair.supply) < made.per_supply[pair.supply as usize]
                && count(&|o| (o.demand, o.supply) == (pair.demand, pair.supply)) == 0
                && made.most.is_none_or(|most| group(pair).is_none() || count(&same_group) < most);
            if !fits {
                return without;
            }
            let cost = i64::from(made.exposure_cost)
                * i64::from(count(&|other| other.supply == pair.supply));
            taken.push(*pair);
            let with = go(made, at + 1, sum + i64::from(pair.mutual.0) - cost, taken);
            taken.pop();
            with.max(without)
        }
        go(self, 0, 0, &mut Vec::new())
    }
}

/// Markets small enough to try everything; few distinct scores, so that ties are common, and
/// capacities from none to more than there are partners.
fn made() -> impl Strategy<Value = Made> {
    (1_usize..5, 1_usize..5).prop_flat_map(|(n_demands, n_supplies)| {
        let (d, s) = (place(n_demands), place(n_supplies));
        (
            proptest::collection::vec((0..d, 0..s, -1..7), 0..13),
            proptest::collection::vec(0_u32..5, n_demands),
            proptest::collection::vec(0_u32..5, n_supplies),
            proptest::collection::vec(proptest::option::of(0_u32..2), n_supplies),
            (proptest::option::of(0_u32..3), 0..4),
        )
            .prop_map(|(pairs, per_demand, per_supply, groups, (most, exposure_cost))| {
                Made {
                    pairs: pairs.into_iter().map(|(d, s, w)| pair(d, s, w)).collect(),
                    per_demand,
                    per_supply,
                    groups,
                    most,
                    exposure_cost,
                }
            })
    })
}

/// A market of some size with scores that rarely tie, drawn from `seed`.
fn large(n_demands: u32, n_supplies: u32, per_row: u32, seed: u64) -> Made {
    let mut state = seed;
    let mut draw = move |below: u32| {
        // Knuth's multiplier for 64 bits; the high half is random enough for a test.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u32::try_from(((state >> 32) * u64::from(below)) >> 32).expect("below a u32")
    };
    let mut pairs = Vec::new();
    for demand in 0..n_demands {
        for _ in 0..per_row {
            // Squared, so that the first supplies are wanted by everybody.
            let near = u64::from(draw(n_supplies)) * u64::from(draw(n_supplies));
            let supply = u32::try_from(near / u64::from(n_supplies)).expect("a row");
            let mutual = i32::try_from(draw(1_000_000)).expect("millionths");
            pairs.push(pair(demand, supply, mutual));
        }
    }
    Made {
        pairs,
        per_demand: (0..n_demands).map(|row| row % 12).collect(),
        per_supply: (0..n_supplies).map(|row| row % 7).collect(),
        groups: (0..n_supplies).map(|row| (row % 5 > 0).then_some(row % 5)).collect(),
        most: None,
        exposure_cost: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_choice_is_worth_more(made in made()) {
        let market = made.market();
        let flow = max_total_flow(&market);
        prop_assert_eq!(flow.worth, made.best());
        // The proof holds, and says that capacities and quotas do.
        prop_assert_eq!(verify_optimal(&market, &flow.chosen, &flow.prices), Ok(flow.worth));
        for &at in &flow.chosen {
            prop_assert!(made.pairs[at as usize].mutual.0 > 0);
        }
    }

    #[test]
    fn the_order_of_pairs_changes_nothing(made in made(), by in 0_usize..13) {
        let pairs_of = |made: &Made| {
            let flow = max_total_flow(&made.market());
            let mut pairs: Vec<_> = flow.chosen.iter().map(|&at| {
                let pair = &made.pairs[at as usize];
                (pair.demand, pair.supply)
            }).collect();
            pairs.sort_unstable();
            (pairs, flow.total, flow.prices)
        };
        let mut turned = made.clone();
        let by = by % made.pairs.len().max(1);
        turned.pairs.rotate_left(by);
        turned.pairs.reverse();
        prop_assert_eq!(pairs_of(&made), pairs_of(&turned));
    }
}

#[test]
fn larger_markets_are_proved_optimal() {
    for (seed, most) in (1_u64..).zip([None, Some(0), Some(1), Some(2), Some(5)]) {
        let mut made = large(300, 200, 40, seed);
        made.most = most;
        let flow = max_total_flow(&made.market());
        assert!(flow.total > 0);
        assert_eq!(verify_optimal(&made.market(), &flow.chosen, &flow.prices), Ok(flow.total));
        // The cost of exposure spreads the entries and leaves a little of the total.
        made.exposure_cost = 30_000;
        let spread = max_total_flow(&made.market());
        assert_eq!(
            verify_optimal(&made.market(), &spread.chosen, &spread.prices),
            Ok(spread.worth)
        );
        assert!(spread.total <= flow.total && spread.worth < spread.total);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_answer() {
    let made = large(200, 300, 30, 9);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| max_total_flow(&made.market()))
    };
    assert_eq!(with(1), with(8));
}

#[test]
fn a_chain_of_exchanges_is_found() {
    // Greedy gives 0–0 and nothing to 1; the best is 0–1 and 1–0.
    let made = Made {
        pairs: vec![pair(0, 0, 9), pair(0, 1, 8), pair(1, 0, 7)],
        per_demand: vec![1, 1],
        per_supply: vec![1, 1],
        groups: vec![None; 2],
        most: None,
        exposure_cost: 0,
    };
    let flow = max_total_flow(&made.market());
    assert_eq!((flow.chosen, flow.total), (vec![1, 2], 15));
}

#[test]
fn a_quota_keeps_a_list_from_one_group() {
    let mut made = Made {
        pairs: vec![pair(0, 0, 9), pair(0, 1, 8), pair(0, 2, 3), pair(0, 3, 2)],
        per_demand: vec![3],
        per_supply: vec![1; 4],
        groups: vec![Some(4), Some(4), Some(5), None],
        most: Some(1),
        exposure_cost: 0,
    };
    let flow = max_total_flow(&made.market());
    assert_eq!((flow.chosen, flow.total), (vec![0, 2, 3], 14));
    made.most = Some(0);
    assert_eq!(max_total_flow(&made.market()).chosen, [3], "no group, no limit");
}

#[test]
fn exposure_is_spread_where_it_costs_little() {
    // Two demands; both supplies are nearly as good for the second.
    let mut made = Made {
        pairs: vec![pair(0, 0, 9), pair(0, 1, 3), pair(1, 0, 8), pair(1, 1, 7)],
        per_demand: vec![1, 1],
        per_supply: vec![2, 2],
        groups: vec![None; 2],
        most: None,
        exposure_cost: 0,
    };
    assert_eq!(max_total_flow(&made.market()).chosen, [0, 2]);
    made.exposure_cost = 2;
    let flow = max_total_flow(&made.market());
    assert_eq!((flow.chosen, flow.total, flow.worth), (vec![0, 3], 16, 16));
}

#[test]
fn empty_sides_and_no_pairs() {
    for (n_demands, n_supplies) in [(0, 0), (0, 3), (3, 0), (2, 2)] {
        let made = Made {
            pairs: Vec::new(),
            per_demand: vec![1; n_demands],
            per_supply: vec![1; n_supplies],
            groups: vec![None; n_supplies],
            most: Some(1),
            exposure_cost: 0,
        };
        let flow = max_total_flow(&made.market());
        assert!(flow.chosen.is_empty() && flow.total == 0);
    }
}

#[test]
fn a_wrong_answer_has_no_proof() {
    let made = large(60, 40, 15, 3);
    let market = made.market();
    let flow = max_total_flow(&market);
    let verify = |chosen: &[u32], prices: &Prices| verify_optimal(&market, chosen, prices);
    assert!(matches!(verify(&flow.chosen[1..], &flow.prices), Err(NotOptimal::Gap { .. })));
    let twice: Vec<u32> = flow.chosen.iter().chain(&flow.chosen[..1]).copied().collect();
    assert!(verify(&twice, &flow.prices).is_err());
    let mut dearer = flow.prices.clone();
    dearer.demand[11] += 1;
    assert!(matches!(verify(&flow.chosen, &dearer), Err(NotOptimal::Gap { .. })));
    dearer.demand[11] = -1;
    assert_eq!(verify(&flow.chosen, &dearer), Err(NotOptimal::Price));
    let all: Vec<u32> = (0..place(made.pairs.len())).collect();
    assert!(verify(&all, &flow.prices).is_err());
}

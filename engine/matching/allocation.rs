//! Who is handed to whom, with hard capacities on both sides: deferred acceptance.

use crate::model::Micro;

/// One acceptable pair of a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Row of the demand.
    pub demand: u32,
    /// Row of the supply.
    pub supply: u32,
    /// What the supply is worth to the demand; higher is better.
    pub for_demand: Micro,
    /// What the demand is worth to the supply; higher is better.
    pub for_supply: Micro,
}

/// How many partners each side may be handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacities {
    /// Most supplies in one demand's list.
    pub per_demand: u32,
    /// Most demands' lists in which one supply stands.
    pub per_supply: u32,
}

/// Hands out pairs by deferred acceptance, demands proposing (Gale and Shapley 1962; many-to-many
/// with responsive preferences: Roth 1984).
///
/// Only `edges` are acceptable to both. Preferences: the score, higher first, then the partner's
/// row, lower first; hence strict. Returns the chosen places in `edges`, ascending. The result
/// respects both capacities and has no blocking pair: no edge left out is preferred, by both of
/// its ends, to a partner they were handed or to a free place. Independent of the order of
/// `edges`. An edge listed twice counts once. O(E log E).
#[must_use]
pub fn allocate(
    n_demands: usize,
    n_supplies: usize,
    edges: &[Edge],
    capacities: Capacities,
) -> Vec<u32> {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let mut wishes: Vec<Vec<u32>> = vec![Vec::new(); n_demands];
    for (at, edge) in edges.iter().enumerate() {
        wishes[edge.demand as usize].push(place(at));
    }
    for list in &mut wishes {
        list.sort_unstable_by_key(|&at| {
            let edge = &edges[at as usize];
            (std::cmp::Reverse(edge.for_demand), edge.supply, at)
        });
        list.dedup_by_key(|at| edges[*at as usize].supply);
    }

    // What a supply holds: a heap whose top is the partner it would give up first.
    let mut held: Vec<std::collections::BinaryHeap<(std::cmp::Reverse<Micro>, u32, u32)>> =
        vec![std::collections::BinaryHeap::new(); n_supplies];
    let mut next_wish = vec![0_usize; n_demands];
    let mut has = vec![0_u32; n_demands];
    let mut proposers: Vec<u32> = (0..n_demands).rev().map(place).collect();
    while let Some(demand) = proposers.pop() {
        let row = demand as usize;
        while has[row] < capacities.per_demand && next_wish[row] < wishes[row].len() {
            let at = wishes[row][next_wish[row]];
            next_wish[row] += 1;
            let edge = &edges[at as usize];
            let holder = &mut held[edge.supply as usize];
            holder.push((std::cmp::Reverse(edge.for_supply), edge.demand, at));
            has[row] += 1;
            if holder.len() > capacities.per_supply as usize
                && let Some((_, refused, _)) = holder.pop()
            {
                has[refused as usize] -= 1;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edge(demand: u32, supply: u32, for_demand: i32, for_supply: i32) -> Edge {
        Edge { demand, supply, for_demand: Micro(for_demand), for_supply: Micro(for_supply) }
    }

    fn row(at: usize) -> u32 {
        u32::try_from(at).expect("a small market")
    }

    fn market() -> impl Strategy<Value = (usize, usize, Vec<Edge>, Capacities)> {
        (1_usize..7, 1_usize..7, 0_u32..4, 0_u32..4).prop_flat_map(
            |(n_demands, n_supplies, per_demand, per_supply)| {
                let pairs = n_demands * n_supplies;
                // Few distinct scores, so that ties are common.
                proptest::collection::vec((any::<bool>(), 0..4, 0..4), pairs).prop_map(
                    move |cells| {
                        let edges = cells
                            .iter()
                            .enumerate()
                            .filter(|(_, cell)| cell.0)
                            .map(|(at, &(_, a, b))| {
                                edge(row(at / n_supplies), row(at % n_supplies), a, b)
                            })
                            .collect();
                        (n_demands, n_supplies, edges, Capacities { per_demand, per_supply })
                    },
                )
            },
        )
    }

    /// Whether `edge` would rather be matched than what one end was handed.
    fn wants(
        edge: &Edge,
        handed: &[&Edge],
        capacity: u32,
        key: impl Fn(&Edge) -> (std::cmp::Reverse<Micro>, u32),
    ) -> bool {
        capacity > 0
            && (handed.len() < capacity as usize || handed.iter().any(|&h| key(edge) < key(h)))
    }

    proptest! {
        #[test]
        fn respects_capacities_and_has_no_blocking_pair(
            (n_demands, n_supplies, edges, capacities) in market()
        ) {
            let chosen = allocate(n_demands, n_supplies, &edges, capacities);
            let of_demand = |demand| chosen.iter().map(|&at| &edges[at as usize])
                .filter(|e| e.demand == demand).collect::<Vec<_>>();
            let of_supply = |supply| chosen.iter().map(|&at| &edges[at as usize])
                .filter(|e| e.supply == supply).collect::<Vec<_>>();
            for demand in 0..row(n_demands) {
                prop_assert!(of_demand(demand).len() <= capacities.per_demand as usize);
            }
            for supply in 0..row(n_supplies) {
                prop_assert!(of_supply(supply).len() <= capacities.per_supply as usize);
            }
            for (at, e) in edges.iter().enumerate() {
                if chosen.contains(&row(at)) {
                    continue;
                }
                let blocks = wants(e, &of_demand(e.demand), capacities.per_demand,
                        |e| (std::cmp::Reverse(e.for_demand), e.supply))
                    && wants(e, &of_supply(e.supply), capacities.per_supply,
                        |e| (std::cmp::Reverse(e.for_supply), e.demand));
                prop_assert!(!blocks, "{e:?} blocks");
            }
        }

        #[test]
        fn the_order_of_edges_changes_nothing(
            (n_demands, n_supplies, edges, capacities) in market(), turn in 0_usize..50
        ) {
            let pairs = |edges: &[Edge], chosen: &[u32]| {
                let mut pairs: Vec<_> = chosen.iter()
                    .map(|&at| (edges[at as usize].demand, edges[at as usize].supply)).collect();
                pairs.sort_unstable();
                pairs
            };
            let mut turned = edges.clone();
            if !turned.is_empty() {
                let by = turn % turned.len();
                turned.rotate_left(by);
            }
            prop_assert_eq!(
                pairs(&edges, &allocate(n_demands, n_supplies, &edges, capacities)),
                pairs(&turned, &allocate(n_demands, n_supplies, &turned, capacities))
            );
        }
    }

    #[test]
    fn a_popular_supply_stands_in_as_many_lists_as_it_can_serve() {
        let edges = [edge(0, 0, 9, 1), edge(1, 0, 9, 2), edge(2, 0, 9, 3), edge(0, 1, 5, 5)];
        let chosen = allocate(3, 2, &edges, Capacities { per_demand: 1, per_supply: 1 });
        // The supply keeps the demand it values most; demand 0 falls back to its second wish.
        assert_eq!(chosen, [2, 3]);
    }

    #[test]
    fn zero_capacity_hands_out_nothing() {
        let edges = [edge(0, 0, 1, 1)];
        assert!(allocate(1, 1, &edges, Capacities { per_demand: 0, per_supply: 1 }).is_empty());
        assert!(allocate(1, 1, &edges, Capacities { per_demand: 1, per_supply: 0 }).is_empty());
    }
}

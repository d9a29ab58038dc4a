//! The graph of a market: demands, their groups, and the arcs of both to supplies.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use super::super::market::{Market, place};

/// A pair as an arc from a demand, or from one of its groups, to a supply.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arc {
    /// The node it leaves: a demand's row, or the number of a group node.
    pub(super) from: u32,
    /// Row of the supply.
    pub(super) supply: u32,
    /// Mutual score in millionths, above zero.
    pub(super) weight: i32,
    /// Place in the market's pairs.
    pub(super) pair: u32,
}

/// Nodes that arcs leave: first the demands, by row, then the groups of each demand in turn.
#[derive(Debug)]
pub(super) struct Network {
    /// Arcs by node, heaviest first, then by supply.
    pub(super) arcs: Vec<Arc>,
    /// The arcs of each node.
    ranges: Vec<Range<u32>>,
    /// The demand of each node; a demand is its own.
    pub(super) demand: Vec<u32>,
    /// The groups' own numbers, by node less the number of demands.
    pub(super) group: Vec<u32>,
    /// First group node of each demand, and one past the last.
    groups_from: Vec<u32>,
}

/// Demand, group and one (zero without group), weight, supply, place.
type Key = (u32, u32, Reverse<i32>, u32, u32);

impl Network {
    /// Builds the graph; arcs that nothing can flow through are left out.
    pub(super) fn of(market: &Market<'_>) -> Self {
        let n_demands = market.per_demand.len();
        let mut keys: Vec<Key> = (market.pairs.par_iter().enumerate())
            .filter_map(|(at, pair)| {
                let group = market.group(pair.supply).map_or(0, |group| group.saturating_add(1));
                let key = (pair.demand, group, Reverse(pair.mutual.0), pair.supply, place(at));
                (pair.mutual.0 > 0 && market.is_open(pair)).then_some(key)
            })
            .collect();
        keys.par_sort_unstable();

        let mut network = Self {
            arcs: Vec::with_capacity(keys.len()),
            ranges: vec![0..0; n_demands],
            demand: (0..place(n_demands)).collect(),
            group: Vec::new(),
            groups_from: vec![0; n_demands + 1],
        };
        // A supply is in one group, so the first of its arcs from a demand is the heaviest.
        let mut seen_by: Vec<Option<u32>> = vec![None; market.per_supply.len()];
        let mut at_group = None;
        for &(demand, group, Reverse(weight), supply, pair) in &keys {
            if seen_by[supply as usize].replace(demand) == Some(demand) {
                continue;
            }
            let from = if group == 0 {
                demand
            } else {
                if at_group != Some((demand, group)) {
                    at_group = Some((demand, group));
                    network.demand.push(demand);
                    network.group.push(group - 1);
                    network.ranges.push(0..0);
                    network.groups_from[demand as usize + 1] += 1;
                }
                place(network.ranges.len() - 1)
            };
            let end = place(network.arcs.len());
            let range = &mut network.ranges[from as usize];
            if range.start == range.end {
                range.start = end;
            }
            range.end = end + 1;
            network.arcs.push(Arc { from, supply, weight, pair });
        }
        network.groups_from[0] = place(n_demands);
        for demand in 0..n_demands {
            network.groups_from[demand + 1] += network.groups_from[demand];
        }
        network
    }

    /// How many nodes arcs leave.
    pub(super) fn n_nodes(&self) -> usize {
        self.ranges.len()
    }

    /// How many of them are demands.
    pub(super) fn n_demands(&self) -> usize {
        self.groups_from.len() - 1
    }

    /// Places in [`arcs`](Self::arcs) of a node's own arcs.
    pub(super) fn arcs_of(&self, node: u32) -> Range<usize> {
        let range = &self.ranges[node as usize];
        range.start as usize..range.end as usize
    }

    /// The group nodes of a demand.
    pub(super) fn groups_of(&self, demand: u32) -> Range<u32> {
        self.groups_from[demand as usize]..self.groups_from[demand as usize + 1]
    }

    /// Whether a node is a demand rather than a group.
    pub(super) fn is_demand(&self, node: u32) -> bool {
        (node as usize) < self.n_demands()
    }
}

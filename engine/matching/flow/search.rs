//! The state of a flow, and the search for the cheapest exchange that lets one more entry in.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::super::market::{Market, place};
use super::super::optimality::{GroupPrice, Prices};
use super::Flow;
use super::network::Network;

/// How the search came to a node that arcs leave.
#[derive(Debug, Clone, Copy)]
enum Via {
    /// It began there.
    Start,
    /// The node gives up this arc to whoever came to the arc's supply.
    Exchange(u32),
    /// From its demand, which enters the group.
    Demand,
    /// From one of its groups, which gives an entry back.
    Group(u32),
}

/// Where a path ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// A demand does without one entry.
    GiveUp(u32),
    /// A supply with room.
    Room(u32),
}

/// Not reached.
const FAR: i64 = i64::MAX;

/// A flow in the making, optimal for the entries asked for so far.
///
/// Reduced cost of an arc: price of its node + price of its supply − weight; at least zero while
/// the arc is free and at most zero while it is held. A demand whose list is not full has the
/// price zero; a supply that stands in `n` lists and has room, at most `n` costs of exposure.
pub(super) struct Search<'a> {
    network: &'a Network,
    per_supply: &'a [u32],
    most_of_group: u32,
    exposure_cost: i64,
    /// Price of each node that arcs leave.
    node_price: Vec<i64>,
    supply_price: Vec<i64>,
    held: Vec<bool>,
    /// The held arcs of each supply.
    holders: Vec<Vec<u32>>,
    /// Entries of each group node, by node less the number of demands.
    of_group: Vec<u32>,

    node_distance: Vec<i64>,
    node_via: Vec<Via>,
    supply_distance: Vec<i64>,
    /// The arc by which each supply was reached.
    supply_via: Vec<u32>,
    reached_nodes: Vec<u32>,
    reached_supplies: Vec<u32>,
    /// Distance, then node; supplies are numbered after the nodes that arcs leave.
    queue: BinaryHeap<Reverse<(i64, u32)>>,
    best: i64,
    end: End,
}

impl<'a> Search<'a> {
    pub(super) fn new(network: &'a Network, market: &Market<'a>) -> Self {
        let (n_nodes, n_supplies) = (network.n_nodes(), market.per_supply.len());
        Self {
            network,
            per_supply: market.per_supply,
            most_of_group: market.quota.map_or(0, |quota| quota.most),
            exposure_cost: i64::from(market.exposure_cost.0.max(0)),
            node_price: vec![0; n_nodes],
            supply_price: vec![0; n_supplies],
            held: vec![false; network.arcs.len()],
            holders: vec![Vec::new(); n_supplies],
            of_group: vec![0; network.group.len()],
            node_distance: vec![FAR; n_nodes],
            node_via: vec![Via::Start; n_nodes],
            supply_distance: vec![FAR; n_supplies],
            supply_via: vec![0; n_supplies],
            reached_nodes: Vec::new(),
            reached_supplies: Vec::new(),
            queue: BinaryHeap::new(),
            best: 0,
            end: End::GiveUp(0),
        }
    }

    /// Lets a demand in, with up to `capacity` entries.
    pub(super) fn serve(&mut self, demand: u32, capacity: u32) {
        let nodes = std::iter::once(demand).chain(self.network.groups_of(demand));
        let price = nodes.clone().map(|node| self.best_margin(node)).max().unwrap_or(0);
        for node in nodes {
            self.node_price[node as usize] = price;
        }
        for _ in 0..capacity {
            if !self.add_entry(demand) {
                break;
            }
        }
    }

    /// The greatest weight less price among a node's arcs; zero where none is above it.
    fn best_margin(&self, node: u32) -> i64 {
        let mut best = 0;
        for arc in &self.network.arcs[self.network.arcs_of(node)] {
            let weight = i64::from(arc.weight);
            if weight <= best {
                break;
            }
            best = best.max(weight - self.supply_price[arc.supply as usize]);
        }
        best
    }

    /// Gives a demand one more entry where that raises the total; false where it does not.
    fn add_entry(&mut self, demand: u32) -> bool {
        self.queue.clear();
        self.best = self.node_price[demand as usize];
        self.end = End::GiveUp(demand);
        self.node_distance[demand as usize] = 0;
        self.node_via[demand as usize] = Via::Start;
        self.reached_nodes.push(demand);
        self.queue.push(Reverse((0, demand)));
        let n_nodes = place(self.network.n_nodes());
        while let Some(Reverse((distance, at))) = self.queue.pop() {
            if distance >= self.best {
                break;
            }
            if at >= n_nodes {
                if distance == self.supply_distance[(at - n_nodes) as usize] {
                    self.leave_supply(at - n_nodes, distance);
                }
            } else if distance == self.node_distance[at as usize] {
                self.leave_node(at, distance);
            }
        }
        self.reprice();
        match self.end {
            End::GiveUp(end) if end == demand => false,
            end => {
                self.exchange(end);
                true
            }
        }
    }

    /// Goes on from a demand or a group: to supplies, and between the two.
    fn leave_node(&mut self, node: u32, distance: i64) {
        let network = self.network;
        let base = distance + self.node_price[node as usize];
        for at in network.arcs_of(node) {
            let arc = &network.arcs[at];
            // Prices are never below zero, so no later arc can beat the best end either.
            if base - i64::from(arc.weight) >= self.best {
                break;
            }
            let supply = arc.supply as usize;
            let next = base + self.supply_price[supply] - i64::from(arc.weight);
            if self.held[at] || next >= self.best || next >= self.supply_distance[supply] {
                continue;
            }
            self.supply_via[supply] = place(at);
            let stands_in = self.holders[supply].len();
            if stands_in < self.per_supply[supply] as usize {
                let cost = self.exposure_cost * i64::try_from(stands_in).unwrap_or(i64::MAX);
                let taken = next + cost - self.supply_price[supply];
                if taken < self.best {
                    self.best = taken;
                    self.end = End::Room(arc.supply);
                }
                // No exchange at this supply can be cheaper than the room it has.
                if taken == next {
                    continue;
                }
            }
            if self.supply_distance[supply] == FAR {
                self.reached_supplies.push(arc.supply);
            }
            self.supply_distance[supply] = next;
            self.queue.push(Reverse((next, place(network.n_nodes()) + arc.supply)));
        }
        if network.is_demand(node) {
            for group in network.groups_of(node) {
                if self.of_group[self.group_at(group)] < self.most_of_group {
                    self.reach_node(group, base - self.node_price[group as usize], Via::Demand);
                }
            }
        } else if self.of_group[self.group_at(node)] > 0 {
            let demand = network.demand[node as usize];
            self.reach_node(demand, base - self.node_price[demand as usize], Via::Group(node));
        }
    }

    /// Goes on from a supply to whoever could give up a place in it.
    fn leave_supply(&mut self, supply: u32, distance: i64) {
        for at in 0..self.holders[supply as usize].len() {
            let held = self.holders[supply as usize][at];
            let arc = &self.network.arcs[held as usize];
            let prices = self.node_price[arc.from as usize] + self.supply_price[supply as usize];
            self.reach_node(
                arc.from,
                distance + i64::from(arc.weight) - prices,
                Via::Exchange(held),
            );
        }
    }

    fn reach_node(&mut self, node: u32, distance: i64, via: Via) {
        let known = &mut self.node_distance[node as usize];
        if distance >= self.best || distance >= *known {
            return;
        }
        if *known == FAR {
            self.reached_nodes.push(node);
        }
        *known = distance;
        self.node_via[node as usize] = via;
        if self.network.is_demand(node) {
            let given_up = distance + self.node_price[node as usize];
            if given_up < self.best {
                self.best = given_up;
                self.end = End::GiveUp(node);
            }
        }
        self.queue.push(Reverse((distance, node)));
    }

    /// Moves the prices of everything nearer than the end, so that the path to it costs nothing,
    /// and forgets the distances.
    fn reprice(&mut self) {
        for node in self.reached_nodes.drain(..) {
            let distance = std::mem::replace(&mut self.node_distance[node as usize], FAR);
            self.node_price[node as usize] -= (self.best - distance).max(0);
        }
        for supply in self.reached_supplies.drain(..) {
            let distance = std::mem::replace(&mut self.supply_distance[supply as usize], FAR);
            self.supply_price[supply as usize] += (self.best - distance).max(0);
        }
    }

    /// Moves one unit along the path found, from its end back to its start.
    fn exchange(&mut self, end: End) {
        let mut node = match end {
            End::GiveUp(demand) => demand,
            End::Room(supply) => self.hold(self.supply_via[supply as usize]),
        };
        loop {
            node = match self.node_via[node as usize] {
                Via::Start => break,
                Via::Exchange(held) => {
                    let supply = self.network.arcs[held as usize].supply as usize;
                    self.held[held as usize] = false;
                    self.holders[supply].retain(|&other| other != held);
                    self.hold(self.supply_via[supply])
                }
                Via::Demand => {
                    let group = self.group_at(node);
                    self.of_group[group] += 1;
                    self.network.demand[node as usize]
                }
                Via::Group(group) => {
                    let at = self.group_at(group);
                    self.of_group[at] -= 1;
                    group
                }
            };
        }
    }

    /// Holds an arc, and names the node it leaves.
    fn hold(&mut self, at: u32) -> u32 {
        let arc = &self.network.arcs[at as usize];
        self.held[at as usize] = true;
        self.holders[arc.supply as usize].push(at);
        arc.from
    }

    fn group_at(&self, node: u32) -> usize {
        node as usize - self.network.n_demands()
    }

    /// The flow as places in the market's pairs, with its prices.
    pub(super) fn finish(mut self, market: &Market<'_>) -> Flow {
        let arcs = self.network.arcs.iter().zip(&self.held).filter(|(_, held)| **held);
        let mut chosen: Vec<u32> = arcs.map(|(arc, _)| arc.pair).collect();
        chosen.sort_unstable();
        let weight = |&at: &u32| i64::from(market.pairs[at as usize].mutual.0);
        let total: i64 = chosen.iter().map(weight).sum();
        let cost: i64 = (self.holders.iter())
            .map(|holders| i64::try_from(holders.len()).unwrap_or(i64::MAX))
            .map(|lists| self.exposure_cost * (lists * (lists - 1) / 2))
            .sum();
        let groups = self.node_price.split_off(self.network.n_demands());
        let group_prices = (groups.into_iter().zip(&self.network.group))
            .zip(&self.network.demand[self.network.n_demands()..])
            .map(|((price, &group), &demand)| GroupPrice {
                demand,
                group,
                // A group's node is dearer than its demand by what its quota costs.
                price: (price - self.node_price[demand as usize]).max(0),
            })
            .filter(|group| group.price > 0)
            .collect();
        let prices =
            Prices { demand: self.node_price, supply: self.supply_price, group: group_prices };
        Flow { chosen, total, worth: total - cost, prices }
    }
}

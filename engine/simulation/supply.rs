//! The supply chain: monthly, node by node, with stocks, rationing and backups.
//!
//! A reduced adaptive regional input–output model (Hallegatte 2008, 2013): every node makes one
//! unit per month in normal times, a fraction of it under shortage. Deliveries of a month are
//! rationed by what the supplier could make in the month before, so nodes may be in any order
//! and chains may have loops. All shares and quantities are Q7.24 of the normal month.

use serde::{Deserialize, Serialize};

use crate::kernel::firm_step::fixed::{ONE, mulq};

/// Months over which a lost stock is ordered again (BoARIO's 60 days).
const RESTOCK_MONTHS: i32 = 2;
/// What an undisturbed supplier can deliver: a quarter more than normal (BoARIO's default).
const OVER_PRODUCTION: i32 = ONE + ONE / 4;

/// Who supplies a part of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Index of the supplying node.
    pub supplier: usize,
    /// Share of the input that comes from it.
    pub share: i32,
    /// Share of the supplier's normal sales that goes this way.
    pub sales: i32,
}

/// A second source that steps in after a delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Share of an order it can fill (κ).
    pub capacity: i32,
    /// Output made with its parts relative to the normal ones: one for 同准, less for 降准.
    pub efficiency: i32,
    /// Months of shortage before it delivers (τ).
    pub delay: u32,
}

/// One input of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Suppliers in the province.
    pub edges: Vec<Edge>,
    /// Share that comes from outside.
    pub external: i32,
    /// Normal stock B* in months.
    pub target: i32,
    /// `None` for a critical input, without which nothing is made; else the cost share that output
    /// loses when the input is missing.
    pub generic_share: Option<i32>,
    /// Second source.
    pub backup: Option<Backup>,
}

/// A cluster or a named key firm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The cluster whose utilisation it moves, if any.
    pub cluster: Option<usize>,
    /// Its inputs.
    pub inputs: Vec<Input>,
}

/// A loss for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disruption {
    /// The node.
    pub node: usize,
    /// The input that cannot be had from outside; `None` for a loss of the node's capacity.
    pub input: Option<usize>,
    /// Lost share.
    pub loss: i32,
    /// First month since the start.
    pub from: u32,
    /// First month after it.
    pub to: u32,
}

/// The network and what happens to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyChain {
    nodes: Vec<Node>,
    /// Losses, of which the largest of a kind holds in a month.
    pub disruptions: Vec<Disruption>,
}

impl SupplyChain {
    /// A network; `None` where an edge names no node, the shares of an input do not add up to one
    /// (to a millionth), a quantity is negative, or a supplier sells more than it makes.
    #[must_use]
    pub fn new(nodes: Vec<Node>) -> Option<Self> {
        let mut sales = vec![0_i64; nodes.len()];
        for input in nodes.iter().flat_map(|node| &node.inputs) {
            let mut shares = i64::from(input.external);
            for edge in &input.edges {
                *sales.get_mut(edge.supplier)? += i64::from(edge.sales);
                shares += i64::from(edge.share);
                if edge.share < 0 || edge.sales < 0 {
                    return None;
                }
            }
            let backup = input.backup.is_none_or(|it| {
                (0..=ONE).contains(&it.capacity) && (0..=ONE).contains(&it.efficiency)
            });
            let generic = input.generic_share.is_none_or(|share| (0..=ONE).contains(&share));
            let whole = (shares - i64::from(ONE)).abs() <= 16;
            // Sixty months of stock keep every product inside Q7.24.
            let stock = (0..=60 * ONE).contains(&input.target);
            if !(backup && generic && whole && stock) || input.external < 0 {
                return None;
            }
        }
        let sold = sales.iter().all(|sold| *sold <= i64::from(ONE) + 16);
        sold.then_some(Self { nodes, disruptions: Vec::new() })
    }

    /// The nodes in the order of their indices.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Clusters that nodes name.
    pub(super) fn clusters(&self) -> impl Iterator<Item = usize> + '_ {
        self.nodes.iter().filter_map(|node| node.cluster)
    }

    fn loss(&self, node: usize, input: Option<usize>, month: u32) -> i32 {
        let here = self.disruptions.iter().filter(|it| it.node == node && it.input == input);
        let now = here.filter(|it| (it.from..it.to).contains(&month));
        now.map(|it| it.loss.clamp(0, ONE)).max().unwrap_or(0)
    }
}

/// Stocks and recent production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SupplyState {
    /// Production of the last month by node, at most one.
    production: Vec<i32>,
    /// What each node can deliver, at most [`OVER_PRODUCTION`].
    deliverable: Vec<i32>,
    /// Stock in months by node and input.
    stock: Vec<Vec<i32>>,
    /// Months of shortage so far by node and input.
    short: Vec<Vec<u32>>,
}

impl SupplyState {
    /// Full stocks and normal production.
    pub(super) fn new(chain: &SupplyChain) -> Self {
        let nodes = &chain.nodes;
        Self {
            production: vec![ONE; nodes.len()],
            deliverable: vec![OVER_PRODUCTION; nodes.len()],
            stock: nodes.iter().map(|it| it.inputs.iter().map(|i| i.target).collect()).collect(),
            short: nodes.iter().map(|it| vec![0; it.inputs.len()]).collect(),
        }
    }

    /// Three months; utilisation of the clusters with nodes becomes the mean of their nodes.
    pub(super) fn quarter(&mut self, chain: &SupplyChain, quarter: u32, utilisation: &mut [i32]) {
        let mut made = vec![(0_i64, 0_i64); utilisation.len()];
        for month in 3 * quarter..3 * quarter + 3 {
            self.month(chain, month);
            for (node, production) in chain.nodes.iter().zip(&self.production) {
                if let Some(cluster) = node.cluster {
                    made[cluster].0 += i64::from(*production);
                    made[cluster].1 += 1;
                }
            }
        }
        for (u, (sum, count)) in utilisation.iter_mut().zip(made) {
            if let Some(mean) = sum.checked_div(count) {
                *u = i32::try_from(mean).expect("at most one");
            }
        }
    }

    /// One month of all nodes.
    pub(super) fn month(&mut self, chain: &SupplyChain, month: u32) {
        let order = |stock: &[Vec<i32>], node: usize, input: usize| {
            let target = chain.nodes[node].inputs[input].target;
            ONE + (target - stock[node][input]).max(0) / RESTOCK_MONTHS
        };
        // Orders on a supplier relative to its normal sales: one outside the province, and more
        // from customers that restock.
        let mut orders = vec![i64::from(ONE); chain.nodes.len()];
        for (k, node) in chain.nodes.iter().enumerate() {
            for (j, input) in node.inputs.iter().enumerate() {
                let extra = order(&self.stock, k, j) - ONE;
                for edge in &input.edges {
                    orders[edge.supplier] += i64::from(mulq(edge.sales, extra));
                }
            }
        }
        let filled: Vec<i32> = (self.deliverable.iter().zip(&orders))
            .map(|(can, asked)| {
                let ratio = (i64::from(*can) << 24) / asked;
                i32::try_from(ratio.min(i64::from(ONE))).expect("at most one")
            })
            .collect();
        for (k, node) in chain.nodes.iter().enumerate() {
            let (mut level, mut factor) = (ONE, ONE);
            for (j, input) in node.inputs.iter().enumerate() {
                let order = order(&self.stock, k, j);
                let abroad = ONE - chain.loss(k, Some(j), month);
                let local: i32 =
                    input.edges.iter().map(|it| mulq(it.share, filled[it.supplier])).sum();
                let arrives = (local + mulq(input.external, abroad)).min(ONE);
                let mut received = mulq(order, arrives);
                let shortage = order - received;
                // A shortage of rounding is none.
                self.short[k][j] = if shortage > 64 { self.short[k][j] + 1 } else { 0 };
                if let Some(backup) = input.backup.filter(|it| self.short[k][j] > it.delay) {
                    let replaced = shortage.min(mulq(backup.capacity, order));
                    received += replaced;
                    let share = (i64::from(replaced) << 24).checked_div(i64::from(received));
                    let share = share.map_or(0, |it| i32::try_from(it).expect("at most one"));
                    factor = mulq(factor, ONE - mulq(share, ONE - backup.efficiency));
                }
                let stock = self.stock[k][j] + received;
                let available = stock.min(ONE);
                match input.generic_share {
                    None => level = level.min(available),
                    Some(share) => factor = mulq(factor, ONE - mulq(share, ONE - available)),
                }
                // A month's need is used up even where another input limits production.
                self.stock[k][j] = stock - available;
            }
            let quantity = mulq(ONE - chain.loss(k, None, month), level);
            self.production[k] = mulq(quantity, factor);
            // Inputs of reduced quality leave the reserve of capacity, which fills the orders.
            let most = if quantity < ONE - 64 { quantity } else { OVER_PRODUCTION };
            self.deliverable[k] = mulq(most, factor);
        }
    }

    /// Production of the last month by node in Q24.
    #[cfg(test)]
    pub(super) fn production(&self) -> &[i32] {
        &self.production
    }

    /// Stocks by node and input in Q24 months.
    #[cfg(test)]
    pub(super) fn stock(&self) -> &[Vec<i32>] {
        &self.stock
    }
}

//! The supply chain of a scenario: nodes are clusters, inputs are named, shocks come by chance.

use std::path::Path;

use super::draw::Draw;
use super::error::ScenarioError;
use super::file::Source;
use super::places::Places;
use super::quarter::Quarter;
use crate::kernel::firm_step::fixed::{ONE, q24};
use crate::model::Wording;
use crate::simulation::{Backup, Disruption, Edge, Input, Node, SupplyChain};

/// Normal stock where none is given: one month (0.25 to 3 in the literature on ARIO models).
const STOCK_MONTHS: f64 = 1.0;

/// A shock as a scenario plans it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedShock {
    /// The cluster.
    pub cluster: usize,
    /// What is cut off; the cluster's own capacity without it.
    pub input: Option<String>,
    /// Lost share.
    pub loss: f64,
    /// First quarter since the start.
    pub from: u32,
    /// Quarters.
    pub quarters: u32,
    /// Probability that it happens.
    pub probability: f64,
    node: usize,
    place: Option<usize>,
    what: u32,
}

/// Nodes with the names of their inputs.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain {
    nodes: Vec<Node>,
    names: Vec<Vec<String>>,
    clusters: Vec<usize>,
}

impl Chain {
    /// The chain of a file, without backups and shocks.
    pub(super) fn read(source: &Source) -> Result<Self, ScenarioError> {
        let path = source.path.as_path();
        let mut chain = Self::default();
        for (nth, part) in (1..).zip(&source.file.input) {
            let key = |name: &str| format!("input[{nth}].{name}");
            let user = chain.node(named(path, &part.cluster, key("cluster"))?);
            if chain.names[user].contains(&part.input) {
                return Err(ScenarioError::contradiction(
                    path,
                    Wording::new(
                        format!("{} 的投入品“{}”写了两次", part.cluster, part.input),
                        format!("the input {} of {} is given twice", part.input, part.cluster),
                    ),
                ));
            }
            let mut edges = Vec::new();
            for supplier in &part.supplier {
                let cluster = named(path, &supplier.cluster, key("supplier.cluster"))?;
                let node = chain.node(cluster);
                let (share, sales) = (q24(supplier.share), q24(supplier.sales));
                edges.push(Edge { supplier: node, share, sales });
            }
            let local: i32 = edges.iter().map(|it| it.share).sum();
            let external = part.external.map_or(ONE - local, q24);
            if (i64::from(external) + i64::from(local) - i64::from(ONE)).abs() > 16 {
                return Err(ScenarioError::contradiction(
                    path,
                    Wording::new(
                        format!(
                            "{} 的投入品“{}”：省内外份额之和不等于 1",
                            part.cluster, part.input
                        ),
                        format!(
                            "{} of {}: the shares do not add up to one",
                            part.input, part.cluster
                        ),
                    ),
                ));
            }
            chain.nodes[user].inputs.push(Input {
                edges,
                external,
                target: q24(part.stock_months.unwrap_or(STOCK_MONTHS)),
                generic_share: part.cost_share.map(q24),
                backup: None,
            });
            chain.names[user].push(part.input.clone());
        }
        for (nth, part) in (1..).zip(&source.file.shock) {
            chain.node(named(path, &part.node, format!("shock[{nth}].node"))?);
        }
        if !chain.nodes.is_empty() && SupplyChain::new(chain.nodes.clone()).is_none() {
            let what = Wording::new(
                "供应链不成立：有供应方卖出的份额之和超过 1",
                "the supply chain is impossible: a supplier sells more than it makes",
            );
            return Err(ScenarioError::contradiction(path, what));
        }
        Ok(chain)
    }

    fn node(&mut self, cluster: usize) -> usize {
        if let Some(at) = self.clusters.iter().position(|it| *it == cluster) {
            return at;
        }
        self.clusters.push(cluster);
        self.names.push(Vec::new());
        self.nodes.push(Node { cluster: Some(cluster), inputs: Vec::new() });
        self.clusters.len() - 1
    }

    /// Node and place of an input of a cluster.
    pub(super) fn input(
        &self,
        path: &Path,
        cluster: usize,
        name: &str,
        key: &str,
    ) -> Result<(usize, usize), ScenarioError> {
        let node = self.clusters.iter().position(|it| *it == cluster);
        let place = node.and_then(|it| self.names[it].iter().position(|held| held == name));
        match (node, place) {
            (Some(node), Some(place)) => Ok((node, place)),
            _ => {
                let known = node.map(|it| self.names[it].as_slice()).unwrap_or_default();
                Err(ScenarioError::unknown(path, key, name, known.iter().map(String::as_str)))
            }
        }
    }

    /// The shocks of a file.
    pub(super) fn shocks(
        &self,
        source: &Source,
        start: Quarter,
        quarters: u32,
    ) -> Result<Vec<PlannedShock>, ScenarioError> {
        let path = source.path.as_path();
        let mut shocks = Vec::new();
        for (nth, part) in (1..).zip(&source.file.shock) {
            let key = |name: &str| format!("shock[{nth}].{name}");
            let cluster = named(path, &part.node, key("node"))?;
            let node = self.clusters.iter().position(|it| *it == cluster).expect("made by read");
            let external = part.kind == "external_input";
            let place = match (&part.input, external) {
                (Some(input), true) => Some(self.input(path, cluster, input, &key("input"))?.1),
                (None, false) => None,
                _ => {
                    return Err(ScenarioError::contradiction(
                        path,
                        Wording::new(
                            format!("shock[{nth}]：external_input 要写 input，capacity 不写"),
                            format!(
                                "shock[{nth}]: external_input needs an input, capacity has none"
                            ),
                        ),
                    ));
                }
            };
            let from = Quarter::parse(&part.from).map(|it| it.since(start));
            let from = from.filter(|it| (0..i64::from(quarters)).contains(it));
            let Some(from) = from.and_then(|it| u32::try_from(it).ok()) else {
                let inside =
                    Wording::new("推演期内的季度，如 2027Q1", "a quarter of the run, as 2027Q1");
                return Err(ScenarioError::value(path, key("from"), &part.from, inside));
            };
            // The same shock of two scenarios happens in the same replicates.
            let place_number = place.map_or(0, |it| it + 1);
            let what = u32::try_from(cluster * 4096 + place_number * 256).expect("few") + from;
            shocks.push(PlannedShock {
                cluster,
                input: part.input.clone(),
                loss: part.loss,
                from,
                quarters: part.quarters,
                probability: part.probability.unwrap_or(1.0),
                node,
                place,
                what,
            });
        }
        Ok(shocks)
    }

    /// The chain with these backups, and those of the shocks that happen in a replicate; `None`
    /// without nodes.
    pub(super) fn build(
        &self,
        backups: impl Iterator<Item = ((usize, usize), Backup)>,
        shocks: &[PlannedShock],
        seed: [u32; 2],
        replicate: u32,
    ) -> Option<SupplyChain> {
        if self.nodes.is_empty() {
            return None;
        }
        let mut nodes = self.nodes.clone();
        for ((node, input), backup) in backups {
            nodes[node].inputs[input].backup = Some(backup);
        }
        let mut chain = SupplyChain::new(nodes)?;
        let happens = |it: &&PlannedShock| {
            Draw::of_event(seed, it.what, replicate).uniform(0) < it.probability
        };
        chain.disruptions = (shocks.iter().filter(happens))
            .map(|it| Disruption {
                node: it.node,
                input: it.place,
                loss: q24(it.loss),
                from: 3 * it.from,
                to: 3 * (it.from + it.quarters),
            })
            .collect();
        Some(chain)
    }

    /// What is known at the start of the critical inputs of a cluster.
    pub(super) fn state(&self, cluster: usize) -> Option<ChainState> {
        let node = self.clusters.iter().position(|it| *it == cluster)?;
        let inputs = &self.nodes[node].inputs;
        let critical = || inputs.iter().filter(|it| it.generic_share.is_none());
        let single = critical().filter(|it| {
            let sources = it.edges.iter().filter(|edge| edge.share > 0).count();
            sources + usize::from(it.external > 0) <= 1
        });
        let months = critical().map(|it| f64::from(it.target) / f64::from(ONE));
        Some(ChainState {
            critical: critical().count(),
            single_source: single.count(),
            least_stock: months.fold(f64::INFINITY, f64::min),
        })
    }
}

/// What is known at the start of the critical inputs of a cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChainState {
    /// Critical inputs.
    pub critical: usize,
    /// Of these, how many have one source only; all of the world outside is one.
    pub single_source: usize,
    /// Smallest normal stock in months; infinite without a critical input.
    pub least_stock: f64,
}

/// The cluster of this name.
pub(super) fn named(path: &Path, name: &str, key: String) -> Result<usize, ScenarioError> {
    let places = Places::shipped();
    places.named(name).ok_or_else(|| {
        let names = places.names();
        ScenarioError::unknown(path, key, name, names.iter().map(String::as_str))
    })
}

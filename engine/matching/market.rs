//! What allocation works on: which pairs may be handed out, and with which limits.

use crate::model::{Micro, RatedPair};

/// The pairs of a run that may be handed out, and the limits of both sides.
///
/// Both methods of allocation, [`deferred_acceptance`](super::deferred_acceptance) and
/// [`max_total_flow`](super::max_total_flow), choose places in `pairs`. A row may have the capacity zero;
/// capacities beyond a row's pairs limit nothing.
#[derive(Debug, Clone, Copy)]
pub struct Market<'a> {
    /// The pairs, in any order. One listed twice may be handed out once.
    pub pairs: &'a [RatedPair],
    /// Most supplies in each demand's list; one entry per demand.
    pub per_demand: &'a [u32],
    /// Most demands' lists in which each supply stands; one entry per supply.
    pub per_supply: &'a [u32],
    /// A further limit within each demand's list.
    pub quota: Option<Quota<'a>>,
    /// What every list that a supply already stands in takes off the worth of a further one, in
    /// mutual score; not below zero. Only the flow looks at it.
    ///
    /// A convex cost of exposure keeps the problem a flow (each place of a supply is an arc of its
    /// own, dearer than the one before). A little of it decides between entries that are worth
    /// nearly the same, of which long lists are full, and spreads them over more supplies.
    pub exposure_cost: Micro,
}

/// At most so many entries of a demand's list from one group of supplies, such as a region or the
/// root of a field.
///
/// Groups part the supplies: a supply is in one group or in none. One parting at a time keeps a
/// demand's wishes substitutable (Hatfield and Milgrom 2005) and its lists a flow; two that cross,
/// region and field at once, would make both problems NP-hard (three-dimensional matching is a
/// case of it), so there is no way to ask for that.
#[derive(Debug, Clone, Copy)]
pub struct Quota<'a> {
    /// Most entries of one demand from one group; 0 keeps every grouped supply out.
    pub most: u32,
    /// The group of each supply; `None` (a supply that states no region) has no limit.
    pub group: &'a [Option<u32>],
}

impl Market<'_> {
    /// The group whose quota a pair of this supply counts against.
    pub(super) fn group(&self, supply: u32) -> Option<u32> {
        self.quota.and_then(|quota| quota.group[supply as usize])
    }

    /// Whether the limits let a pair be handed out at all.
    pub(super) fn is_open(&self, pair: &RatedPair) -> bool {
        self.per_demand[pair.demand as usize] > 0
            && self.per_supply[pair.supply as usize] > 0
            && (self.group(pair.supply).is_none() || self.quota.is_some_and(|q| q.most > 0))
    }
}

/// A place in a table as it is written in 32 bits; tables are smaller than that.
pub(super) fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

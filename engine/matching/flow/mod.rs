//! Who is handed to whom for the greatest total mutual score: a minimum-cost flow, exactly.
//!
//! Every unit of flow is one entry of one list. It leaves a demand (at most `per_demand` units),
//! passes the node of the supply's group where there is a quota (at most `most`), crosses one pair
//! (at most once, worth its mutual score) and ends in a place of a supply (`per_supply` of them,
//! each dearer than the one before by the cost of exposure). Greatest
//! weight is least cost with the sign turned (Ahuja, Magnanti and Orlin, Network Flows, 1993,
//! chapter 9).
//!
//! Method: successive shortest paths with node prices (ibid., section 9.7). Demands enter one by
//! one; each unit takes the cheapest path of exchanges to a supply with room, or to a demand that
//! gives an entry up, found by Dijkstra's algorithm on reduced costs. Arcs are sorted by weight,
//! so that a scan stops at the first arc that cannot beat the best end found so far; most searches
//! look at a few dozen arcs. No crate was found that does this within our rules: `mcmf` compiles
//! C++ of 2017, `rs-graph` is under the GPL, and those of contests store residual arcs several
//! times over and search without prices that carry over.

mod network;
mod search;
#[cfg(test)]
mod tests;

use super::market::Market;
use super::optimality::{Prices, verify_optimal};
use network::Network;
use search::Search;

/// The pairs handed out, and the proof that no other choice is worth more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Places in the market's pairs, ascending.
    pub chosen: Vec<u32>,
    /// Sum of the mutual scores of the chosen pairs, in millionths.
    pub total: i64,
    /// The same less the costs of exposure: what is the greatest possible.
    pub worth: i64,
    /// What a place is worth to each row: see [`verify_optimal`].
    pub prices: Prices,
}

/// Hands out the pairs with the greatest sum of mutual scores, less the costs of exposure, that the
/// limits allow. Exact.
///
/// Pairs that are worth nothing (mutual score zero or less) are never handed out. Of pairs listed
/// twice the heaviest counts, the earlier on a tie. Among choices of equal total the answer is a
/// fixed one that does not depend on the order of the pairs: demands enter in row order, and
/// equal paths are taken by the lower row. Single-threaded apart from the sorting, so the number
/// of threads changes nothing.
///
/// Time: one bounded search per entry, of which most end among the demand's own arcs. Memory: 16
/// bytes per pair, and 20 more while they are sorted.
///
/// # Panics
/// When a pair names a row without a capacity or a group; in debug builds also when the answer is
/// not proved optimal by its own prices.
#[must_use]
pub fn max_total_flow(market: &Market<'_>) -> Flow {
    let network = Network::of(market);
    let mut search = Search::new(&network, market);
    for (demand, &capacity) in (0_u32..).zip(market.per_demand) {
        search.serve(demand, capacity);
    }
    let flow = search.finish(market);
    debug_assert_eq!(verify_optimal(market, &flow.chosen, &flow.prices), Ok(flow.worth));
    flow
}

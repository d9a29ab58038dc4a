//! The proof that a hand-out is worth as much as any can be: prices that add up to its total.

use std::collections::HashMap;

use super::market::Market;

/// What one more place would be worth, in millionths of mutual score: the dual of the flow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    /// Per demand, one more entry in its list; zero where the list is not full.
    pub demand: Vec<i64>,
    /// Per supply, one more list to stand in; where it has room, at most the cost of exposure of
    /// the next list.
    pub supply: Vec<i64>,
    /// One more entry of a demand from a group; groups that are not listed cost nothing.
    pub group: Vec<GroupPrice>,
}

/// The price of a demand's quota for one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupPrice {
    /// Row of the demand.
    pub demand: u32,
    /// The group.
    pub group: u32,
    /// In millionths.
    pub price: i64,
}

/// Why a hand-out is not proved optimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOptimal {
    /// A pair is handed out twice, or a place names no pair.
    #[error("place {0} is not a pair of its own")]
    Place(u32),
    /// A demand's list is too long.
    #[error("demand {0} has more entries than its capacity")]
    Demand(u32),
    /// A supply stands in too many lists.
    #[error("supply {0} stands in more lists than its capacity")]
    Supply(u32),
    /// A demand has too many entries from one group.
    #[error("demand {0} has more entries from group {1} than the quota")]
    Group(u32, u32),
    /// A price is below zero or missing.
    #[error("a price is negative or missing")]
    Price,
    /// The prices allow for more than was handed out.
    #[error("the hand-out is worth {worth}, the prices allow for {bound}")]
    Gap {
        /// Sum of the chosen pairs' mutual scores, less the costs of exposure.
        worth: i128,
        /// What the prices allow for.
        bound: i128,
    },
}

/// Checks a hand-out against the limits of its market and proves, by `prices`, that no other is
/// worth more. Returns what it is worth: the sum of mutual scores less the costs of exposure.
///
/// Weak duality: for prices `u`, `v`, `y ≥ 0` no hand-out within the limits is worth more than
/// `Σ k_d u_d + Σ p_s + Σ q y_dg + Σ max(0, w − u_d − y_dg − v_s)`, where `p_s` is the most that
/// a supply could earn, `max (l v_s − cost · l (l − 1) / 2)` over `0 ≤ l ≤ c_s` lists (`c_s v_s`
/// without a cost of exposure), and the last sum is over all
/// pairs that a capacity or quota of zero does not rule out. Where that bound equals the worth, the worth is the greatest (and complementary
/// slackness holds: Ahuja, Magnanti and Orlin 1993, theorem 9.4). Knows nothing of how either was
/// found. Of pairs listed twice the heaviest counts.
///
/// # Errors
/// [`NotOptimal`] names the first limit that is broken, or the gap.
pub fn verify_optimal(
    market: &Market<'_>,
    chosen: &[u32],
    prices: &Prices,
) -> Result<i64, NotOptimal> {
    let mut of_demand = vec![0_u32; market.per_demand.len()];
    let mut of_supply = vec![0_u32; market.per_supply.len()];
    let mut of_group: HashMap<(u32, u32), u32> = HashMap::new();
    let mut taken: Vec<(u32, u32)> = Vec::with_capacity(chosen.len());
    let mut total = 0_i64;
    for &at in chosen {
        let pair = market.pairs.get(at as usize).ok_or(NotOptimal::Place(at))?;
        total += i64::from(pair.mutual.0);
        taken.push((pair.demand, pair.supply));
        let (d, s) = (pair.demand as usize, pair.supply as usize);
        of_demand[d] += 1;
        of_supply[s] += 1;
        if of_demand[d] > market.per_demand[d] {
            return Err(NotOptimal::Demand(pair.demand));
        }
        if of_supply[s] > market.per_supply[s] {
            return Err(NotOptimal::Supply(pair.supply));
        }
        if let (Some(quota), Some(group)) = (market.quota, market.group(pair.supply)) {
            let entries = of_group.entry((pair.demand, group)).or_default();
            *entries += 1;
            if *entries > quota.most {
                return Err(NotOptimal::Group(pair.demand, group));
            }
        }
    }
    taken.sort_unstable();
    if let Some(twice) = (1..taken.len()).find(|&at| taken[at - 1] == taken[at]) {
        let of = |&at: &u32| {
            let pair = &market.pairs[at as usize];
            (pair.demand, pair.supply) == taken[twice]
        };
        return Err(NotOptimal::Place(chosen.iter().copied().rfind(of).unwrap_or_default()));
    }
    let cost = i64::from(market.exposure_cost.0.max(0));
    let lists = of_supply.iter().map(|&lists| i64::from(lists));
    let worth = total - lists.map(|lists| cost * (lists * (lists - 1) / 2)).sum::<i64>();
    let bound = bound(market, prices)?;
    if bound == i128::from(worth) {
        Ok(worth)
    } else {
        Err(NotOptimal::Gap { worth: i128::from(worth), bound })
    }
}

/// What no hand-out can exceed.
fn bound(market: &Market<'_>, prices: &Prices) -> Result<i128, NotOptimal> {
    let mut sum = 0_i128;
    let exposure = i128::from(market.exposure_cost.0.max(0));
    for (capacities, prices, cost) in
        [(market.per_demand, &prices.demand, 0), (market.per_supply, &prices.supply, exposure)]
    {
        if capacities.len() != prices.len() {
            return Err(NotOptimal::Price);
        }
        for (&capacity, &price) in capacities.iter().zip(prices) {
            if price < 0 {
                return Err(NotOptimal::Price);
            }
            let (capacity, price) = (i128::from(capacity), i128::from(price));
            // The places that earn something: each is dearer than the one before.
            let places = price.checked_div(cost).map_or(capacity, |n| capacity.min(n + 1));
            sum += places * price - cost * (places * (places - 1) / 2);
        }
    }
    let mut of_group: HashMap<(u32, u32), i64> = HashMap::new();
    for group in &prices.group {
        let most = market.quota.ok_or(NotOptimal::Price)?.most;
        if group.price < 0 || of_group.insert((group.demand, group.group), group.price).is_some() {
            return Err(NotOptimal::Price);
        }
        sum += i128::from(most) * i128::from(group.price);
    }
    // The heaviest of each pair, once.
    let mut order: Vec<(u32, u32, std::cmp::Reverse<i32>)> = (market.pairs.iter())
        .filter(|pair| market.is_open(pair))
        .map(|pair| (pair.demand, pair.supply, std::cmp::Reverse(pair.mutual.0)))
        .collect();
    order.sort_unstable();
    order.dedup_by_key(|&mut (demand, supply, _)| (demand, supply));
    for (demand, supply, std::cmp::Reverse(weight)) in order {
        let group = market.group(supply).and_then(|group| of_group.get(&(demand, group)));
        let slack = i64::from(weight)
            - prices.demand[demand as usize]
            - prices.supply[supply as usize]
            - group.copied().unwrap_or(0);
        sum += i128::from(slack.max(0));
    }
    Ok(sum)
}

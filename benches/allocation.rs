//! Handing out: exact min-cost flow beside deferred acceptance.
//!
//! Measured: one call of each on the same market, without building the pairs. Throughput is in
//! pairs per second.
//! Data: clusters of demands and supplies with popular supplies in each, as text similarity makes
//! them; scores from a fixed seed, mutual scores steep as calibrated probabilities are. `wide` has
//! ten times as many supplies as demands, so that most lists fill at once; in `tight` both sides
//! have as many places, and long chains of exchanges are needed.
//! Caveats: the proof of optimality is checked in debug builds only and is no part of the time.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use duijie::matching::{Market, deferred_acceptance, max_total_flow};
use duijie::model::{Micro, RatedPair};

/// Demands, supplies, pairs per demand.
const MARKETS: [(&str, u32, u32, u32); 2] =
    [("wide", 10_000, 100_000, 100), ("tight", 5_000, 5_000, 100)];
/// Most entries of a demand and of a supply.
const CAPACITY: u32 = 10;
/// As the program's default.
const EXPOSURE_COST: Micro = Micro(500);
/// Demands per cluster.
const CLUSTER: u32 = 50;

/// Times both methods.
pub(crate) fn bench(criterion: &mut Criterion) {
    for (name, n_demands, n_supplies, per_demand) in MARKETS {
        let pairs = market(n_demands, n_supplies, per_demand);
        let market = Market {
            pairs: &pairs,
            per_demand: &vec![CAPACITY; n_demands as usize],
            per_supply: &vec![CAPACITY; n_supplies as usize],
            quota: None,
            exposure_cost: EXPOSURE_COST,
        };
        let mut group =
            criterion.benchmark_group(format!("allocation {name} {n_demands}x{n_supplies}"));
        group.throughput(Throughput::Elements(pairs.len() as u64)).sample_size(10);
        group.bench_function(BenchmarkId::from_parameter("flow"), |bencher| {
            bencher.iter(|| max_total_flow(black_box(&market)));
        });
        group.bench_function(BenchmarkId::from_parameter("deferred acceptance"), |bencher| {
            bencher.iter(|| deferred_acceptance(black_box(&market)));
        });
        group.finish();
    }
}

/// Pairs of a clustered market; a pair drawn twice is listed twice, which both methods allow.
fn market(n_demands: u32, n_supplies: u32, per_demand: u32) -> Vec<RatedPair> {
    let mut state = 42_u64;
    let mut unit = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(state >> 32).expect("half of 64 bits")) / f64::from(u32::MAX)
    };
    let n_clusters = (n_demands / CLUSTER).max(1);
    let popularity: Vec<f64> = (0..n_supplies).map(|_| unit()).collect();
    let mut pairs = Vec::with_capacity((n_demands * per_demand) as usize);
    for demand in 0..n_demands {
        for _ in 0..per_demand {
            // Four of five from the demand's own cluster: every n_clusters-th supply.
            let near = unit() < 0.8;
            let place = unit() * f64::from(n_supplies / n_clusters);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row")]
            let supply = if near {
                (place as u32 * n_clusters + demand % n_clusters).min(n_supplies - 1)
            } else {
                ((unit() * f64::from(n_supplies)) as u32).min(n_supplies - 1)
            };
            let score =
                0.3 * unit() + 0.4 * popularity[supply as usize] + if near { 0.3 } else { 0.0 };
            let mutual = 1.0 / (1.0 + (-12.0 * (score - 0.6)).exp());
            pairs.push(RatedPair {
                demand,
                supply,
                for_demand: Micro::from_unit(score),
                for_supply: Micro::from_unit(0.5 * score + 0.5 * unit()),
                mutual: Micro::from_unit(mutual),
            });
        }
    }
    pairs
}

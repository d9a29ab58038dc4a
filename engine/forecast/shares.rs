//! The effect shared among levers, and uncertainty among its sources.

use super::error::ForecastError;
use super::parts::Parts;
use super::plan::{Plan, Told};
use super::results::{GROUP, cluster_name};
use super::sample::Sample;
use super::statistics::{explained, grouped_mean, mean, variance_parts};
use crate::report::{DataColumn, DataTable, TableCell};

/// The share of one player in one cluster.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Share {
    pub(super) place: usize,
    pub(super) player: String,
    /// 亿元, and its standard error.
    pub(super) value: f64,
    pub(super) error: f64,
}

/// Shares of the effect on the last year's output in every reported cluster, all players of a
/// cluster together; clusters that nothing changes are left out.
pub(super) fn attribution(
    plan: &Plan,
    parts: &Parts,
    told: &Told,
) -> Result<Vec<Share>, ForecastError> {
    let Some((orders, members)) = &told.orders else { return Ok(Vec::new()) };
    let scenario = &plan.scenarios[told.scenario];
    let players = scenario.players();
    let last = scenario.years().len() - 1;
    let mut shares = Vec::new();
    for place in 0..=plan.clusters.len() {
        let samples: Vec<(u32, Vec<f64>)> = members
            .iter()
            .map(|(set, member)| Ok((*set, Sample::read(parts, *member, place)?.output(last))))
            .collect::<Result<_, ForecastError>>()?;
        let n = samples.iter().map(|it| it.1.len()).min().unwrap_or(0);
        if n == 0 {
            continue;
        }
        let by_replicate: Vec<Vec<f64>> = (0..n)
            .map(|replicate| {
                orders.shares(|set| {
                    let at = samples.binary_search_by_key(&set, |it| it.0).expect("it was run");
                    samples[at].1[replicate]
                })
            })
            .collect();
        if by_replicate.iter().flatten().all(|it| *it == 0.0) {
            continue;
        }
        for (nth, player) in players.iter().enumerate() {
            let values: Vec<f64> = by_replicate.iter().map(|it| it[nth]).collect();
            let (value, error) = grouped_mean(&values, GROUP);
            shares.push(Share { place, player: player.clone(), value, error });
        }
    }
    Ok(shares)
}

/// The shares of all scenarios as a table.
pub(super) fn attribution_table(plan: &Plan, all: &[(usize, Vec<Share>)]) -> DataTable {
    let mut rows = Vec::new();
    for (nth, shares) in all {
        let told = &plan.told[*nth];
        let scenario = &plan.scenarios[told.scenario];
        for share in shares {
            let costs = scenario.levers.iter().find(|it| it.name == share.player);
            let cost = costs.and_then(|it| it.cost).map(|wan| wan / 1e4).filter(|it| *it > 0.0);
            rows.push(vec![
                scenario.name.as_str().into(),
                cluster_name(plan, share.place).into(),
                share.player.as_str().into(),
                TableCell::Number(share.value),
                TableCell::Number(share.error),
                cost.map_or(TableCell::Blank, TableCell::Number),
                cost.map_or(TableCell::Blank, |cost| TableCell::Number(share.value / cost)),
            ]);
        }
    }
    DataTable {
        name: "attribution",
        columns: vec![
            DataColumn::text("scenario", "情景", "scenario"),
            DataColumn::text("cluster", "集群", "cluster"),
            DataColumn::text("player", "杠杆", "lever"),
            DataColumn::number(
                "share",
                "末年贡献（亿元）",
                "share in the last year (100 m yuan)",
                3,
            ),
            DataColumn::number("se", "标准误（亿元）", "standard error", 3),
            DataColumn::number("cost", "费用（亿元）", "cost (100 m yuan)", 2),
            DataColumn::number("per_cost", "每亿元费用的贡献（亿元）", "share per cost", 3),
        ],
        rows,
    }
}

/// Sources of the variance of log₂ output of a cluster in one year.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sources {
    /// Luck of firms and clusters, within a draw.
    pub(super) luck: f64,
    /// The national path.
    pub(super) national: f64,
    /// Parameters and firms that were not observed.
    pub(super) structure: f64,
    /// Effects of levers.
    pub(super) effects: f64,
}

/// Splits the variance of log₂ output (law of total variance): luck is what replicates of one draw
/// differ by; between draws, national growth is what its draws explain linearly, effects are what
/// the scenario varies more than its baseline, and the rest is structure. `None` with fewer than
/// ten draws. Parts that are negative by chance count as zero.
pub(super) fn sources(
    plan: &Plan,
    told: &Told,
    full: &Sample,
    baseline: &Sample,
    year: usize,
) -> Option<Sources> {
    let logs = |sample: &Sample| -> Vec<f64> {
        sample.output(year).iter().map(|it| it.max(1e-6).log2()).collect()
    };
    let (a, b) = (logs(full), logs(baseline));
    let (luck, between) = variance_parts(&a, GROUP)?;
    let (_, without) = variance_parts(&b, GROUP)?;
    let between = between.max(0.0);
    let effects = (between - without.max(0.0)).max(0.0);
    let scenario = &plan.scenarios[told.scenario];
    let draws: Vec<f64> = a.chunks_exact(GROUP).map(mean).collect();
    let z: Vec<f64> = (0..).take(draws.len()).map(|draw| scenario.growth_z(draw)).collect();
    // Of the variance of means, which luck is a part of.
    let spread = between + luck / GROUP as f64;
    let national = (explained(&z, &draws) * spread).min(between - effects);
    Some(Sources { luck, national, structure: between - effects - national, effects })
}

//! Targets, early warning, and where clusters can grow.

use super::error::ForecastError;
use super::parts::Parts;
use super::plan::{Plan, Told};
use super::results::baseline_name;
use super::sample::Sample;
use super::statistics::mean;
use crate::evaluation::wilson;
use crate::kernel::firm_step::ClusterSums;
use crate::kernel::firm_step::fixed::to_f64;
use crate::report::{DataColumn, DataTable, TableCell};
use crate::scenario::{Figure, Part, Places, Tier};

/// A fall of output within a year that is warned of.
const FALL: f64 = 0.10;
/// Least probability of every colour, highest first.
const COLOURS: [(&str, f64); 4] = [("红", 0.50), ("橙", 0.35), ("黄", 0.20), ("蓝", 0.10)];
/// Firms from which a cluster counts as one.
const CLUSTER_FIRMS: u32 = 10;
/// Most places named for a city.
const PLACES: usize = 5;

fn number(value: f64) -> TableCell {
    if value.is_finite() { TableCell::Number(value) } else { TableCell::Blank }
}

/// Every planned target as a percentile of the forecast; of years that have passed the actual.
pub(super) fn targets(plan: &Plan, parts: &Parts) -> Result<DataTable, ForecastError> {
    let mut rows: Vec<Vec<TableCell>> = Vec::new();
    for told in &plan.told {
        let scenario = &plan.scenarios[told.scenario];
        let years = scenario.years();
        for target in &scenario.targets {
            let value = target.value / 1e4;
            let mut row: Vec<TableCell> = vec![
                scenario.name.as_str().into(),
                Places::shipped().name(target.cluster).into(),
                TableCell::Number(f64::from(target.year)),
                TableCell::Number(value),
            ];
            let series = scenario.series.figures.get(&target.cluster);
            if target.year < scenario.start.year {
                let actual = series.and_then(|it| it.get(&target.year)).map(|it| it.value / 1e4);
                let said = match actual {
                    Some(actual) if actual >= value => "已实现",
                    Some(_) => "未实现",
                    None => "缺数据",
                };
                row.extend([actual.map_or(TableCell::Blank, TableCell::Number), TableCell::Blank]);
                row.extend([TableCell::Blank, said.into()]);
            } else if let Some(at) = years.iter().position(|it| *it == target.year) {
                let place = plan.clusters.binary_search(&target.cluster).expect("it is reported");
                let percentile = |member| -> Result<f64, ForecastError> {
                    let output = Sample::read(parts, member, place)?.output(at);
                    let below = output.iter().filter(|it| **it < value).count();
                    Ok(below as f64 / output.len().max(1) as f64 * 100.0)
                };
                let (p, of_baseline) = (percentile(told.full)?, percentile(told.baseline)?);
                row.extend([TableCell::Blank, number(p), number(of_baseline)]);
                row.push(format!("计划目标位于预测分布的第 {p:.0} 百分位").into());
            } else {
                row.extend([TableCell::Blank, TableCell::Blank, TableCell::Blank]);
                row.push("在推演期之外".into());
            }
            rows.push(row);
        }
    }
    Ok(DataTable {
        name: "targets",
        columns: vec![
            DataColumn::text("scenario", "情景", "scenario"),
            DataColumn::text("cluster", "集群", "cluster"),
            DataColumn::number("year", "年份", "year", 0),
            DataColumn::number("target", "目标（亿元）", "target (100 m yuan)", 1),
            DataColumn::number("actual", "实际（亿元）", "actual (100 m yuan)", 1),
            DataColumn::number("percentile", "百分位", "percentile", 1),
            DataColumn::number(
                "percentile_baseline",
                "基准里的百分位",
                "percentile in the baseline",
                1,
            ),
            DataColumn::text("said", "说明", "remark"),
        ],
        rows,
    })
}

/// The colour of a probability; hollow unless a hold-out was passed.
fn colour(p: f64, passed: bool) -> String {
    let found = COLOURS.iter().find(|(_, least)| p >= *least);
    match found {
        None => "无".to_owned(),
        Some((name, _)) if passed => format!("{name}色"),
        Some((name, _)) => format!("空心{name}"),
    }
}

/// The early warning of every reported cluster, under every scenario and baseline.
pub(super) fn warning(
    plan: &Plan,
    parts: &Parts,
    passed: bool,
) -> Result<DataTable, ForecastError> {
    let mut rows = Vec::new();
    let mut seen: Vec<usize> = Vec::new();
    for told in &plan.told {
        let own = plan.scenarios[told.scenario].name.clone();
        for (member, name) in [(told.full, own), (told.baseline, baseline_name(plan, told))] {
            if !seen.contains(&member) {
                seen.push(member);
                rows.extend(member_warning(plan, parts, member, &name, passed)?);
            }
        }
    }
    Ok(DataTable {
        name: "warning",
        columns: vec![
            DataColumn::text("scenario", "情景", "scenario"),
            DataColumn::text("cluster", "集群", "cluster"),
            DataColumn::number(
                "p_fall",
                "一年内下降超过 10% 的概率（%）",
                "P(fall > 10 % within a year) (%)",
                1,
            ),
            DataColumn::number("low", "95% 下限（%）", "95 % from (%)", 1),
            DataColumn::number("high", "95% 上限（%）", "95 % to (%)", 1),
            DataColumn::text("colour", "预警", "warning"),
            DataColumn::number("top_share", "龙头占比（%）", "largest firm (%)", 1),
            DataColumn::number("exit_rate", "首年退出率（%）", "exit rate, first year (%)", 1),
            DataColumn::number("exit_z", "退出率 z 值", "exit rate, z", 2),
            DataColumn::number(
                "single_source",
                "单一来源关键件（%）",
                "single-source critical inputs (%)",
                0,
            ),
            DataColumn::number("stock", "最少库存（月）", "least stock (months)", 2),
            DataColumn::number("backups", "有备份的投入品", "inputs with a backup", 0),
        ],
        rows,
    })
}

fn member_warning(
    plan: &Plan,
    parts: &Parts,
    member: usize,
    name: &str,
    passed: bool,
) -> Result<Vec<Vec<TableCell>>, ForecastError> {
    let scenario = &plan.scenarios[plan.members[member].scenario];
    let bare = plan.members[member].part == Part::Bare;
    let mut found = Vec::new();
    for (place, cluster) in plan.clusters.iter().enumerate() {
        let Some(years) = scenario.series.figures.get(cluster) else { continue };
        let Some((year, figure)) = years.last_key_value() else { continue };
        if *year != scenario.start.year - 1 {
            continue;
        }
        let sample = Sample::read(parts, member, place)?;
        let floor = figure.value / 1e4 * (1.0 - FALL);
        let falls = sample.output(0).iter().filter(|it| **it < floor).count();
        let rates: Vec<f64> = sample
            .replicates()
            .map(|it| {
                let before =
                    it[0].firms + it[0].exits - it[0].entries.min(it[0].firms + it[0].exits);
                f64::from(it[0].exits) / f64::from(before.max(1))
            })
            .collect();
        found.push((*cluster, falls, sample.len(), mean(&rates), figure));
    }
    let rates: Vec<f64> = found.iter().map(|it| it.3).collect();
    let middle = mean(&rates);
    let spread = (rates.iter().map(|it| (it - middle).powi(2)).sum::<f64>()
        / rates.len().saturating_sub(1).max(1) as f64)
        .sqrt();
    let row = |(cluster, falls, n, rate, figure): &(usize, usize, usize, f64, &_)| {
        let figure: &Figure = figure;
        let p = *falls as f64 / (*n).max(1) as f64;
        let (low, high) = wilson(*falls, *n);
        let chain = scenario.chain_state(*cluster);
        let critical = chain.filter(|it| it.critical > 0);
        let single = critical.map(|it| it.single_source as f64 / it.critical as f64 * 100.0);
        let backups = if bare { 0 } else { scenario.backups(*cluster).count() };
        let optional = |value: Option<f64>| value.map_or(TableCell::Blank, number);
        let z = if spread > 0.0 { (rate - middle) / spread } else { f64::NAN };
        vec![
            name.into(),
            Places::shipped().name(*cluster).into(),
            number(p * 100.0),
            number(low * 100.0),
            number(high * 100.0),
            colour(p, passed).into(),
            optional(figure.top.as_ref().map(|it| it.1 / figure.value * 100.0)),
            number(rate * 100.0),
            number(z),
            optional(single),
            optional(critical.map(|it| it.least_stock)),
            optional(chain.map(|_| backups as f64)),
        ]
    };
    Ok(found.iter().map(row).collect())
}

/// Weak or empty clusters of every city, most likely to become one first, under the first
/// scenario's baseline; the density where relatedness is given.
pub(super) fn potential(plan: &Plan, parts: &Parts) -> Result<DataTable, ForecastError> {
    let told: &Told = &plan.told[0];
    let scenario = &plan.scenarios[told.scenario];
    let places = Places::shipped();
    let counts = parts.firms(told.baseline)?;
    let n = counts.len();
    let firms_now = |cluster: usize| {
        let years = scenario.series.figures.get(&cluster);
        years.and_then(|it| it.last_key_value()).map_or(0, |it| it.1.firms.unwrap_or(0))
    };
    let sums: Vec<ClusterSums> = (0..places.clusters())
        .map(|cluster| {
            let years = scenario.series.figures.get(&cluster);
            let value = years.and_then(|it| it.last_key_value()).map_or(0.0, |it| it.1.value);
            #[expect(clippy::cast_possible_truncation, reason = "an amount below 10^15")]
            #[expect(clippy::cast_sign_loss, reason = "above zero")]
            let output = (value * 16.0) as u64;
            ClusterSums { output, firms: firms_now(cluster), ..ClusterSums::default() }
        })
        .collect();
    let density = scenario.relatedness().map(|it| it.density(&sums));
    let b = scenario.theta().b_relatedness;
    let mut rows = Vec::new();
    for city in 0..places.cities.len() {
        let s = places.industries.len();
        let mut weak: Vec<(f64, f64, usize)> = (city * s..(city + 1) * s)
            .filter(|cluster| firms_now(*cluster) < CLUSTER_FIRMS)
            .map(|cluster| {
                let reached = counts.iter().filter(|it| u32::from(it[cluster]) >= CLUSTER_FIRMS);
                let p = reached.count() as f64 / n.max(1) as f64;
                let z = density.as_ref().map_or(f64::NAN, |it| to_f64(it[cluster]));
                (p, z, cluster)
            })
            .collect();
        weak.sort_by(|a, b| {
            let z = |it: &(f64, f64, usize)| if it.1.is_nan() { 0.0 } else { it.1 };
            b.0.total_cmp(&a.0).then(z(b).total_cmp(&z(a))).then(a.2.cmp(&b.2))
        });
        for (p, z, cluster) in weak.into_iter().take(PLACES) {
            rows.push(vec![
                places.cities[city].name.as_str().into(),
                places.industries[cluster % s].name.as_str().into(),
                places.tiers.get(&cluster).map_or("", |it: &Tier| it.label()).into(),
                TableCell::Number(f64::from(firms_now(cluster))),
                number(p * 100.0),
                number(z),
                number((b * z).exp2()),
            ]);
        }
    }
    let columns = vec![
        DataColumn::text("city", "市（区）", "city"),
        DataColumn::text("industry", "产业", "industry"),
        DataColumn::text("tier", "规划层次", "tier"),
        DataColumn::number("firms", "现有企业", "firms now", 0),
        DataColumn::number("p", "5 年后至少 10 家的概率（%）", "P(10 firms in 5 years) (%)", 1),
        DataColumn::number("density", "关联密度（标准分）", "relatedness density (z)", 2),
        DataColumn::number("uplift", "对新设的倍数", "factor on entry", 2),
    ];
    Ok(DataTable { name: "potential", columns, rows })
}

//! Tables of fans, differences, thresholds and first passages.

use super::error::ForecastError;
use super::parts::Parts;
use super::plan::{Plan, Told};
use super::sample::{Sample, YI};
use super::statistics::{grouped_mean, mean, quantile, sorted};
use crate::evaluation::wilson;
use crate::model::Lang;
use crate::report::{DataColumn, DataTable, TableCell};
use crate::scenario::{Places, Prices, REPLICATES_PER_DRAW};

/// 百亿 and 千亿 and, for chains, 万亿, in 亿元.
pub(super) const THRESHOLDS: [(&str, &str, f64); 3] = [
    ("百亿", "10 bn yuan", 100.0),
    ("千亿", "100 bn yuan", 1000.0),
    ("万亿", "1 tn yuan", 10_000.0),
];

pub(super) const GROUP: usize = REPLICATES_PER_DRAW as usize;

/// Name of a reported cluster; the last is all of them together.
pub(super) fn cluster_name(plan: &Plan, place: usize) -> String {
    match plan.clusters.get(place) {
        Some(cluster) => Places::shipped().name(*cluster),
        None => "全部集群".to_owned(),
    }
}

/// The tables over all scenarios.
#[derive(Debug, Clone)]
pub(super) struct Results {
    pub(super) fan: DataTable,
    pub(super) difference: DataTable,
    pub(super) thresholds: DataTable,
    pub(super) passage: DataTable,
}

fn number(value: f64) -> TableCell {
    if value.is_finite() { TableCell::Number(value) } else { TableCell::Blank }
}

/// Computes the tables from what is there.
pub(super) fn results(plan: &Plan, parts: &Parts) -> Result<Results, ForecastError> {
    let mut results = Results {
        fan: DataTable { name: "fan", columns: fan_columns(plan), rows: Vec::new() },
        difference: DataTable {
            name: "difference",
            columns: difference_columns(),
            rows: Vec::new(),
        },
        thresholds: DataTable {
            name: "thresholds",
            columns: threshold_columns(),
            rows: Vec::new(),
        },
        passage: DataTable { name: "first_passage", columns: passage_columns(), rows: Vec::new() },
    };
    // A baseline that several scenarios share stands once.
    let mut baselines: Vec<usize> = Vec::new();
    for told in &plan.told {
        let scenario = &plan.scenarios[told.scenario];
        for place in 0..=plan.clusters.len() {
            let full = Sample::read(parts, told.full, place)?;
            let baseline = Sample::read(parts, told.baseline, place)?;
            let cluster = cluster_name(plan, place);
            let thresholds = reachable(plan, place);
            results.fan.rows.extend(fan_rows(plan, &scenario.name, &cluster, &full));
            one_threshold(&mut results, plan, &scenario.name, &cluster, &full, &thresholds);
            if !baselines.contains(&told.baseline) {
                let name = baseline_name(plan, told);
                results.fan.rows.extend(fan_rows(plan, &name, &cluster, &baseline));
                one_threshold(&mut results, plan, &name, &cluster, &baseline, &thresholds);
            }
            if told.full != told.baseline {
                let rows = difference_rows(plan, told, &cluster, &full, &baseline);
                results.difference.rows.extend(rows);
            }
        }
        baselines.push(told.baseline);
    }
    Ok(results)
}

/// What results call the baseline of a scenario.
pub(super) fn baseline_name(plan: &Plan, told: &Told) -> String {
    let scenario = &plan.scenarios[told.scenario];
    match &scenario.baseline {
        Some(_) => {
            let member = plan.members[told.baseline];
            plan.scenarios[member.scenario].name.clone()
        }
        None => {
            let implicit =
                plan.told.iter().filter(|it| plan.scenarios[it.scenario].baseline.is_none());
            let first = implicit.map(|it| it.baseline).min();
            if first == Some(told.baseline) {
                "基准".to_owned()
            } else {
                format!("{}（基准）", scenario.name)
            }
        }
    }
}

/// Thresholds of a cluster; only all clusters together are asked for 万亿. In constant prices there
/// are none, because 百亿 is said of current ones.
fn reachable(plan: &Plan, place: usize) -> Vec<(&'static str, f64)> {
    let current = plan.scenarios[0].series.prices == Prices::Current;
    let n = if place == plan.clusters.len() { 3 } else { 2 };
    let all = THRESHOLDS.iter().take(n).map(|(name, _, value)| (*name, *value));
    all.filter(|_| current).collect()
}

fn fan_columns(plan: &Plan) -> Vec<DataColumn> {
    let mut columns = vec![
        DataColumn::text("scenario", "情景", "scenario"),
        DataColumn::text("cluster", "集群", "cluster"),
        DataColumn::number("year", "年份", "year", 0),
        DataColumn::text("indicator", "指标", "indicator"),
        DataColumn::number("mean", "均值", "mean", 1),
    ];
    for q in &plan.scenarios[0].quantiles {
        // Column names live as long as the program: there are few, and they repeat.
        let name: &'static str = Box::leak(format!("q{q}").into_boxed_str());
        let shown: &'static str = Box::leak(format!("{q}%").into_boxed_str());
        columns.push(DataColumn::number(name, shown, shown, 1));
    }
    columns
}

fn fan_rows(
    plan: &Plan,
    scenario: &str,
    cluster: &str,
    sample: &Sample,
) -> impl Iterator<Item = Vec<TableCell>> {
    let quantiles = plan.scenarios[0].quantiles.clone();
    let years = plan.scenarios[0].years();
    let row = |year: i32, indicator: &str, values: &[f64]| {
        let mut row: Vec<TableCell> = vec![
            scenario.into(),
            cluster.into(),
            TableCell::Number(f64::from(year)),
            indicator.into(),
            number(mean(values)),
        ];
        row.extend(quantiles.iter().map(|q| number(quantile(values, q / 100.0))));
        row
    };
    let mut rows = Vec::new();
    for (at, year) in years.into_iter().enumerate() {
        let output = sorted(sample.output(at).into_iter());
        rows.push(row(year, plan.scenarios[0].series.measure.label(Lang::Zh), &output));
        rows.push(row(year, "企业数", &sample.sorted_count(at, |it| it.firms)));
        rows.push(row(year, "新设企业", &sample.sorted_count(at, |it| it.entries)));
        rows.push(row(year, "技术转化", &sample.sorted_count(at, |it| it.transfers)));
        rows.push(row(year, "能力较高企业", &sample.sorted_count(at, |it| it.capable)));
    }
    rows.into_iter()
}

fn difference_columns() -> Vec<DataColumn> {
    vec![
        DataColumn::text("scenario", "情景", "scenario"),
        DataColumn::text("baseline", "基准", "baseline"),
        DataColumn::text("cluster", "集群", "cluster"),
        DataColumn::number("year", "年份", "year", 0),
        DataColumn::number("mean", "平均差（亿元）", "mean difference (100 m yuan)", 2),
        DataColumn::number("se", "标准误（亿元）", "standard error", 3),
        DataColumn::number("q10", "差 10%（亿元）", "difference 10 %", 2),
        DataColumn::number("q50", "差 50%（亿元）", "difference 50 %", 2),
        DataColumn::number("q90", "差 90%（亿元）", "difference 90 %", 2),
        DataColumn::number("relative_mean", "相对差均值（%）", "mean relative difference (%)", 2),
        DataColumn::number("relative_q10", "相对差 10%（%）", "relative 10 % (%)", 2),
        DataColumn::number("relative_q50", "相对差 50%（%）", "relative 50 % (%)", 2),
        DataColumn::number("relative_q90", "相对差 90%（%）", "relative 90 % (%)", 2),
        DataColumn::number("unchanged", "完全不变的比例（%）", "unchanged (%)", 1),
        DataColumn::number("higher", "更高的比例（%）", "higher (%)", 1),
        DataColumn::number("n", "次数", "replicates", 0),
    ]
}

fn difference_rows(
    plan: &Plan,
    told: &Told,
    cluster: &str,
    full: &Sample,
    baseline: &Sample,
) -> Vec<Vec<TableCell>> {
    let years = plan.scenarios[told.scenario].years();
    let mut rows = Vec::new();
    for (at, year) in years.into_iter().enumerate() {
        let difference = full.difference(baseline, at);
        let relative: Vec<f64> = full.relative(baseline, at).iter().map(|it| it * 100.0).collect();
        let (middle, error) = grouped_mean(&difference, GROUP);
        let n = difference.len().max(1) as f64;
        let share = |hits: usize| hits as f64 / n * 100.0;
        let (a, r) = (sorted(difference.iter().copied()), sorted(relative.iter().copied()));
        let mut row: Vec<TableCell> = vec![
            plan.scenarios[told.scenario].name.as_str().into(),
            baseline_name(plan, told).into(),
            cluster.into(),
            TableCell::Number(f64::from(year)),
        ];
        let numbers = [
            middle,
            error,
            quantile(&a, 0.1),
            quantile(&a, 0.5),
            quantile(&a, 0.9),
            mean(&relative),
            quantile(&r, 0.1),
            quantile(&r, 0.5),
            quantile(&r, 0.9),
            share(difference.iter().filter(|it| **it == 0.0).count()),
            share(difference.iter().filter(|it| **it > 0.0).count()),
            n,
        ];
        row.extend(numbers.map(number));
        rows.push(row);
    }
    rows
}

fn threshold_columns() -> Vec<DataColumn> {
    vec![
        DataColumn::text("scenario", "情景", "scenario"),
        DataColumn::text("cluster", "集群", "cluster"),
        DataColumn::text("threshold", "门槛", "threshold"),
        DataColumn::number("year", "年份", "year", 0),
        DataColumn::number("p", "当年达到的概率（%）", "probability in the year (%)", 1),
        DataColumn::number("low", "95% 下限（%）", "95 % from (%)", 1),
        DataColumn::number("high", "95% 上限（%）", "95 % to (%)", 1),
    ]
}

fn passage_columns() -> Vec<DataColumn> {
    vec![
        DataColumn::text("scenario", "情景", "scenario"),
        DataColumn::text("cluster", "集群", "cluster"),
        DataColumn::text("threshold", "门槛", "threshold"),
        DataColumn::text("year", "首次达到", "first reached"),
        DataColumn::number("share", "比例（%）", "share (%)", 1),
    ]
}

fn one_threshold(
    results: &mut Results,
    plan: &Plan,
    scenario: &str,
    cluster: &str,
    sample: &Sample,
    thresholds: &[(&str, f64)],
) {
    let years = plan.scenarios[0].years();
    let n = sample.len();
    for (name, value) in thresholds {
        let mut first = vec![0_usize; years.len() + 1];
        for replicate in sample.replicates() {
            let reached = replicate.iter().position(|it| it.output as f64 / YI >= *value);
            first[reached.unwrap_or(years.len())] += 1;
        }
        for (at, year) in years.iter().enumerate() {
            let hits = sample.output(at).iter().filter(|it| **it >= *value).count();
            let (low, high) = wilson(hits, n);
            let mut row: Vec<TableCell> = vec![
                scenario.into(),
                cluster.into(),
                (*name).into(),
                TableCell::Number(f64::from(*year)),
            ];
            let p = hits as f64 / n.max(1) as f64;
            row.extend([p, low, high].map(|it| number(it * 100.0)));
            results.thresholds.rows.push(row);
            results.passage.rows.push(vec![
                scenario.into(),
                cluster.into(),
                (*name).into(),
                year.to_string().into(),
                number(first[at] as f64 / n.max(1) as f64 * 100.0),
            ]);
        }
        results.passage.rows.push(vec![
            scenario.into(),
            cluster.into(),
            (*name).into(),
            "未达到".into(),
            number(first[years.len()] as f64 / n.max(1) as f64 * 100.0),
        ]);
    }
}

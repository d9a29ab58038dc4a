//! One sentence per scenario that may be quoted; every number in it stands in a table.

use super::plan::{Plan, Told};
use super::results::{Results, THRESHOLDS, baseline_name};
use crate::model::{Lang, Wording};
use crate::report::{DataTable, TableCell};
use crate::scenario::Places;

/// The year that sentences speak of, where it is in the run.
const YEAR: i32 = 2030;
/// Effects whose mean is smaller, and whose 80 % interval is within twice as much, count as almost
/// none, in percent.
const ALMOST_NONE: f64 = 0.5;

/// The cluster that a scenario is about: that of its first lever, else of its first shock, else the
/// first one named, or reported.
pub(super) fn focus(plan: &Plan, told: &Told) -> usize {
    let scenario = &plan.scenarios[told.scenario];
    let lever = scenario.levers.first().map(|it| it.cluster);
    let shock = scenario.shocks.first().map(|it| it.cluster);
    let reported = || scenario.first_named.or(scenario.clusters.first().copied());
    lever.or(shock).or_else(reported).expect("at least one cluster is reported")
}

/// The year that a plan's sentences speak of.
pub(super) fn year(plan: &Plan) -> i32 {
    let years = plan.scenarios[0].years();
    if years.contains(&YEAR) { YEAR } else { *years.last().expect("at least one year") }
}

/// A row whose cells under `keys` are these texts, and whose year is `year`.
fn row<'a>(table: &'a DataTable, keys: &[(&str, &str)], year: i32) -> Option<&'a [TableCell]> {
    let at = table.column("year")?;
    table.rows.iter().map(Vec::as_slice).find(|row| {
        let years = row[at] == TableCell::Number(f64::from(year));
        years
            && keys.iter().all(|(key, text)| {
                table.column(key).is_some_and(|at| row[at] == TableCell::Text((*text).to_owned()))
            })
    })
}

fn figure(table: &DataTable, row: &[TableCell], key: &str) -> f64 {
    match table.column(key).map(|at| &row[at]) {
        Some(TableCell::Number(number)) => *number,
        _ => f64::NAN,
    }
}

/// The sentence of a scenario. `changes` says whether any replicate differs from its pair.
pub(super) fn sentence(plan: &Plan, told: &Told, results: &Results, changes: bool) -> Wording {
    let scenario = &plan.scenarios[told.scenario];
    let name = &scenario.name;
    let cluster = Places::shipped().name(focus(plan, told));
    let year = year(plan);
    let measure = |lang| scenario.series.measure.label(lang);
    let baseline = baseline_name(plan, told);
    let threshold = threshold(results, plan, told, &cluster, year);
    let fan = row(
        &results.fan,
        &[("scenario", name), ("cluster", &cluster), ("indicator", measure(Lang::Zh))],
        year,
    );
    let level = |key| fan.map_or(f64::NAN, |row| figure(&results.fan, row, key));
    let mean_level = level("mean");
    let difference = row(&results.difference, &[("scenario", name), ("cluster", &cluster)], year);
    let Some(difference) = difference.filter(|_| changes) else {
        let (zh, en) = threshold.unwrap_or_default();
        return Wording::new(
            format!(
                "“{name}”：没有影响，与基准的差在每一次推演里都恰为 0；到 {year} 年，{cluster}的{}平均为 {mean_level:.1} 亿元{zh}。",
                measure(Lang::Zh)
            ),
            format!(
                "{name}: no effect, the difference to the baseline is exactly zero in every replicate; in {year} {cluster} has {mean_level:.1} (100 m yuan) of {} on average{en}.",
                measure(Lang::En)
            ),
        );
    };
    let of = |key| figure(&results.difference, difference, key);
    let (middle, low, high) = (of("relative_mean"), of("relative_q10"), of("relative_q90"));
    let (amount, error) = (of("mean"), of("se"));
    let almost = middle.abs() < ALMOST_NONE && low > -2.0 * ALMOST_NONE && high < 2.0 * ALMOST_NONE;
    let (more_zh, more_en) = if middle < 0.0 { ("低", "lower") } else { ("高", "higher") };
    let (zh, en) = threshold.unwrap_or_default();
    let said = if almost { ("几乎没有影响：", "almost no effect: ") } else { ("", "") };
    let size = middle.abs();
    Wording::new(
        format!(
            "“{name}”：{}到 {year} 年，{cluster}的{}比“{baseline}”平均{more_zh} {size:.2}%（80% 区间 {low:.2}%—{high:.2}%），即 {amount:+.2} 亿元（标准误 {error:.3}）{zh}。",
            said.0,
            measure(Lang::Zh)
        ),
        format!(
            "{name}: {}in {year} the {} of {cluster} is {size:.2} % {more_en} than in {baseline} on average (80 % interval {low:.2} % to {high:.2} %), {amount:+.2} (100 m yuan; standard error {error:.3}){en}.",
            said.1,
            measure(Lang::En)
        ),
    )
}

/// The clause about the first threshold that is not reached yet.
fn threshold(
    results: &Results,
    plan: &Plan,
    told: &Told,
    cluster: &str,
    year: i32,
) -> Option<(String, String)> {
    let scenario = &plan.scenarios[told.scenario];
    let of = Places::shipped().named(cluster)?;
    let now = scenario.series.figures.get(&of)?.last_key_value()?.1.value / 1e4;
    let (name, en, _) = THRESHOLDS.iter().take(2).find(|it| it.2 > now)?;
    let p = |scenario: &str| {
        let keys = [("scenario", scenario), ("cluster", cluster), ("threshold", *name)];
        let row = row(&results.thresholds, &keys, year)?;
        Some(figure(&results.thresholds, row, "p"))
    };
    let own = p(&scenario.name)?;
    if told.full == told.baseline {
        return Some((
            format!("，达到{name}的概率为 {own:.1}%"),
            format!("; the probability of {en} is {own:.1} %"),
        ));
    }
    // A shared baseline stands in the table under the name of the scenario that was told first.
    let member = plan.told.iter().find(|it| it.baseline == told.baseline)?;
    let baseline = p(&baseline_name(plan, member)).or_else(|| {
        let first = plan.told.iter().find(|it| it.full == told.baseline)?;
        p(&plan.scenarios[first.scenario].name)
    })?;
    Some((
        format!("；达到{name}的概率为 {own:.1}%（基准 {baseline:.1}%）"),
        format!("; the probability of {en} is {own:.1} % ({baseline:.1} % in the baseline)"),
    ))
}

//! A back-test from a file to a folder: forecasts, series, report.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::PipelineError;
use super::output::{OutputFolder, names};
use crate::corpus::{OutputKind, Prices, YearlyOptions, YearlySeries, read_yearly};
use crate::model::Lang;
use crate::report::{BackTestFacts, write_back_test};
use crate::simulation::backtest::{
    BackTest, BackTestOptions, COVERAGE_LEVELS, QUANTILES, RIVALS, THETA_NAMES, back_test,
};

/// What is tested, and where the result goes.
#[derive(Debug, Clone)]
pub struct BackTestJob {
    /// The series.
    pub file: PathBuf,
    /// Which variable.
    pub yearly: YearlyOptions,
    /// How much is run.
    pub options: BackTestOptions,
    /// The folder of the result.
    pub out: PathBuf,
    /// Language of the report.
    pub lang: Lang,
}

/// What a back-test found.
#[derive(Debug, Clone)]
pub struct BackTestOutcome {
    /// The series as read.
    pub series: YearlySeries,
    /// The result.
    pub result: BackTest,
    /// Hash of all figures, hexadecimal.
    pub fingerprint: String,
    /// What was noticed in the data, a sentence each.
    pub notes: Vec<String>,
}

/// Runs a back-test and writes `forecasts.csv`, `series.csv`, `backtest.json`, `report.html` and
/// `manifest.json`. `told` is called before each origin with its number and their count.
///
/// # Errors
/// What is wrong with the file, the panel, or the folder.
pub fn run_back_test(
    job: &BackTestJob,
    told: impl Fn(usize, usize),
) -> Result<BackTestOutcome, PipelineError> {
    // Told before the work, not after it.
    let folder = OutputFolder::begin(&job.out)?;
    let series = read_yearly(&job.file, &job.yearly)?;
    let result = back_test(&series.panel, job.options, told)?;
    let forecasts = forecasts_csv(&series, &result);
    let by_series = series_csv(&series, &result);
    let fingerprint = hash([&forecasts, &by_series].map(String::as_bytes));
    let notes = notes(&series, job.lang);
    let write = |name: &str, text: &str| {
        let path = folder.path(name);
        fs::write(&path, text).map_err(|e| PipelineError::io("write", &path, e))
    };
    write(names::FORECASTS, &forecasts)?;
    write("series.csv", &by_series)?;
    write("backtest.json", &format!("{:#}\n", figures(&series, &result)))?;
    let facts = BackTestFacts {
        file: file_name(&job.file),
        variable: variable(&series, &job.yearly.column, job.lang),
        notes: notes.clone(),
        runs: (job.options.prior_runs, job.options.draws),
        fingerprint: fingerprint.clone(),
    };
    write_back_test(&folder.path(names::REPORT), &series.panel, &result, &facts, job.lang)?;
    let manifest = manifest(job, &series, &result, &fingerprint)?;
    write(names::MANIFEST, &format!("{manifest:#}\n"))?;
    folder.finish()?;
    Ok(BackTestOutcome { series, result, fingerprint, notes })
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

const fn kind_word(kind: OutputKind) -> &'static str {
    match kind {
        OutputKind::GrossOutput => "gross_output",
        OutputKind::Revenue => "revenue",
        OutputKind::ValueAdded => "value_added",
        OutputKind::Other => "other",
    }
}

const fn prices_word(prices: Prices) -> &'static str {
    match prices {
        Prices::Current => "current",
        Prices::Constant => "constant",
        Prices::Unstated => "unstated",
    }
}

fn variable(series: &YearlySeries, column: &str, lang: Lang) -> String {
    let prices = match series.prices {
        Prices::Current => lang.pick("现价", "current prices"),
        Prices::Constant => lang.pick("不变价", "constant prices"),
        Prices::Unstated => lang.pick("价格口径未说明", "prices not stated"),
    };
    format!("{column} · {} · {prices}", series.unit.name())
}

/// What of the data a reader has to know.
fn notes(series: &YearlySeries, lang: Lang) -> Vec<String> {
    let years = |years: &[i32]| years.iter().map(i32::to_string).collect::<Vec<_>>().join("、");
    let mut notes = Vec::new();
    let mut note = |zh: String, en: String| {
        notes.push(match lang {
            Lang::Zh => zh,
            Lang::En => en,
        });
    };
    if !series.missing_years.is_empty() {
        let missing = years(&series.missing_years);
        note(
            format!("缺 {missing} 年的数据；跨过缺口的增长按年数折算，不补数。"),
            format!(
                "No data for {missing}; growth across the gap counts per year, nothing is filled in."
            ),
        );
    }
    if !series.incomplete.is_empty() {
        let named = series.incomplete.iter().map(|(name, n)| format!("{name}（{n}）"));
        let named = named.collect::<Vec<_>>().join("、");
        note(
            format!("部分年份缺数的组（缺几年）：{named}。"),
            format!("Groups that lack years (how many): {named}."),
        );
    }
    if !series.count_breaks.is_empty() {
        let breaks = years(&series.count_breaks);
        note(
            format!(
                "{breaks} 年企业数合计比前一年少六分之一以上，可能统计口径有变；金额序列未作调整。"
            ),
            format!(
                "In {breaks} all counts together fell by a sixth or more: perhaps another definition; outputs are as given."
            ),
        );
    }
    if series.totals > 0 {
        let n = series.totals;
        note(
            format!("略去 {n} 行合计（全国等），总体取各组之和。"),
            format!("{n} rows of totals are left out; the whole is the sum of the groups."),
        );
    }
    if series.panel.firms.iter().flatten().all(Option::is_none) {
        note(
            "没有企业数：按产出比例共抽 20,000 户企业，单户企业的偶然性因此只是假设。".to_owned(),
            "No counts of firms: 20,000 firms are drawn in proportion to output, so the luck of single firms is an assumption.".to_owned(),
        );
    }
    if series.prices == Prices::Unstated {
        note(
            "文件没有说明现价还是不变价；结果只适用于同一口径。".to_owned(),
            "The file does not say whether prices are current or constant; results hold for the same basis only.".to_owned(),
        );
    }
    notes
}

fn forecasts_csv(series: &YearlySeries, result: &BackTest) -> String {
    let mut text = String::from("group,origin,horizon,observed_log2");
    for percent in QUANTILES {
        text.push_str(&format!(",q{percent:02}_log2"));
    }
    text.push_str(",place,in50,in80,in95,crps,crps_random_walk,crps_ar1,crps_linear_trend\n");
    for it in &result.scored {
        text.push_str(&quoted(&series.panel.groups[it.group]));
        text.push_str(&format!(",{},{},{:.6}", it.origin, it.horizon, it.observed));
        for value in it.quantiles {
            text.push_str(&format!(",{value:.6}"));
        }
        text.push_str(&format!(",{:.6}", it.place));
        for hit in it.covered {
            text.push_str(if hit { ",1" } else { ",0" });
        }
        for value in std::iter::once(it.crps).chain(it.rivals) {
            text.push_str(&format!(",{value:.6}"));
        }
        text.push('\n');
    }
    text
}

fn series_csv(series: &YearlySeries, result: &BackTest) -> String {
    let mut text =
        String::from("group,forecasts,crps,skill_random_walk,skill_ar1,skill_linear_trend\n");
    for it in &result.verdict.series {
        let [walk, auto, line] = it.skill;
        let group = quoted(&series.panel.groups[it.group]);
        text.push_str(&format!("{group},{},{:.6},{walk:.6},{auto:.6},{line:.6}\n", it.n, it.crps));
    }
    text
}

/// A name as a CSV cell that no spreadsheet takes for a formula.
fn quoted(name: &str) -> String {
    let safe =
        if name.starts_with(['=', '+', '-', '@']) { format!("'{name}") } else { name.to_owned() };
    if safe.contains([',', '"', '\n']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

fn figures(series: &YearlySeries, result: &BackTest) -> Value {
    let verdict = &result.verdict;
    let rivals: Vec<Value> = RIVALS
        .iter()
        .zip(verdict.median_skill)
        .zip(verdict.pooled_skill)
        .map(|((name, (median, low, high)), pooled)| {
            json!({ "rival": name, "median_skill": median, "interval95": [low, high], "pooled_skill": pooled })
        })
        .collect();
    let fitted: Vec<Value> = result
        .fitted
        .iter()
        .map(|it| {
            json!({ "origin": it.origin, "theta": it.theta, "national_log2_per_year": it.national,
                    "persistence": it.persistence })
        })
        .collect();
    let calibration: Vec<Value> = result
        .calibration
        .iter()
        .map(|(name, bins, p)| json!({ "parameter": name, "ranks": bins, "p": p }))
        .collect();
    let left_out: Vec<&String> = result.left_out.iter().map(|g| &series.panel.groups[*g]).collect();
    json!({
        "passed": verdict.passed,
        "series": verdict.series.len(),
        "forecasts": result.scored.len(),
        "rivals": rivals,
        "coverage_levels": COVERAGE_LEVELS,
        "coverage": verdict.coverage,
        "coverage_by_horizon": verdict.coverage_by_horizon,
        "conformal_stretch": { "80": verdict.stretch[0], "95": verdict.stretch[1] },
        "parameters": THETA_NAMES,
        "fitted": fitted,
        "calibration": calibration,
        "left_out": left_out,
    })
}

fn manifest(
    job: &BackTestJob,
    series: &YearlySeries,
    result: &BackTest,
    fingerprint: &str,
) -> Result<Value, PipelineError> {
    let bytes = fs::read(&job.file).map_err(|e| PipelineError::io("read", &job.file, e))?;
    let options = &job.options;
    Ok(json!({
        "schema": "duijie-backtest/1",
        "version": env!("CARGO_PKG_VERSION"),
        "file": file_name(&job.file),
        "sha256": hash([bytes.as_slice()]),
        "variable": job.yearly.column,
        "firms": job.yearly.firms,
        "kind": kind_word(series.kind),
        "prices": prices_word(series.prices),
        "unit": series.unit.name(),
        "years": series.panel.years,
        "missing_years": series.missing_years,
        "count_breaks": series.count_breaks,
        "groups": series.panel.groups.len(),
        "prior_runs": options.prior_runs,
        "draws": options.draws,
        "horizons": options.horizons,
        "least_years": options.least_years,
        "most_firms": options.most_firms,
        "seed": options.seed,
        "passed": result.verdict.passed,
        "fingerprint": fingerprint,
    }))
}

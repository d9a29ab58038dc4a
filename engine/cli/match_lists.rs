//! `duijie match`: the main job.

use std::io::Write;

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::arguments::{ColumnArguments, MatchArguments};
use super::embedder::{embedder_options, own_vectors};
use super::outcome::Failure;
use super::progress::Bars;
use super::{CommandResult, table};
use crate::corpus::find_lists;
use crate::model::{Lang, Micro, Side};
use crate::pipeline::{
    MatchOptions, PipelineError, QuotaOption, RunSummary, SideOptions, run_match,
};

pub(super) fn run(arguments: &MatchArguments, lang: Lang) -> CommandResult {
    // Wrong usage is told before any file is looked at.
    let columns = side_options(&arguments.columns, lang)?;
    let embedder = embedder_options(&arguments.embedder, lang)?;
    let quota = one_quota(&arguments.quota, lang)?;
    let (demands, supplies) = match &arguments.dir {
        Some(dir) => {
            let (demands, supplies) = find_lists(dir).map_err(PipelineError::from)?;
            (vec![demands], vec![supplies])
        }
        None => (arguments.demands.clone(), arguments.supplies.clone()),
    };
    let mut options = MatchOptions::new(demands, supplies, arguments.out.clone(), run_time());
    options.columns = columns;
    options.columns.accept_held = arguments.accept_held;
    options.max_rejected_share = f64::from(arguments.max_rejected) / 100.0;
    if let Some(as_of) = arguments.as_of {
        options.as_of = as_of;
    }
    options.backend = arguments.backend.into();
    options.per_demand = arguments.per_demand;
    options.per_supply = arguments.per_supply;
    options.allocation = arguments.allocation.into();
    options.quota = quota;
    options.exposure_cost = Micro::from_unit(arguments.exposure_cost);
    options.n_candidates = arguments.candidates as usize;
    options.depth = arguments.depth as usize;
    options.top = arguments.top as usize;
    options.weights.clone_from(&arguments.weights);
    options.calibration.clone_from(&arguments.calibration);
    options.embedder = embedder;
    options.vectors = own_vectors(&arguments.vectors);
    options.synonyms.clone_from(&arguments.synonyms);
    options.answers.clone_from(&arguments.answers);
    options.answers_until = arguments.answers_until;
    options.lang = lang;
    let summary = run_match(&options, &Bars::new(lang))?;
    if arguments.json {
        let mut text = serde_json::to_string(&summary.manifest).map_err(std::io::Error::from)?;
        text.push('\n');
        std::io::stdout().write_all(text.as_bytes())?;
    } else {
        print_summary(&summary, &options, lang)?;
    }
    Ok(())
}

/// The one quota asked for. Two that cross would make a list's best choice NP-hard.
fn one_quota(quotas: &[QuotaOption], lang: Lang) -> Result<Option<QuotaOption>, Failure> {
    match quotas {
        [] => Ok(None),
        [quota] => Ok(Some(*quota)),
        many => {
            let given: Vec<String> = many.iter().map(|quota| format!("--quota {quota}")).collect();
            Err(Failure::usage(
                given.join(" "),
                lang.pick(
                    "--quota 只能给一个：地区和领域交叉限额时，无法保证分配最优或稳定",
                    "give one --quota: where region and field cross, no method keeps its promise",
                ),
            ))
        }
    }
}

/// The time of the run: the clock's, or `SOURCE_DATE_EPOCH` (reproducible-builds.org) where it is
/// set, so that a repeated run can be compared byte for byte.
pub(super) fn run_time() -> Zoned {
    fixed_time().unwrap_or_else(Zoned::now)
}

/// The time that `SOURCE_DATE_EPOCH` sets, where it does.
pub(super) fn fixed_time() -> Option<Zoned> {
    let seconds = std::env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok()?;
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::UTC))
}

/// Reads `[demand:|supply:]field=column` and `[demand:|supply:]column`.
pub(super) fn side_options(columns: &ColumnArguments, lang: Lang) -> Result<SideOptions, Failure> {
    let mut options = SideOptions::default();
    for text in &columns.map {
        let (side, rest) = split_side(text);
        let Some((field, column)) = rest.split_once('=') else {
            return Err(Failure::usage(
                format!("--map {text}"),
                lang.pick("写成 字段=列名，例如 --map title=项目名称", "write FIELD=COLUMN"),
            ));
        };
        options.map.push((side, field.trim().to_owned(), column.trim().to_owned()));
    }
    for text in &columns.drop {
        let (side, column) = split_side(text);
        options.drop.push((side, column.trim().to_owned()));
    }
    Ok(options)
}

fn split_side(text: &str) -> (Option<Side>, &str) {
    for (prefix, side) in [("demand:", Side::Demand), ("supply:", Side::Supply)] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return (Some(side), rest);
        }
    }
    (None, text)
}

fn print_summary(summary: &RunSummary, options: &MatchOptions, lang: Lang) -> std::io::Result<()> {
    let manifest = &summary.manifest;
    let t = |zh, en| lang.pick(zh, en);
    let mut out = std::io::stdout().lock();
    for (label, side) in [
        (Side::Demand.label(lang), &manifest.demands),
        (Side::Supply.label(lang), &manifest.supplies),
    ] {
        let (rows, records) = (side.rows_in, side.records);
        let (merged, skipped, rejected) = (side.merged, side.skipped, side.rejected);
        match lang {
            Lang::Zh => writeln!(
                out,
                "{label} {records} 条（读入行 {rows} = {records} + 合并 {merged} + 跳过 {skipped} + 退回 {rejected}）"
            )?,
            Lang::En => writeln!(
                out,
                "{label}: {records} records (rows {rows} = {records} + merged {merged} + skipped {skipped} + rejected {rejected})"
            )?,
        }
    }
    let [recommend, discuss, none] = summary.demands_by_verdict;
    let allocated = manifest.counts.get("allocated_pairs").copied().unwrap_or(0);
    let rows = [
        vec![t("建议对接", "recommend").to_owned(), recommend.to_string()],
        vec![t("可洽谈", "discuss").to_owned(), discuss.to_string()],
        vec![t("暂无匹配", "no match").to_owned(), none.to_string()],
        vec![t("推荐清单（限额）", "handed out (capacities)").to_owned(), allocated.to_string()],
    ];
    writeln!(out, "{}", t("需求按最好的供给计：", "Demands by their best supply:"))?;
    write!(out, "{}", table::lines_up(&rows))?;
    let backend = &manifest.backend;
    let software = if backend.software { t("（软件模拟）", " (software)") } else { "" };
    writeln!(
        out,
        "{}{} {}{software}{}{:.1} s",
        t("计算后端：", "Backend: "),
        backend.kind,
        backend.adapter,
        t("，", ", "),
        manifest.timings.get("total").copied().unwrap_or(0.0)
    )?;
    let file = |name: &str| options.out.join(name).display().to_string();
    let first = t("先看：", "Look first at:");
    writeln!(out, "{first}\n  {}\n  {}", file("report.html"), file("lists.xlsx"))?;
    Ok(())
}

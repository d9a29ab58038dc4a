//! The pairs of the published run, and the figures of a period, as files.

use std::collections::HashMap;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::small_table::{self, SmallColumn};
use super::standing::kept_pairs;
use super::{Current, ExportFormat, JobError, NightlySummary, Surroundings, Workspace};
use crate::model::{Lang, Side};
use crate::report::{TableCell, TableDates, TableLook};
use crate::store::{RunState, Scope, Seq, Store};

const PAIR_COLUMNS: [SmallColumn; 12] = [
    ("demand_number", "需求编号", "Demand no.", 16, TableLook::Code),
    ("demand_id", "需求ID", "Demand id", 16, TableLook::Code),
    ("demand_title", "需求名称", "Demand", 32, TableLook::Prose),
    ("supply_number", "供给编号", "Supply no.", 16, TableLook::Code),
    ("supply_id", "供给ID", "Supply id", 16, TableLook::Code),
    ("supply_title", "供给名称", "Supply", 32, TableLook::Prose),
    ("verdict", "结论", "Verdict", 10, TableLook::Short),
    ("probability", "把握", "Probability", 10, TableLook::Amount),
    ("mutual_score", "双向得分", "Mutual score", 10, TableLook::Amount),
    ("score_for_demand", "需求方得分", "Score for demand", 10, TableLook::Amount),
    ("score_for_supply", "供给方得分", "Score for supply", 10, TableLook::Amount),
    ("handed_out", "在推荐清单", "Handed out", 8, TableLook::Short),
];

/// Writes the pairs that the published run keeps, by demand, then supply; returns how many.
///
/// # Errors
/// [`JobError::NothingPublished`], and what reading the run and writing the file say.
pub fn export_pairs(
    workspace: &Workspace,
    path: &Path,
    format: ExportFormat,
) -> Result<usize, JobError> {
    let nothing = || JobError::NothingPublished { path: workspace.root().to_owned() };
    let current = Current::read(workspace)?.ok_or_else(nothing)?;
    current.open(workspace)?;
    let lang = workspace.config().matching.lang;
    let pairs = kept_pairs(&workspace.run(&current.run))?;
    let store = workspace.store_read_only()?;
    let reference = store
        .runs(usize::MAX >> 1)?
        .into_iter()
        .find(|run| run.folder == current.run && run.state == RunState::Published)
        .map_or(Seq(i64::MAX), |run| run.reference);
    let demands = names(&store, Side::Demand, reference)?;
    let supplies = names(&store, Side::Supply, reference)?;
    let unknown = (String::new(), String::new());
    let rows: Vec<Vec<TableCell>> = pairs
        .iter()
        .map(|pair| {
            let state = &pair.state;
            let demand = demands.get(state.demand.as_str()).unwrap_or(&unknown);
            let supply = supplies.get(state.supply.as_str()).unwrap_or(&unknown);
            vec![
                demand.0.as_str().into(),
                state.demand.as_str().into(),
                demand.1.as_str().into(),
                supply.0.as_str().into(),
                state.supply.as_str().into(),
                supply.1.as_str().into(),
                state.verdict.label(lang).into(),
                TableCell::Number(pair.standing.probability.to_f64()),
                TableCell::Number(state.mutual_score.to_f64()),
                TableCell::Number(state.score_for_demand.to_f64()),
                TableCell::Number(state.score_for_supply.to_f64()),
                if state.allocated { lang.pick("是", "yes") } else { lang.pick("否", "no") }.into(),
            ]
        })
        .collect();
    let n = rows.len();
    let summary: Option<NightlySummary> = serde_json::from_value(current.summary.clone()).ok();
    let started_at = current.published_at.to_zoned(TimeZone::system());
    let dates = TableDates {
        title: lang.pick("匹配结果", "Pairs"),
        data_until: summary.and_then(|summary| summary.data_until),
        started_at: &started_at,
        as_of: current.as_of,
        lang,
    };
    small_table::write(path, format, &dates, &PAIR_COLUMNS, rows)?;
    Ok(n)
}

/// Number and title of every live record.
fn names(
    store: &Store,
    side: Side,
    upto: Seq,
) -> Result<HashMap<String, (String, String)>, JobError> {
    let mut names = HashMap::new();
    store.for_each_live(side, &Scope::All, upto, |stored| {
        let record = stored.record;
        names.insert(record.id.0, (record.number, record.title));
        Ok(())
    })?;
    Ok(names)
}

const FIGURE_COLUMNS: [SmallColumn; 3] = [
    ("name", "名目", "Figure", 36, TableLook::Prose),
    ("value", "数值", "Value", 16, TableLook::Amount),
    ("unit", "单位", "Unit", 10, TableLook::Short),
];

/// Writes what a period came to: imports, runs, how far pairs have come, contracts; and how the
/// lists stand now. Both days are within the period.
///
/// # Errors
/// What the store and writing the file say.
pub fn export_figures(
    workspace: &Workspace,
    path: &Path,
    format: ExportFormat,
    (from, until): (Date, Date),
    around: &Surroundings,
) -> Result<usize, JobError> {
    let store = workspace.store_read_only()?;
    let lang = workspace.config().matching.lang;
    let zone = around.started_at.time_zone().clone();
    let within = |at: jiff::Timestamp| {
        let day = at.to_zoned(zone.clone()).date();
        (from..=until).contains(&day)
    };
    let mut figures: Vec<(&str, &str, f64, &str)> = Vec::new();
    let imports = store.imports(usize::MAX >> 1)?;
    for (side, names) in [
        (
            Side::Demand,
            [
                ("新增需求", "New demands"),
                ("修改需求", "Changed demands"),
                ("撤回需求", "Withdrawn demands"),
            ],
        ),
        (
            Side::Supply,
            [
                ("新增供给", "New supplies"),
                ("修改供给", "Changed supplies"),
                ("撤回供给", "Withdrawn supplies"),
            ],
        ),
    ] {
        let mut sums = [0_u64; 3];
        for import in imports.iter().filter(|import| import.side == side && within(import.at)) {
            let figures = import.figures;
            for (sum, n) in sums.iter_mut().zip([figures.new, figures.changed, figures.withdrawn]) {
                *sum += n;
            }
        }
        figures
            .extend(names.iter().zip(sums).map(|(name, sum)| (name.0, name.1, float(sum), "条")));
    }
    let runs = store.runs(usize::MAX >> 1)?;
    let published = |run: &&crate::store::RunRow| {
        run.state == RunState::Published && run.finished_at.is_some_and(within)
    };
    let n_runs = runs.iter().filter(published).count() as u64;
    figures.push(("发布次数", "Published runs", float(n_runs), "次"));
    let ledger = store.ledger_figures(from, until)?;
    figures.extend([
        ("已联系", "Contacted", float(ledger.contacted), "对"),
        ("已会面", "Met", float(ledger.met), "对"),
        ("洽谈中", "Negotiating", float(ledger.negotiating), "对"),
        ("已签约", "Signed", float(ledger.signed), "对"),
        ("搁置", "Shelved", float(ledger.shelved), "对"),
    ]);
    // 万元 of 分.
    figures.push(("合同金额", "Contracts", fen(ledger.amount_fen) / 1e6, "万元"));
    let counts = store.counts()?;
    figures.extend([
        ("现有有效需求", "Live demands now", float(counts.demands.live), "条"),
        ("现有有效供给", "Live supplies now", float(counts.supplies.live), "条"),
        ("单位", "Organizations now", float(counts.organizations), "家"),
    ]);
    let current = Current::read(workspace)?;
    let summary: Option<NightlySummary> =
        current.as_ref().and_then(|current| serde_json::from_value(current.summary.clone()).ok());
    if let Some(summary) = &summary {
        let verdicts = [
            ("需求：建议对接", "Demands: recommend"),
            ("需求：可洽谈", "Demands: discuss"),
            ("需求：暂无匹配（攻关清单）", "Demands: no match (gap list)"),
        ];
        figures.extend(
            verdicts
                .iter()
                .zip(summary.demands_by_verdict)
                .map(|(name, n)| (name.0, name.1, float(n as u64), "条")),
        );
    }
    let rows: Vec<Vec<TableCell>> = figures
        .iter()
        .map(|(zh, en, value, unit)| {
            let unit = if lang == Lang::Zh { *unit } else { english(unit) };
            vec![lang.pick(zh, en).into(), TableCell::Number(*value), unit.into()]
        })
        .collect();
    let n = rows.len();
    let dates = TableDates {
        title: lang.pick("阶段统计", "Figures"),
        data_until: summary.and_then(|summary| summary.data_until),
        started_at: &around.started_at,
        as_of: until,
        lang,
    };
    small_table::write(path, format, &dates, &FIGURE_COLUMNS, rows)?;
    Ok(n)
}

/// Counts need no unit in English.
fn english(unit: &str) -> &'static str {
    if unit == "万元" { "10,000 yuan" } else { "" }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn float(n: u64) -> f64 {
    n as f64
}

#[expect(clippy::cast_precision_loss, reason = "sums of contracts are far below 2^52 fen")]
fn fen(n: i64) -> f64 {
    n as f64
}

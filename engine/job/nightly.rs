//! The nightly run, step by step.
//!
//! lock → clear up after dead builders → take the inbox in → read the live records → match →
//! news → hash → publish → enter in the store → remove old generations. What is published
//! changes in one step, when `CURRENT` is replaced; whatever fails before it leaves the last
//! published state serving, and whatever fails after it is finished by the next builder.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::building::{Building, Recovered, recover};
use super::calendar::{missed_nights, reference_date};
use super::generation::{self, FolderManifest};
use super::ingest::{Ingested, IngestedFile, PlannedFile, ingest, plan};
use super::night_news::{self, NewsCounts, NewsInput};
use super::options::match_options;
use super::standing::{fingerprints, kept_pairs, rules_of};
use super::{
    BuildersLock, Current, JobError, Surroundings, Workspace, fail, files, gc, intake, standing,
};
use crate::matching::Standing;
use crate::model::{Lang, RecordId, Side};
use crate::pipeline::{
    NightFolders, NightInput, NightMode, NightSummary, Progress, Refresh, run_night,
};
use crate::store::{
    LiveTable, RulesKind, RulesRef, RunHead, RunResult, RunRow, Scope, Seq, Store, StoreError,
};

/// Name and version of the summary's shape.
const SCHEMA: &str = "duijie.nightly/1";

/// What a night is asked to do.
#[derive(Debug, Clone, Default)]
pub struct NightlyOptions {
    /// The reference date; the calendar's where none is given.
    pub as_of: Option<Date>,
    /// Renew the statistics of words and score everything again.
    pub refresh: bool,
}

/// What a night came to: printed as JSON, kept by the store and by `CURRENT`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NightlySummary {
    /// `duijie.nightly/1`.
    pub schema: String,
    /// Name of the run.
    pub run: String,
    /// Number of the generation.
    pub generation: u64,
    /// Reference date.
    pub as_of: Date,
    /// Latest date of publication in the lists.
    pub data_until: Option<Date>,
    /// When it began.
    pub started_at: Timestamp,
    /// Nights without a run since the last published one, the last of them, and how many.
    pub missed_nights: (Vec<Date>, u32),
    /// Live demands and supplies.
    pub records: [usize; 2],
    /// Demands and supplies that are past their validity, and stand in `expired.csv`.
    pub expired: [usize; 2],
    /// Demands whose best pair is 建议对接, 可洽谈 and 暂无匹配.
    pub demands_by_verdict: [usize; 3],
    /// Pairs in the handed-out lists.
    pub handed_out: usize,
    /// How much had to be scored, in words.
    pub mode: String,
    /// When the statistics were last counted anew.
    pub refreshed_on: Date,
    /// What is new.
    pub news: NewsCounts,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// Something that did not stop the night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A short stable code.
    pub code: String,
    /// What was found.
    pub detail: String,
}

impl Warning {
    /// One line for people.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        let what = match self.code.as_str() {
            "dead-builder" => lang.pick(
                "上一次运行没有正常结束，已清理",
                "an earlier run did not come to its end and was cleared up",
            ),
            "clock-went-back" => lang.pick(
                "系统时钟早于上次发布，沿用上次的参考日期，请校准时钟",
                "the clock is before the last published run, whose date is kept; set the clock",
            ),
            "generation-damaged" => lang.pick(
                "索引已损坏，已由数据库重建",
                "the index was damaged and is rebuilt from the store",
            ),
            "current-damaged" => {
                lang.pick("CURRENT 已损坏，已重新写出", "CURRENT was damaged and is written anew")
            }
            other => other,
        };
        format!("{what}（{}）", self.detail)
    }
}

/// A night that was published.
#[derive(Debug, Clone)]
pub struct Night {
    /// What it came to.
    pub summary: NightlySummary,
    /// What the inbox gave.
    pub ingested: Vec<IngestedFile>,
    /// Files still being written, left in the inbox.
    pub waiting: Vec<String>,
    /// What was cleared up after a dead builder.
    pub recovered: Recovered,
    /// What was removed at the end.
    pub removed: Vec<String>,
}

/// What a night would do.
#[derive(Debug, Clone, Serialize)]
pub struct NightPlan {
    /// The reference date.
    pub as_of: Date,
    /// Nights without a run since the last published one, the last of them, and how many.
    pub missed_nights: (Vec<Date>, u32),
    /// The inbox.
    pub inbox: Vec<PlannedFile>,
    /// Live demands and supplies before the inbox is taken in.
    pub records: [u64; 2],
    /// The generation that would be made.
    pub generation: u64,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// Says what a night would do; writes nothing.
///
/// # Errors
/// What stops a night before its first step: no store, settings that are wrong.
pub fn plan_night(
    workspace: &Workspace,
    options: &NightlyOptions,
    around: &Surroundings,
) -> Result<NightPlan, JobError> {
    let store = workspace.store_read_only()?;
    let mut warnings = Vec::new();
    let current = read_current(workspace, &mut warnings)?;
    let day = around.started_at.date();
    let published = published_date(&store, current.as_ref())?;
    let (as_of, back) = reference_date(options.as_of, day, published);
    warn_of_clock(back, day, as_of, &mut warnings);
    match_options(workspace, around, as_of)?;
    let counts = store.counts()?;
    Ok(NightPlan {
        as_of,
        missed_nights: missed_nights(published, as_of),
        inbox: plan(workspace)?,
        records: [counts.demands.live, counts.supplies.live],
        generation: next_generation(workspace, current.as_ref(), &store)?,
        warnings,
    })
}

/// Runs a night.
///
/// # Errors
/// Whatever fails first; what was published before stays published. A run that was begun is
/// entered in the store as failed, where the store still works.
pub fn nightly(
    workspace: &Workspace,
    options: &NightlyOptions,
    around: &Surroundings,
    progress: &dyn Progress,
) -> Result<Night, JobError> {
    let lock = BuildersLock::take(workspace, "nightly", Timestamp::now())?;
    let mut warnings = Vec::new();
    if let Some(dead) = &lock.left_by {
        warnings.push(warning("dead-builder", format!("{} process {}", dead.command, dead.pid)));
    }
    let mut store = workspace.store(around.now())?;
    check(&store, workspace)?;
    let current = read_current(workspace, &mut warnings)?;
    let recovered = recover(workspace, &mut store, current.as_ref(), around.now())?;
    let day = around.started_at.date();
    let Ingested { files: ingested, waiting } =
        ingest(workspace, &mut store, around, day, progress)?;

    let published = published_date(&store, current.as_ref())?;
    let (as_of, back) = reference_date(options.as_of, day, published);
    warn_of_clock(back, day, as_of, &mut warnings);
    let previous = check_generation(workspace, current.as_ref(), &mut warnings);
    let night = Making {
        workspace,
        around,
        current: current.as_ref(),
        previous,
        as_of,
        missed: missed_nights(published, as_of),
        refresh: options.refresh,
    };
    let summary = night.make(&mut store, warnings, progress)?;
    let removed = gc::sweep(workspace, &store)?;
    Ok(Night {
        summary,
        ingested,
        waiting: waiting.iter().map(|path| super::ingest::relative(workspace, path)).collect(),
        recovered,
        removed,
    })
}

fn warning(code: &str, detail: impl Into<String>) -> Warning {
    let warning = Warning { code: code.to_owned(), detail: detail.into() };
    tracing::warn!(code = warning.code, detail = warning.detail, "night");
    warning
}

/// A store that is not sound is not built upon.
fn check(store: &Store, workspace: &Workspace) -> Result<(), JobError> {
    match store.quick_check()?.first() {
        None => Ok(()),
        Some(finding) => Err(StoreError::Corrupt {
            path: workspace.path("store.db"),
            detail: finding.message(Lang::En),
        }
        .into()),
    }
}

/// The pointer; one that is damaged is told and taken for none, because everything it says can be
/// made again from the store. One of a newer version is not.
fn read_current(
    workspace: &Workspace,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Current>, JobError> {
    match Current::read(workspace) {
        Err(JobError::Damaged { reason, .. }) => {
            warnings.push(warning("current-damaged", reason));
            Ok(None)
        }
        other => other,
    }
}

/// The published generation's folder, if every bit of it is as published.
fn check_generation(
    workspace: &Workspace,
    current: Option<&Current>,
    warnings: &mut Vec<Warning>,
) -> Option<std::path::PathBuf> {
    let current = current?;
    let dir = workspace.generation(current.generation);
    let manifest = match FolderManifest::read(&dir) {
        Ok(manifest) => manifest,
        Err(error) => {
            warnings.push(warning("generation-damaged", error.to_string()));
            return None;
        }
    };
    let shown = format!("generations/{}", current.generation);
    let differences =
        generation::compare(&dir, &manifest.files, &shown, Some(generation::MANIFEST));
    if let Some(first) = differences.first() {
        let detail = format!("{}: {}; rebuilt from the store", first.file, first.what);
        warnings.push(warning("generation-damaged", detail));
        return None;
    }
    Some(dir)
}

/// The reference date of the last published run.
fn published_date(store: &Store, current: Option<&Current>) -> Result<Option<Date>, JobError> {
    Ok(match current {
        Some(current) => Some(current.as_of),
        None => store.last_success()?.map(|run| run.as_of),
    })
}

fn warn_of_clock(back: bool, today: Date, as_of: Date, warnings: &mut Vec<Warning>) {
    if back {
        let detail = format!("the clock says {today}, {as_of} was published; {as_of} is kept");
        warnings.push(warning("clock-went-back", detail));
    }
}

/// One more than any generation that was ever published or stands in a folder.
fn next_generation(
    workspace: &Workspace,
    current: Option<&Current>,
    store: &Store,
) -> Result<u64, JobError> {
    let mut last = current.map_or(0, |current| current.generation);
    if let Some(generation) = store.last_success()?.and_then(|run| run.generation) {
        last = last.max(generation);
    }
    if let Ok(entries) = std::fs::read_dir(workspace.path("generations")) {
        let numbers = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_string_lossy().parse::<u64>().ok());
        last = last.max(numbers.max().unwrap_or(0));
    }
    Ok(last + 1)
}

/// A run being made.
struct Making<'a> {
    workspace: &'a Workspace,
    around: &'a Surroundings,
    current: Option<&'a Current>,
    /// The published generation, if it is sound.
    previous: Option<std::path::PathBuf>,
    as_of: Date,
    missed: (Vec<Date>, u32),
    refresh: bool,
}

impl Making<'_> {
    fn make(
        &self,
        store: &mut Store,
        warnings: Vec<Warning>,
        progress: &dyn Progress,
    ) -> Result<NightlySummary, JobError> {
        let (workspace, around) = (self.workspace, self.around);
        let last = store.last_success()?;
        let after = last.as_ref().map_or(Seq::START, |run| run.reference);
        let reference = store.head()?;
        let read = |side| store.live(side, &Scope::All, reference, self.as_of);
        let (demands, supplies) = (read(Side::Demand)?, read(Side::Supply)?);
        for (side, table) in [(Side::Demand, &demands), (Side::Supply, &supplies)] {
            if table.records.is_empty() {
                return Err(JobError::NothingToMatch { side });
            }
        }
        let answers = store.answers(reference)?;
        let intakes = self.intakes(store, after)?;
        let generation = next_generation(workspace, self.current, store)?;
        let refresh = self.refresh(last.as_ref());
        let head =
            RunHead { as_of: self.as_of, reference, program: env!("CARGO_PKG_VERSION").to_owned() };
        let run = store.begin_run(&head, around.now())?;
        let job =
            Job { making: self, run: &run, generation, reference, refresh, last: last.as_ref() };
        let made =
            Building::begin(workspace, generation, &run.folder, around.now()).and_then(|_| {
                job.build(store, (demands, supplies), answers, intakes, warnings, progress)
            });
        match made {
            Ok(summary) => {
                Building::end(workspace)?;
                Ok(summary)
            }
            Err(error) => {
                let is_published = Current::read(workspace)
                    .ok()
                    .flatten()
                    .is_some_and(|current| current.run == run.folder);
                // A full disk needs the room now. If even this fails, the next builder does it, and
                // one that finds the run published enters it in the store.
                if !is_published {
                    Building { generation, run: run.folder.clone() }.abandon(workspace).ok();
                    store.fail_run(run.id, &error.to_string(), around.now()).ok();
                }
                Err(error)
            }
        }
    }

    /// What the imports since the last published run found, in their order.
    fn intakes(
        &self,
        store: &Store,
        after: Seq,
    ) -> Result<(crate::model::Intake, crate::model::Intake), JobError> {
        let mut both =
            (crate::model::Intake::empty(Side::Demand), crate::model::Intake::empty(Side::Supply));
        // More imports than this between two nights would not be told one by one anyway.
        const MOST: usize = 1_000;
        let mut imports = store.imports(MOST)?;
        imports.retain(|import| import.seq > after);
        imports.sort_by_key(|import| import.seq);
        for import in imports {
            let into = match import.side {
                Side::Demand => &mut both.0,
                Side::Supply => &mut both.1,
            };
            if !intake::add(self.workspace, into, &import.sha256)? {
                tracing::warn!(file = import.file, "what became of its rows is not known any more");
            }
        }
        Ok(both)
    }

    fn refresh(&self, last: Option<&RunRow>) -> Refresh {
        if self.refresh {
            return Refresh::Statistics;
        }
        let due = last
            .and_then(|run| serde_json::from_str::<NightlySummary>(run.summary.as_deref()?).ok())
            .and_then(|summary| self.as_of.since(summary.refreshed_on).ok())
            .is_some_and(|age| {
                i64::from(age.get_days()) >= i64::from(self.workspace.config().night.refresh_days)
            });
        if due { Refresh::Statistics } else { Refresh::WhenDue }
    }
}

/// A run with its place.
struct Job<'a> {
    making: &'a Making<'a>,
    run: &'a RunRow,
    generation: u64,
    reference: Seq,
    refresh: Refresh,
    last: Option<&'a RunRow>,
}

impl Job<'_> {
    fn build(
        &self,
        store: &mut Store,
        (demands, supplies): (LiveTable, LiveTable),
        answers: Vec<crate::model::BrokerAnswer>,
        intakes: (crate::model::Intake, crate::model::Intake),
        warnings: Vec<Warning>,
        progress: &dyn Progress,
    ) -> Result<NightlySummary, JobError> {
        let Making { workspace, around, as_of, .. } = *self.making;
        let generation_dir = workspace.generation(self.generation);
        let run_dir = workspace.run(&self.run.folder);
        let options = match_options(workspace, around, as_of)?;
        let expired = [demands.expired.len(), supplies.expired.len()];
        write_expired(&run_dir, &demands.expired, &supplies.expired)?;
        // Kept for the news: the match takes its tables with it.
        let n_records = [demands.records.len(), supplies.records.len()];
        let prints = (fingerprints(&demands.records), fingerprints(&supplies.records));
        let night = run_night(
            NightInput {
                demands: demands.records,
                supplies: supplies.records,
                demand_intake: intakes.0,
                supply_intake: intakes.1,
                answers,
            },
            &options,
            NightFolders {
                previous: self.making.previous.as_deref(),
                generation: &generation_dir,
                run: &run_dir,
            },
            self.refresh,
            progress,
        )?;
        fail::point("night.built").map_err(|e| JobError::io("write", &run_dir, e))?;
        let kept = kept_pairs(&run_dir)?;
        let standing = Standing {
            pairs: kept.iter().map(|pair| pair.standing.clone()).collect(),
            demands: prints.0,
            supplies: prints.1,
            rules: rules_of(&night.manifest),
        };
        standing::write(&run_dir, &standing)?;
        let news = self.news(store, &run_dir, &standing, &night)?;
        fail::point("night.news").map_err(|e| JobError::io("write", &run_dir, e))?;
        let handed_out = standing.pairs.iter().filter(|pair| pair.handed_out).count();
        let summary = self.summary(&night, n_records, expired, handed_out, news, warnings);
        let rules = put_rules(store, &run_dir, around.now())?;
        let states = kept.into_iter().map(|pair| pair.state);
        store.record_verdicts(self.run.id, &rules, states, around.now())?;
        self.publish(store, &summary)?;
        Ok(summary)
    }

    fn news(
        &self,
        store: &Store,
        run_dir: &Path,
        standing: &Standing,
        night: &NightSummary,
    ) -> Result<NewsCounts, JobError> {
        let making = self.making;
        // The last published run, by the pointer, or where that is lost by the store.
        let name = making
            .current
            .map(|current| current.run.as_str())
            .or(self.last.map(|run| run.folder.as_str()));
        let folder = name.map(|name| making.workspace.run(name));
        night_news::write(
            run_dir,
            &NewsInput {
                config: making.workspace.config(),
                record: &|side, id| {
                    let stored = store.record(side, id)?;
                    Ok(stored.filter(|stored| !stored.withdrawn).map(|stored| stored.record))
                },
                standing,
                before: name.zip(folder.as_deref()),
                run: &self.run.folder,
                started_at: &making.around.started_at,
                as_of: making.as_of,
                data_until: night.manifest.data_until,
                missed: &making.missed,
            },
        )
    }

    fn summary(
        &self,
        night: &NightSummary,
        records: [usize; 2],
        expired: [usize; 2],
        handed_out: usize,
        news: NewsCounts,
        warnings: Vec<Warning>,
    ) -> NightlySummary {
        let making = self.making;
        let lang = making.workspace.config().matching.lang;
        let full = matches!(night.mode, NightMode::Full { .. });
        let before = self
            .last
            .and_then(|run| serde_json::from_str::<NightlySummary>(run.summary.as_deref()?).ok())
            .map(|summary| summary.refreshed_on);
        NightlySummary {
            schema: SCHEMA.to_owned(),
            run: self.run.folder.clone(),
            generation: self.generation,
            as_of: making.as_of,
            data_until: night.manifest.data_until,
            started_at: making.around.started_at.timestamp(),
            missed_nights: making.missed.clone(),
            records,
            expired,
            demands_by_verdict: night.demands_by_verdict,
            handed_out,
            mode: night.mode.line(lang),
            refreshed_on: before.filter(|_| !full).unwrap_or(making.as_of),
            news,
            warnings,
        }
    }

    /// Everything is on the disk before the pointer is, and the pointer before the store's entry.
    fn publish(&self, store: &mut Store, summary: &NightlySummary) -> Result<(), JobError> {
        let Making { workspace, around, as_of, .. } = *self.making;
        let generation_dir = workspace.generation(self.generation);
        let run_dir = workspace.run(&self.run.folder);
        let at = around.now();
        let manifest = FolderManifest::of(&generation_dir, self.generation, self.reference.0, at)?;
        let sha256 = manifest.write(&generation_dir)?;
        let run_files = generation::hashes(&run_dir, None)?;
        for dir in [&generation_dir, &run_dir] {
            files::sync_tree(dir).map_err(|e| JobError::io("write", dir, e))?;
        }
        for dir in [workspace.path("generations"), workspace.path("runs")] {
            files::sync_dir(&dir).map_err(|e| JobError::io("write", &dir, e))?;
        }
        let text = serde_json::to_value(summary).unwrap_or_default();
        Current::new(
            (self.generation, sha256),
            (self.run.folder.clone(), run_files),
            as_of,
            at,
            text.clone(),
        )
        .publish(workspace)?;
        let result = RunResult { generation: self.generation, summary: text.to_string() };
        store.finish_run(self.run.id, &result, at)?;
        Ok(())
    }
}

/// Keeps the texts of the rules by which the run's verdicts can be made again.
fn put_rules(store: &mut Store, run: &Path, at: Timestamp) -> Result<RulesRef, JobError> {
    let mut put = |kind, name: &str| {
        let path = run.join("index").join(name);
        let text = std::fs::read_to_string(&path).map_err(|e| JobError::io("read", &path, e))?;
        Ok::<_, JobError>(store.put_rules(kind, &text, at)?)
    };
    put(RulesKind::Synonyms, "synonyms.toml")?;
    Ok(RulesRef {
        weights: put(RulesKind::Weights, "weights.toml")?,
        calibration: put(RulesKind::Calibration, "calibration.toml")?,
    })
}

/// `expired.csv`: records that were not matched because their validity has ended.
fn write_expired(
    run: &Path,
    demands: &[(RecordId, Date)],
    supplies: &[(RecordId, Date)],
) -> Result<(), JobError> {
    let path = run.join("expired.csv");
    let write = || -> Result<(), csv::Error> {
        let mut out = csv::Writer::from_path(&path)?;
        // The mark by which spreadsheet programs know UTF-8.
        out.write_record(["\u{feff}side", "id", "valid_until"])?;
        for (side, rows) in [("demand", demands), ("supply", supplies)] {
            for (id, day) in rows {
                out.write_record([side, &guarded(id.as_str()), &day.to_string()])?;
            }
        }
        Ok(out.flush()?)
    };
    write().map_err(|e| JobError::io("write", &path, e.into()))
}

/// A cell of a CSV file, with an apostrophe where a spreadsheet program could take it for a
/// formula.
pub(super) fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

//! What a workspace holds, what it has published, and how its last run went.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::calendar::is_stale;
use super::lock::Holder;
use super::{BuildersLock, Current, JobError, Surroundings, Workspace};
use crate::model::Diagnosis;
use crate::store::{Counts, RunRow, SideCounts};

/// `status --json`.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// `duijie.status/1`.
    pub schema: &'static str,
    /// Records by side.
    pub records: SideFigures,
    /// Organizations.
    pub organizations: u64,
    /// Answers.
    pub answers: u64,
    /// Imports.
    pub imports: u64,
    /// What is published; `None` where nothing is.
    pub published: Option<Published>,
    /// The last run, however it ended.
    pub last_run: Option<RunFigures>,
    /// When the last run was published.
    pub last_success: Option<Timestamp>,
    /// Whether that is longer ago than the settings allow.
    pub stale: bool,
    /// The hours they allow.
    pub stale_after_hours: u32,
    /// Who is at work just now.
    pub at_work: Option<Holder>,
    /// Files waiting in the inbox.
    pub inbox: usize,
    /// What is wrong with what is published, in a few words; `verify` looks closer.
    pub trouble: Option<String>,
}

/// Counts by side.
#[derive(Debug, Clone, Serialize)]
pub struct SideFigures {
    /// Demands.
    pub demands: RecordFigures,
    /// Supplies.
    pub supplies: RecordFigures,
}

/// Counts of one side's records.
#[derive(Debug, Clone, Serialize)]
pub struct RecordFigures {
    /// In force, expired ones included.
    pub live: u64,
    /// Withdrawn.
    pub withdrawn: u64,
    /// Versions of all of them.
    pub versions: u64,
}

/// What is published.
#[derive(Debug, Clone, Serialize)]
pub struct Published {
    /// Number of the generation.
    pub generation: u64,
    /// Name of the run.
    pub run: String,
    /// Its reference date.
    pub as_of: Date,
    /// 数据截至.
    pub data_until: Option<Date>,
    /// When.
    pub at: Timestamp,
    /// The night's summary.
    pub summary: serde_json::Value,
}

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct RunFigures {
    /// Name.
    pub run: String,
    /// `open`, `published`, `failed` or `abandoned`.
    pub state: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub failure: Option<String>,
}

impl From<RunRow> for RunFigures {
    fn from(run: RunRow) -> Self {
        Self {
            run: run.folder,
            state: format!("{:?}", run.state).to_lowercase(),
            started_at: run.started_at,
            finished_at: run.finished_at,
            failure: run.failure,
        }
    }
}

const fn figures(counts: &SideCounts) -> RecordFigures {
    RecordFigures { live: counts.live, withdrawn: counts.withdrawn, versions: counts.versions }
}

/// Looks at a workspace without writing; reads kept totals, not records.
///
/// # Errors
/// What the store says when it cannot be opened.
pub fn status(workspace: &Workspace, around: &Surroundings) -> Result<Status, JobError> {
    let store = workspace.store_read_only()?;
    let Counts { demands, supplies, organizations, answers, imports, .. } = store.counts()?;
    let last_success = store.last_success()?;
    let (current, mut trouble) = match Current::read(workspace) {
        Ok(current) => (current, None),
        Err(error @ (JobError::Damaged { .. } | JobError::Newer { .. })) => {
            (None, Some(error.message(workspace.config().matching.lang)))
        }
        Err(error) => return Err(error),
    };
    if let Some(current) = &current
        && let Err(error) = current.open(workspace)
    {
        trouble = Some(error.message(workspace.config().matching.lang));
    }
    let last_at = current
        .as_ref()
        .map(|current| current.published_at)
        .or_else(|| last_success.and_then(|run| run.finished_at));
    let hours = workspace.config().night.stale_hours;
    Ok(Status {
        schema: "duijie.status/1",
        records: SideFigures { demands: figures(&demands), supplies: figures(&supplies) },
        organizations,
        answers,
        imports,
        published: current.map(|current| Published {
            generation: current.generation,
            run: current.run,
            as_of: current.as_of,
            data_until: current
                .summary
                .get("data_until")
                .and_then(|day| day.as_str()?.parse().ok()),
            at: current.published_at,
            summary: current.summary,
        }),
        last_run: store.last_run()?.map(Into::into),
        last_success: last_at,
        stale: is_stale(last_at, around.now(), hours),
        stale_after_hours: hours,
        at_work: BuildersLock::held_by(workspace),
        inbox: super::inbox::scan(workspace)?.len(),
        trouble,
    })
}

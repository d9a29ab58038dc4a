//! What is published, opened to be asked.

use super::options::match_options;
use super::{Current, JobError, PublishedNews, Surroundings, Workspace};
use crate::model::Side;
use crate::pipeline::{EmbedderOptions, Progress, Snapshot, SnapshotFolders};
use crate::store::{RunState, Scope, Seq, Store};

/// A published night, opened, with what it is called.
pub struct Serving {
    /// What is published.
    pub current: Current,
    /// The night itself.
    pub snapshot: Snapshot,
    /// What is new, and whose it is.
    pub news: PublishedNews,
}

/// Opens what is published: every file's size is checked, and the records are read as the run read
/// them, whatever was taken in since.
///
/// # Errors
/// [`JobError::NothingPublished`] before the first night, [`JobError::Damaged`] where a file is not as
/// published, and what the store and the pipeline say.
pub fn open_published(
    workspace: &Workspace,
    around: &Surroundings,
    progress: &dyn Progress,
) -> Result<Serving, JobError> {
    let nothing = || JobError::NothingPublished { path: workspace.root().to_owned() };
    let current = Current::read(workspace)?.ok_or_else(nothing)?;
    current.open(workspace)?;
    let store = workspace.store_read_only()?;
    let reference = reference_of(&store, &current)?;
    let embedder = embedder_of(workspace, around, &current)?;
    let live = |side| -> Result<_, JobError> {
        Ok(store.live(side, &Scope::All, reference, current.as_of)?.records)
    };
    let (demands, supplies) = (live(Side::Demand)?, live(Side::Supply)?);
    let snapshot = Snapshot::open(
        SnapshotFolders {
            generation: &workspace.generation(current.generation),
            run: &workspace.run(&current.run),
        },
        demands,
        supplies,
        &embedder,
        progress,
    )?;
    let news = PublishedNews::read(&workspace.run(&current.run));
    Ok(Serving { current, snapshot, news })
}

/// The place in the event log up to which the published run read.
///
/// A run that was published and not yet entered in the store is the open one.
fn reference_of(store: &Store, current: &Current) -> Result<Seq, JobError> {
    let runs = store.runs(usize::MAX >> 1)?;
    let is_it = |state: RunState| matches!(state, RunState::Published | RunState::Open);
    let run = runs.iter().find(|run| run.folder == current.run && is_it(run.state));
    Ok(run.map_or(Seq(i64::MAX), |run| run.reference))
}

fn embedder_of(
    workspace: &Workspace,
    around: &Surroundings,
    current: &Current,
) -> Result<EmbedderOptions, JobError> {
    Ok(match_options(workspace, around, current.as_of)?.embedder)
}

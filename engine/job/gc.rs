//! Removing what is no longer needed: old generations, old runs, kept intakes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::{BuildersLock, Current, JobError, Surroundings, Workspace};
use crate::store::{RunRow, RunState, Store};

/// Most runs that are looked at; more than a workspace makes in ten years.
const RUNS: usize = 10_000;

/// Removes what the settings do not keep; returns it relative to the workspace.
///
/// A file that a reader still holds may not be removable; it is then removed the next time.
///
/// # Errors
/// [`JobError::Locked`] while something is built, and what the store says.
pub fn gc(workspace: &Workspace, around: &Surroundings) -> Result<Vec<String>, JobError> {
    let _lock = BuildersLock::take(workspace, "gc", Timestamp::now())?;
    let mut store = workspace.store(around.now())?;
    let current = Current::read(workspace)?;
    super::building::recover(workspace, &mut store, current.as_ref(), around.now())?;
    let removed = sweep(workspace, &store)?;
    if !removed.is_empty() {
        store.note("gc", &removed.join(", "), around.now())?;
    }
    Ok(removed)
}

/// As [`gc`], for who holds the lock.
pub(super) fn sweep(workspace: &Workspace, store: &Store) -> Result<Vec<String>, JobError> {
    let Some(current) = Current::read(workspace)? else { return Ok(Vec::new()) };
    let keep = &workspace.config().keep;
    let mut published: Vec<RunRow> = store.runs(RUNS)?;
    published.retain(|run| run.state == RunState::Published);
    let mut removed = Vec::new();

    let mut generations: BTreeSet<u64> =
        published.iter().filter_map(|run| run.generation).collect();
    generations.insert(current.generation);
    // The present one and the newest before it; one that was never published is not ours to
    // judge here.
    let old: Vec<u64> = (generations.iter().rev())
        .filter(|&&number| number <= current.generation)
        .skip(keep.generations as usize)
        .copied()
        .collect();
    for number in old {
        remove(&workspace.generation(number), &format!("generations/{number}"), &mut removed);
    }
    if keep.runs > 0 {
        let names = published.iter().map(|run| run.folder.as_str());
        for name in names.filter(|name| *name != current.run).skip(keep.runs as usize - 1) {
            remove(&workspace.run(name), &format!("runs/{name}"), &mut removed);
        }
    }
    remove_told_intakes(workspace, store)?;
    removed.sort();
    Ok(removed)
}

/// What became of rows that a published run has told.
fn remove_told_intakes(workspace: &Workspace, store: &Store) -> Result<(), JobError> {
    let Some(last) = store.last_success()? else { return Ok(()) };
    let untold: BTreeSet<String> = (store.imports(RUNS)?.into_iter())
        .filter(|import| import.seq > last.reference)
        .map(|import| import.sha256)
        .collect();
    let Ok(entries) = fs::read_dir(workspace.path("intakes")) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hash = name.strip_suffix(".json").and_then(|stem| stem.split_once('-'));
        if hash.is_some_and(|(_, hash)| !untold.contains(hash)) {
            fs::remove_file(entry.path()).ok();
            tracing::debug!(name, "told, removed");
        }
    }
    Ok(())
}

fn remove(path: &Path, shown: &str, removed: &mut Vec<String>) {
    if !path.exists() {
        return;
    }
    match fs::remove_dir_all(path) {
        Ok(()) => removed.push(shown.to_owned()),
        Err(error) => tracing::warn!(path = shown, %error, "in use, removed another time"),
    }
}

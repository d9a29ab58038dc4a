//! What a builder is making, written down before it begins, so that what a dead one left is known.
//!
//! Only folders that stand here are ever removed as unfinished; a folder that a person put beside
//! the others is not ours to judge.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Current, JobError, Workspace, files};
use crate::store::{RunResult, RunState, Store};

const BUILDING: &str = "BUILDING";

/// The folders that are being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Building {
    pub(super) generation: u64,
    pub(super) run: String,
}

impl Building {
    /// Writes down what is to be made, and makes the two empty folders. A folder of the same name
    /// that nobody knows of is set aside first.
    pub(super) fn begin(
        workspace: &Workspace,
        generation: u64,
        run: &str,
        at: Timestamp,
    ) -> Result<(), JobError> {
        let building = Self { generation, run: run.to_owned() };
        for path in [workspace.generation(generation), workspace.run(run)] {
            if path.exists() {
                set_aside(workspace, &path, at)?;
            }
        }
        let path = workspace.path(BUILDING);
        let text =
            serde_json::to_string(&building).map_err(|e| JobError::io("write", &path, e.into()))?;
        files::replace(&path, text.as_bytes(), "night.began")?;
        for path in [workspace.generation(generation), workspace.run(run)] {
            fs::create_dir_all(&path).map_err(|e| JobError::io("create", &path, e))?;
        }
        Ok(())
    }

    /// Nothing is being made any more.
    pub(super) fn end(workspace: &Workspace) -> Result<(), JobError> {
        let path = workspace.path(BUILDING);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(JobError::io("remove", &path, error))
            }
            _ => Ok(()),
        }
    }

    /// Removes what was being made.
    pub(super) fn abandon(self, workspace: &Workspace) -> Result<(), JobError> {
        for path in [workspace.generation(self.generation), workspace.run(&self.run)] {
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(JobError::io("remove", &path, error));
                }
                _ => {}
            }
        }
        Self::end(workspace)
    }

    fn read(workspace: &Workspace) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(workspace.path(BUILDING)).ok()?).ok()
    }
}

/// What was cleared up after a builder that died.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Recovered {
    /// Half imports that were discarded; their files are still where they were.
    pub imports_discarded: usize,
    /// A run that was published but not yet entered in the store; it is now.
    pub run_completed: Option<String>,
    /// Runs that had not been published; their folders are gone.
    pub runs_abandoned: usize,
}

impl Recovered {
    /// Whether there was anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Clears up after builders that died. To be called under the lock, before anything is built.
pub(super) fn recover(
    workspace: &Workspace,
    store: &mut Store,
    current: Option<&Current>,
    at: Timestamp,
) -> Result<Recovered, JobError> {
    let mut recovered =
        Recovered { imports_discarded: store.discard_staged(at)?, ..Recovered::default() };
    if let Some(open) = store.open_run()?
        && let Some(current) = current.filter(|current| current.run == open.folder)
        && open.state == RunState::Open
    {
        let result =
            RunResult { generation: current.generation, summary: current.summary.to_string() };
        store.finish_run(open.id, &result, at)?;
        recovered.run_completed = Some(open.folder);
    }
    recovered.runs_abandoned = store.abandon_open_runs(at)?;
    if let Some(building) = Building::read(workspace) {
        if current.is_some_and(|current| current.run == building.run) {
            Building::end(workspace)?;
        } else {
            building.abandon(workspace)?;
        }
    }
    clear_beside(workspace);
    Ok(recovered)
}

/// Removes files that a writer had begun beside their place. They have a prefix that nothing else
/// has; one that cannot be removed costs nothing but its place on the disk.
fn clear_beside(workspace: &Workspace) {
    for dir in [workspace.root().to_owned(), workspace.path("intakes")] {
        let Ok(entries) = fs::read_dir(dir) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with(".new-") {
                fs::remove_file(entry.path()).ok();
            }
        }
    }
}

/// Moves a file or folder of the workspace to `aside-<time>/`, where nothing is ever removed.
pub(super) fn set_aside(
    workspace: &Workspace,
    path: &Path,
    at: Timestamp,
) -> Result<PathBuf, JobError> {
    let stamp = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let below = path.strip_prefix(workspace.root()).unwrap_or(path);
    for number in 1..=u32::MAX {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let place = workspace.path(&format!("aside-{stamp}{suffix}")).join(below);
        if place.exists() {
            continue;
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|e| JobError::io("create", parent, e))?;
        }
        fs::rename(path, &place).map_err(|e| JobError::io("move", path, e))?;
        return Ok(place);
    }
    Err(JobError::io("move", path, io::ErrorKind::AlreadyExists.into()))
}

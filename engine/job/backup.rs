//! Copies of what cannot be made again, and how they come back.
//!
//! A backup is a folder: `store.db` (one consistent copy), `duijie.toml`, and `backup.json` with
//! the hashes of both. Index, vectors and runs are not in it: the next night makes the first two
//! again, and runs are documents that people have.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::building::set_aside;
use super::generation::{self, FileHash};
use super::workspace::CONFIG;
use super::{BuildersLock, Current, JobError, Surroundings, Workspace, current, files};
use crate::store::{RunState, Store};

/// Name and version of the shape of `backup.json`.
const SCHEMA: &str = "duijie.backup/1";
const NOTE: &str = "backup.json";

#[derive(Serialize, Deserialize)]
struct Note {
    schema: String,
    program: String,
    made_at: Timestamp,
    files: BTreeMap<String, FileHash>,
}

/// A backup that was made.
#[derive(Debug, Clone, Serialize)]
pub struct BackupMade {
    /// Its folder.
    pub folder: PathBuf,
    /// Bytes in all.
    pub bytes: u64,
    /// SHA-256 of the copy of the store.
    pub store_sha256: String,
}

/// Makes a backup in a new folder `duijie-<time>` under `into`, beside any earlier ones. May run
/// while a night does: the copy is of one moment.
///
/// # Errors
/// [`JobError::Io`] when the folder cannot be written, and what the store says.
pub fn backup(
    workspace: &Workspace,
    into: &Path,
    around: &Surroundings,
) -> Result<BackupMade, JobError> {
    // For reading: what is to be saved may lie on a disk that can no longer be written.
    let store = workspace.store_read_only()?;
    fs::create_dir_all(into).map_err(|e| JobError::io("create", into, e))?;
    let folder = new_folder(into, around)?;
    store.backup_to(&folder.join("store.db"))?;
    let (from, to) = (workspace.path(CONFIG), folder.join(CONFIG));
    fs::copy(&from, &to).map_err(|e| JobError::io("write", &to, e))?;
    let hashes = generation::hashes(&folder, Some(NOTE))?;
    let bytes = hashes.values().map(|hash| hash.size).sum();
    let store_sha256 = hashes.get("store.db").map(|hash| hash.sha256.clone()).unwrap_or_default();
    let note = Note {
        schema: SCHEMA.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: around.now(),
        files: hashes,
    };
    let path = folder.join(NOTE);
    let text =
        serde_json::to_string_pretty(&note).map_err(|e| JobError::io("write", &path, e.into()))?;
    fs::write(&path, text + "\n").map_err(|e| JobError::io("write", &path, e))?;
    files::sync_tree(&folder).map_err(|e| JobError::io("write", &folder, e))?;
    Ok(BackupMade { folder, bytes, store_sha256 })
}

fn new_folder(into: &Path, around: &Surroundings) -> Result<PathBuf, JobError> {
    let stamp = around.started_at.strftime("%Y%m%d-%H%M%S").to_string();
    for number in 1..=u32::MAX {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let folder = into.join(format!("duijie-{stamp}{suffix}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(JobError::io("create", &folder, error)),
        }
    }
    Err(JobError::io("create", into, std::io::ErrorKind::AlreadyExists.into()))
}

/// What a restore did.
#[derive(Debug, Clone, Serialize)]
pub struct RestoreDone {
    /// When the backup was made.
    pub made_at: Timestamp,
    /// Where the former store and what was made of it are now; nothing is removed.
    pub set_aside: Vec<PathBuf>,
}

/// Brings a backup back: checks it, sets the present store aside, and puts the copy in its place.
/// Published runs and generations that the copy does not know of are set aside too; the next
/// night makes index and vectors again. The present settings stay.
///
/// # Errors
/// [`JobError::BadBackup`] before anything is touched, [`JobError::Locked`], and what the store
/// says.
pub fn restore(
    workspace: &Workspace,
    backup: &Path,
    around: &Surroundings,
) -> Result<RestoreDone, JobError> {
    let note = check(backup)?;
    let _lock = BuildersLock::take(workspace, "restore", Timestamp::now())?;
    let at = around.now();
    let restored = Store::restore(&backup.join("store.db"), &workspace.path("store.db"), at)?;
    let mut aside = restored.set_aside;
    let store = workspace.store(at)?;
    let published: Vec<_> = store
        .runs(usize::MAX >> 1)?
        .into_iter()
        .filter(|run| run.state == RunState::Published)
        .collect();
    // The pointer stays only if the copy knows what it points to.
    let stays = Current::read(workspace).ok().flatten().is_some_and(|current| {
        published
            .iter()
            .any(|run| run.folder == current.run && run.generation == Some(current.generation))
    });
    let pointer = workspace.path(current::CURRENT);
    if !stays && pointer.exists() {
        aside.push(set_aside(workspace, &pointer, at)?);
    }
    let known_runs: Vec<&str> = published.iter().map(|run| run.folder.as_str()).collect();
    let known_generations: Vec<String> =
        published.iter().filter_map(|run| run.generation).map(|n| n.to_string()).collect();
    for (folder, known) in [
        ("runs", &known_runs),
        ("generations", &known_generations.iter().map(String::as_str).collect()),
    ] {
        let Ok(entries) = fs::read_dir(workspace.path(folder)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !known.contains(&name.as_str()) {
                aside.push(set_aside(workspace, &entry.path(), at)?);
            }
        }
    }
    Ok(RestoreDone { made_at: note.made_at, set_aside: aside })
}

/// A backup must be as it was made.
fn check(backup: &Path) -> Result<Note, JobError> {
    let bad = |reason: String| JobError::BadBackup { path: backup.to_owned(), reason };
    let text = fs::read_to_string(backup.join(NOTE)).map_err(|e| bad(format!("{NOTE}: {e}")))?;
    let note: Note = serde_json::from_str(&text).map_err(|e| bad(format!("{NOTE}: {e}")))?;
    if note.schema != SCHEMA {
        return Err(JobError::Newer { path: backup.join(NOTE), found: note.schema, known: SCHEMA });
    }
    if !note.files.contains_key("store.db") {
        return Err(bad("store.db".to_owned()));
    }
    let shown = backup.file_name().map(|name| name.to_string_lossy().into_owned());
    let differences =
        generation::compare(backup, &note.files, &shown.unwrap_or_default(), Some(NOTE));
    match differences.iter().find(|difference| difference.what != "unexpected") {
        None => Ok(note),
        Some(first) => Err(bad(format!("{}: {}", first.file, first.what))),
    }
}

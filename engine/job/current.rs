//! `CURRENT`: the small file that says what is published.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::generation::FileHash;
use super::{FolderManifest, JobError, Workspace, fail, files};

/// Its name.
pub(super) const CURRENT: &str = "CURRENT";
/// Name and version of its shape.
const SCHEMA: &str = "duijie.current/1";

/// What is published: a generation and the run made of it. One line of JSON, replaced in one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// `duijie.current/1`.
    pub schema: String,
    /// Number of the generation.
    pub generation: u64,
    /// Name of the run's folder.
    pub run: String,
    /// The run's reference date.
    pub as_of: Date,
    /// When it was published.
    pub published_at: Timestamp,
    /// SHA-256 of the generation's manifest.
    pub generation_sha256: String,
    /// Every file of the run.
    pub run_files: BTreeMap<String, FileHash>,
    /// What the run came to, as the store's table of runs has it too.
    pub summary: serde_json::Value,
}

impl Current {
    /// A pointer to what has just been made.
    pub(super) fn new(
        generation: (u64, String),
        run: (String, BTreeMap<String, FileHash>),
        as_of: Date,
        published_at: Timestamp,
        summary: serde_json::Value,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            generation: generation.0,
            generation_sha256: generation.1,
            run: run.0,
            run_files: run.1,
            as_of,
            published_at,
            summary,
        }
    }

    /// Reads the pointer; `None` where nothing was ever published.
    ///
    /// # Errors
    /// [`JobError::Damaged`], [`JobError::Newer`], [`JobError::Io`].
    pub fn read(workspace: &Workspace) -> Result<Option<Self>, JobError> {
        let path = workspace.path(CURRENT);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(JobError::io("read", &path, error)),
        };
        let damaged =
            |e: serde_json::Error| JobError::Damaged { path: path.clone(), reason: e.to_string() };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(damaged)?;
        // The shape is looked at before the fields, which a newer version may have changed.
        match value.get("schema").and_then(serde_json::Value::as_str) {
            Some(SCHEMA) => serde_json::from_value(value).map(Some).map_err(damaged),
            found => Err(JobError::Newer {
                path: path.clone(),
                found: found.unwrap_or("?").to_owned(),
                known: SCHEMA,
            }),
        }
    }

    /// Puts the pointer in its place.
    pub(super) fn publish(&self, workspace: &Workspace) -> Result<(), JobError> {
        let path = workspace.path(CURRENT);
        let mut text =
            serde_json::to_string(self).map_err(|e| JobError::io("write", &path, e.into()))?;
        text.push('\n');
        files::replace(&path, text.as_bytes(), "publish.current")?;
        fail::point("publish.done").map_err(|e| JobError::io("write", &path, e))
    }

    /// Opens what is published: the generation's manifest, with the sizes of all files checked.
    ///
    /// # Errors
    /// [`JobError::Damaged`] names the file that is not as published.
    pub fn open(&self, workspace: &Workspace) -> Result<FolderManifest, JobError> {
        let dir = workspace.generation(self.generation);
        let manifest = FolderManifest::read(&dir)?;
        manifest.check_sizes(&dir)?;
        let run = workspace.run(&self.run);
        for (name, hash) in &self.run_files {
            let path = run.join(name);
            let size = fs::metadata(&path).map(|found| found.len());
            if !size.as_ref().is_ok_and(|size| *size == hash.size) {
                let reason = size.map_or_else(|e| e.to_string(), |size| format!("{size} bytes"));
                return Err(JobError::Damaged { path, reason });
            }
        }
        Ok(manifest)
    }
}

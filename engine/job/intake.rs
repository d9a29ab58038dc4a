//! What became of a list's rows, kept beside the store until a run has told it.
//!
//! The store counts; the report wants the rows. They are written before an import becomes visible,
//! under the file's hash, so that a job that was killed in between finds them again and the run
//! says the same as if nothing had happened. Contacts and classified rows are not among them: the
//! import has taken them out.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{JobError, Workspace, files};
use crate::model::{
    FileIntake, Intake, MergedRow, RejectedRow, Repair, Side, SkippedRow, TableIntake,
};

/// Name and version of the file's shape.
const SCHEMA: &str = "duijie.intake/1";

#[derive(Serialize, Deserialize)]
struct IntakeRow {
    schema: String,
    side: Side,
    merged: Vec<MergedRow>,
    skipped: Vec<SkippedRow>,
    rejected: Vec<RejectedRow>,
    repairs: Vec<Repair>,
    tables: Vec<TableIntake>,
    files: Vec<FileIntake>,
}

fn place(workspace: &Workspace, side: Side, sha256: &str) -> PathBuf {
    let side = match side {
        Side::Demand => "demand",
        Side::Supply => "supply",
    };
    workspace.path("intakes").join(format!("{side}-{sha256}.json"))
}

/// Keeps what an import found, its records left out.
pub(super) fn keep(workspace: &Workspace, intake: &Intake, sha256: &str) -> Result<(), JobError> {
    let path = place(workspace, intake.side, sha256);
    let row = IntakeRow {
        schema: SCHEMA.to_owned(),
        side: intake.side,
        merged: intake.merged.clone(),
        skipped: intake.skipped.clone(),
        rejected: intake.rejected.clone(),
        repairs: intake.repairs.clone(),
        tables: intake.tables.clone(),
        files: intake.files.clone(),
    };
    let dir = workspace.path("intakes");
    fs::create_dir_all(&dir).map_err(|e| JobError::io("create", &dir, e))?;
    let text = serde_json::to_vec(&row).map_err(|e| JobError::io("write", &path, e.into()))?;
    files::replace(&path, &text, "import.staged")
}

/// Adds what an import found to `into`; false where nothing is kept of it.
pub(super) fn add(
    workspace: &Workspace,
    into: &mut Intake,
    sha256: &str,
) -> Result<bool, JobError> {
    let path = place(workspace, into.side, sha256);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(JobError::io("read", &path, error)),
    };
    // A torn or foreign file costs the rows' reasons, not the night.
    let Ok(row) = serde_json::from_slice::<IntakeRow>(&text) else { return Ok(false) };
    if row.schema != SCHEMA || row.side != into.side {
        return Ok(false);
    }
    into.merged.extend(row.merged);
    into.skipped.extend(row.skipped);
    into.rejected.extend(row.rejected);
    into.repairs.extend(row.repairs);
    into.tables.extend(row.tables);
    into.files.extend(row.files);
    Ok(true)
}

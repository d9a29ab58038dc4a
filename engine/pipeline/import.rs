//! Reading both lists, with column choices that may concern one of them only.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{PipelineError, Progress, SideOptions};
use crate::corpus::{CorpusError, read_lists};
use crate::model::{Intake, Side};

/// The lists of both sides, and how they are to be read.
#[derive(Clone, Copy)]
pub(super) struct ListFiles<'a> {
    pub demands: &'a [PathBuf],
    pub supplies: &'a [PathBuf],
    pub columns: &'a SideOptions,
    pub max_rejected_share: f64,
}

/// Reads the demands and the supplies, at the same time.
///
/// A column choice for both sides has to fit at least one of them.
pub(super) fn read_sides(
    files: ListFiles<'_>,
    progress: &dyn Progress,
) -> Result<(Intake, Intake), PipelineError> {
    let read = |side, paths| read_side(side, paths, files, progress);
    let (demands, supplies) =
        rayon::join(|| read(Side::Demand, files.demands), || read(Side::Supply, files.supplies));
    let ((demands, missing), (supplies, also_missing)) = (demands?, supplies?);
    match missing.into_iter().find(|(column, _)| also_missing.iter().any(|(c, _)| c == column)) {
        Some((_, error)) => Err(error.into()),
        None => Ok((demands, supplies)),
    }
}

/// Columns that a side lacks, each with the error it caused.
type Missing = Vec<(String, CorpusError)>;

fn read_side(
    side: Side,
    paths: &[PathBuf],
    files: ListFiles<'_>,
    progress: &dyn Progress,
) -> Result<(Intake, Missing), PipelineError> {
    let mut columns = files.columns.clone();
    let mut missing = Missing::new();
    loop {
        let import = columns.of(side, files.max_rejected_share);
        let seen = AtomicU64::new(0);
        let read = read_lists(side, paths, &import, &|rows| {
            // The import counts from the start of the side, the bar wants steps.
            progress.advance(rows.saturating_sub(seen.fetch_max(rows, Ordering::Relaxed)));
        });
        match read {
            Ok(intake) => return Ok((intake, missing)),
            Err(CorpusError::UnknownColumn { column, known }) => {
                // A choice for both sides may be meant for the other one's list.
                if !forget(&mut columns, &column) {
                    return Err(CorpusError::UnknownColumn { column, known }.into());
                }
                missing.push((column.clone(), CorpusError::UnknownColumn { column, known }));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Takes out the choices for both sides that name `column`; false if there were none.
fn forget(columns: &mut SideOptions, column: &str) -> bool {
    let before = columns.map.len() + columns.drop.len();
    columns.map.retain(|(side, _, named)| side.is_some() || named != column);
    columns.drop.retain(|(side, named)| side.is_some() || named != column);
    columns.map.len() + columns.drop.len() < before
}

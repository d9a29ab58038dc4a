//! What an import would understand of a list, without matching anything.

use std::path::{Path, PathBuf};

use jiff::Zoned;

use super::output::names;
use super::{PipelineError, SideOptions};
use crate::corpus::{read_lists, returned_rows};
use crate::model::{Intake, Lang, ReturnedSheet, Side};
use crate::report::write_returned;

/// A list as it was understood.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The side it was read as.
    pub side: Side,
    /// Whether the side was guessed from the file's name.
    pub guessed: bool,
    /// What was read and what became of every row.
    pub intake: Intake,
}

/// Reads a list and says what was understood.
///
/// Without `side`, a name that speaks of demands (`demand`, `需求`, `xuqiu`) is read as demands,
/// anything else as supplies. Rejected rows never stop it: finding them is its purpose.
///
/// # Errors
/// [`PipelineError::Corpus`] when nothing at all can be read.
pub fn inspect(
    path: &Path,
    side: Option<Side>,
    columns: &SideOptions,
) -> Result<Inspection, PipelineError> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let speaks_of_demands = ["demand", "需求", "xuqiu"].iter().any(|w| name.contains(w));
    let guess = if speaks_of_demands { Side::Demand } else { Side::Supply };
    let read_as = side.unwrap_or(guess);
    let paths: [PathBuf; 1] = [path.to_owned()];
    let intake = read_lists(read_as, &paths, &columns.of(read_as, 1.0), &|_| {})?;
    Ok(Inspection { side: read_as, guessed: side.is_none(), intake })
}

/// The rows of both lists that go back to their senders.
pub(super) fn rows_to_return(
    lists: [(&[PathBuf], &Intake); 2],
    columns: &SideOptions,
) -> Result<Vec<ReturnedSheet>, PipelineError> {
    let mut sheets = Vec::new();
    for (paths, intake) in lists {
        sheets.extend(returned_rows(paths, &columns.of(intake.side, 1.0), intake)?);
    }
    Ok(sheets)
}

/// Writes the rows of an inspected list that go back to its sender into `dir`, as 退回修改.xlsx;
/// `None`, and no file, if there are none. The folder is made if it is not there.
///
/// # Errors
/// [`PipelineError::Corpus`] if the list cannot be read again or has changed,
/// [`PipelineError::Io`] or [`PipelineError::Report`] if nothing can be written.
pub fn write_rows_to_return(
    path: &Path,
    inspection: &Inspection,
    columns: &SideOptions,
    dir: &Path,
    made_at: &Zoned,
    lang: Lang,
) -> Result<Option<PathBuf>, PipelineError> {
    let paths = [path.to_owned()];
    let options = columns.of(inspection.side, 1.0);
    let sheets = returned_rows(&paths, &options, &inspection.intake)?;
    if sheets.is_empty() {
        return Ok(None);
    }
    std::fs::create_dir_all(dir).map_err(|error| PipelineError::io("create", dir, error))?;
    let out = dir.join(names::RETURNED);
    write_returned(&out, &sheets, made_at, lang)?;
    Ok(Some(out))
}

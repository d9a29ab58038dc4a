//! What an import would understand of a file, without matching anything.

use std::path::{Path, PathBuf};

use super::{PipelineError, SideOptions};
use crate::corpus::read_lists;
use crate::model::{Intake, Side};

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

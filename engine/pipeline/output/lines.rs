//! Files with one JSON object per line, read back.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::super::PipelineError;

/// Reads every line of a file; nothing where there is no such file.
///
/// # Errors
/// [`PipelineError::NotARun`] names the first line that cannot be understood.
pub(in super::super) fn read_json_lines<T: DeserializeOwned>(
    path: &Path,
) -> Result<Vec<T>, PipelineError> {
    let io = |e| PipelineError::io("read", path, e);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut records = Vec::new();
    for (number, line) in (1..).zip(BufReader::new(file).lines()) {
        let record = serde_json::from_str(&line.map_err(io)?).map_err(|e| {
            PipelineError::NotARun { path: path.to_owned(), reason: format!("line {number}: {e}") }
        })?;
        records.push(record);
    }
    Ok(records)
}

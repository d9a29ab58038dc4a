//! The rejected rows as a CSV file for the people who sent the list.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::error::CorpusError;
use crate::model::{Intake, RejectedRow};

/// Writes the rejected rows of all intakes as CSV in UTF-8 with a byte order mark.
///
/// Columns: 文件, 表, 行, 列, 原因, then the original columns in the order in which rows first use
/// them (columns of equal heading share one). A cell that a spreadsheet program would take for a
/// formula (`=`, `+`, `-`, `@`, tab or carriage return first) is preceded by `'`. Without rejected
/// rows the file has its headings only.
///
/// # Errors
/// [`CorpusError::Write`].
pub fn write_rejected_csv(path: &Path, intakes: &[&Intake]) -> Result<(), CorpusError> {
    let failed = |source| CorpusError::Write { path: path.to_owned(), source };
    let rows: Vec<&RejectedRow> = intakes.iter().flat_map(|intake| &intake.rejected).collect();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut headings: Vec<&str> = Vec::new();
    for (heading, _) in rows.iter().flat_map(|row| &row.cells) {
        places.entry(heading).or_insert_with(|| {
            headings.push(heading);
            headings.len() - 1
        });
    }
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    file.write_all("\u{feff}".as_bytes()).map_err(failed)?;
    let mut writer = csv::Writer::from_writer(file);
    let io = |error: csv::Error| failed(error.into());
    let fixed = ["文件", "表", "行", "列", "原因"];
    writer.write_record(fixed.iter().chain(&headings).map(|text| harmless(text))).map_err(io)?;
    for row in rows {
        let mut cells = vec![String::new(); headings.len()];
        for (heading, text) in &row.cells {
            let Some(cell) = places.get(heading.as_str()).and_then(|&at| cells.get_mut(at)) else {
                continue;
            };
            if !cell.is_empty() {
                cell.push('；');
            }
            cell.push_str(text);
        }
        let place = [
            row.source.file.clone(),
            row.source.sheet.clone().unwrap_or_default(),
            row.source.row.to_string(),
            row.column.clone().unwrap_or_default(),
            row.reason.clone(),
        ];
        writer.write_record(place.iter().chain(&cells).map(|text| harmless(text))).map_err(io)?;
    }
    let mut file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    file.flush().map_err(failed)
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

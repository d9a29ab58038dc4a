//! Tables as they stand, for files that are neither demands nor supplies.

use std::path::Path;

use jiff::civil::Date;

use super::error::CorpusError;
use super::file::load;
use super::headers::Headers;
use super::table::Cell;

/// A table of a file, before anything is understood.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainTable {
    /// Name of the file without its folder.
    pub file: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// Name of the sheet, where it is one.
    pub sheet: Option<String>,
    /// The rows in order; of keyed files the keys are the first row.
    pub rows: Vec<PlainRow>,
}

/// A row and its number as a spreadsheet program shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainRow {
    /// From 1.
    pub number: u32,
    /// The cells from the first column; empty ones at the end may be left out.
    pub cells: Vec<PlainCell>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PlainCell {
    /// Nothing visible.
    #[default]
    Empty,
    /// A text, as written.
    Text(String),
    /// A number; of text files every cell is a text.
    Number(f64),
    /// A day.
    Day(Date),
}

impl PlainCell {
    /// The cell as a text without spaces around it; integers without a decimal point.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => format!("{number}"),
            Self::Day(day) => day.to_string(),
        }
    }

    /// The cell as a number: written as one, or a text that is one, thousands separated or not.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().replace([',', '，'], "").parse().ok(),
            Self::Empty | Self::Day(_) => None,
        }
        .filter(|number| number.is_finite())
    }
}

/// Reads the tables of a workbook, CSV, TSV or JSONL file, within the bounds of lists.
///
/// # Errors
/// As for lists: what cannot be opened or recognised, is empty, locked or too large.
pub fn read_tables(path: &Path) -> Result<Vec<PlainTable>, CorpusError> {
    let loaded = load(path, Headers::shipped())?;
    let plain = |cell: &Cell| match cell {
        cell if cell.is_blank() => PlainCell::Empty,
        Cell::Empty => PlainCell::Empty,
        Cell::Text(text) => PlainCell::Text(text.clone()),
        Cell::Number(number) => PlainCell::Number(*number),
        Cell::Date(day) => PlainCell::Day(*day),
    };
    let tables = loaded.tables.iter().map(|table| {
        let keys = table.keys.iter().map(|keys| PlainRow {
            number: 0,
            cells: keys.iter().map(|key| PlainCell::Text(key.clone())).collect(),
        });
        let rows = table.rows.iter().map(|row| PlainRow {
            number: row.number,
            cells: row.cells.iter().map(plain).collect(),
        });
        PlainTable {
            file: loaded.name.clone(),
            sha256: loaded.sha256.clone(),
            sheet: table.sheet.clone(),
            rows: keys.chain(rows).collect(),
        }
    });
    Ok(tables.collect())
}

//! The original rows behind an import's findings, read once more to be sent back.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::clean;
use super::error::CorpusError;
use super::exports::Export;
use super::file::{Loaded, expand, file_name, open};
use super::headers::Headers;
use super::import::{ImportOptions, wishes};
use super::layout::{Column, Meanings, Wishes, understand};
use super::table::{Fault, Row};
use crate::model::{Intake, Rejection, RepairKind, ReturnedRow, ReturnedSheet};
use crate::text::veil;

/// What was found in one row: the columns at fault by heading, and why.
#[derive(Default)]
struct Findings {
    columns: Vec<String>,
    reasons: Vec<String>,
}

/// Findings by sheet and row.
type OfFile = HashMap<(Option<String>, u32), Findings>;

/// The rows that go back to whoever sent the lists, one sheet per source file that has any: rows
/// that were rejected as faulty, and rows in which something was lost or guessed
/// ([`RepairKind::is_for_sender`]). Rows that are classified or held are never among them.
///
/// `paths` and `options` are those of the import. Files are read again, so that an import need not
/// hold every row of every list until it is known which ones are at fault.
///
/// # Errors
/// Those of reading; [`CorpusError::Changed`] if a file is not the one that was imported.
pub fn returned_rows(
    paths: &[PathBuf],
    options: &ImportOptions,
    intake: &Intake,
) -> Result<Vec<ReturnedSheet>, CorpusError> {
    let mut findings = findings(intake);
    if findings.is_empty() {
        return Ok(Vec::new());
    }
    let headers = Headers::shipped();
    let wishes = wishes(options)?;
    let hashes: HashMap<&str, &str> =
        intake.files.iter().map(|file| (file.file.as_str(), file.sha256.as_str())).collect();
    let mut sheets = Vec::new();
    for path in expand(paths)?.0 {
        let name = file_name(&path);
        let inside = format!("{name}/");
        if !findings.keys().any(|file| *file == name || file.starts_with(&inside)) {
            continue;
        }
        for loaded in open(&path, headers)?.loaded {
            let Some(of_file) = findings.remove(&loaded.name) else { continue };
            if hashes.get(loaded.name.as_str()).is_some_and(|hash| **hash != *loaded.sha256) {
                return Err(CorpusError::Changed { path });
            }
            sheets.extend(sheet(&loaded, of_file, headers, &wishes));
        }
    }
    Ok(sheets)
}

fn findings(intake: &Intake) -> BTreeMap<String, OfFile> {
    let mut all: BTreeMap<String, OfFile> = BTreeMap::new();
    let faulty = intake.rejected.iter().filter(|row| row.kind == Rejection::Faulty);
    for row in faulty {
        let place = (row.source.sheet.clone(), row.source.row);
        let found = all.entry(row.source.file.clone()).or_default().entry(place).or_default();
        found.columns.extend(row.column.clone());
        found.reasons.push(row.reason.clone());
    }
    for repair in intake.repairs.iter().filter(|repair| repair.kind.is_for_sender()) {
        let place = (repair.source.sheet.clone(), repair.source.row);
        let of_file = all.entry(repair.source.file.clone()).or_default();
        let found = of_file.entry(place).or_default();
        found.columns.push(repair.column.clone());
        found.reasons.push(reason(repair.kind, &repair.column, &repair.after));
    }
    all
}

/// What the sender has to do about a value; it stands beside the value itself.
fn reason(kind: RepairKind, column: &str, after: &str) -> String {
    match kind {
        RepairKind::EmptyRange => {
            format!("“{column}”的截止不晚于开始，有效期未采用：请核对起止日期")
        }
        RepairKind::Identification if after.is_empty() => {
            format!("“{column}”无法用作编号：请重新填写")
        }
        RepairKind::Identification => {
            format!("“{column}”含空格或不可见字符，已按“{after}”读取：请核对")
        }
        RepairKind::Title => format!("缺少“{column}”，暂以“{after}”代替：请填写名称"),
        _ => format!("“{column}”读不懂，未采用：请写成日期（2026-01-31）或金额（20 或 10-20）"),
    }
}

fn sheet(
    loaded: &Loaded,
    mut findings: OfFile,
    headers: &Headers,
    wishes: &Wishes,
) -> Option<ReturnedSheet> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut columns: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for table in &loaded.tables {
        let meanings = Meanings { headers, export: Export::of(table) };
        let Some(layout) = understand(table, meanings, wishes) else { continue };
        // By column of the table: where it goes; contacts and dropped columns go nowhere.
        let to: Vec<Option<usize>> = layout
            .columns
            .iter()
            .map(|column| {
                if column.is_hidden() {
                    return None;
                }
                let key = column.heading.clone();
                let next = columns.len();
                Some(*places.entry(key).or_insert_with_key(|heading| {
                    columns.push(heading.clone());
                    next
                }))
            })
            .collect();
        for row in &table.rows {
            let Some(found) = findings.remove(&(table.sheet.clone(), row.number)) else { continue };
            let offending = offending(&found.columns, &layout.columns, &to);
            let mut reasons = found.reasons;
            reasons.dedup();
            rows.push(ReturnedRow {
                sheet: table.sheet.clone(),
                number: row.number,
                cells: cells(row, &to),
                offending,
                reasons,
            });
        }
    }
    for row in &mut rows {
        row.cells.resize(columns.len(), String::new());
    }
    (!rows.is_empty()).then(|| ReturnedSheet { file: loaded.name.clone(), columns, rows })
}

fn offending(headings: &[String], columns: &[Column], to: &[Option<usize>]) -> Vec<usize> {
    let mut places: Vec<usize> = headings
        .iter()
        .filter_map(|heading| columns.iter().position(|column| column.heading == *heading))
        .filter_map(|at| to[at])
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// A row's texts in the places of the sheet's columns, without telephone numbers and mail. A line
/// that could not be taken apart may hold contacts anywhere: its number is enough to find it by.
fn cells(row: &Row, to: &[Option<usize>]) -> Vec<String> {
    // What a cell of a spreadsheet holds.
    const LONGEST: usize = 32_000;
    if matches!(row.fault, Some(Fault::NotJson | Fault::Undecodable)) {
        return Vec::new();
    }
    let mut cells = Vec::new();
    for (cell, place) in row.cells.iter().zip(to) {
        let Some(place) = *place else { continue };
        if cells.len() <= place {
            cells.resize(place + 1, String::new());
        }
        let text = cell.text();
        let text = veil(&text, std::iter::empty::<&str>()).unwrap_or(text);
        let kept = &mut cells[place];
        if !kept.is_empty() {
            kept.push('；');
        }
        if text.len() > LONGEST {
            kept.push_str(&clean::start(&text, LONGEST));
        } else {
            kept.push_str(&text);
        }
    }
    cells
}

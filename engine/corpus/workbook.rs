//! XLSX and XLS through calamine, within bounds.

use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Reader, SheetType, Xls, XlsError, Xlsx, XlsxError};
use jiff::civil::Date;

use super::archive;
use super::error::CorpusError;
use super::limits;
use super::merges::Merge;
use super::rows::{Rows, yes_no};
use super::table::{Cell, Format, Row, Table};
use super::xls_extent;

/// Reads every sheet of an XLSX file.
///
/// Cells are taken one by one: a sheet laid out as a rectangle may be a thousand times the size
/// of its file (one cell in the last row and column is enough).
pub(super) fn read_xlsx(path: &Path, bytes: &[u8]) -> Result<Vec<Table>, CorpusError> {
    archive::check_parts(path, bytes)?;
    guarded(path, || {
        let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| xlsx_error(path, &error))?;
        let mut kept = 0_usize;
        let mut tables = Vec::new();
        for name in work_sheets(book.sheets_metadata()) {
            let rows = xlsx_rows(path, &mut book, &name, &mut kept)?;
            let merged =
                book.merge_cells_by_sheet_name(&name).map_err(|error| xlsx_error(path, &error))?;
            let merges = merges(&merged);
            tables.push(Table { merges, ..Table::new(Some(name), Format::Xlsx, rows) });
        }
        Ok(tables)
    })
}

fn xlsx_rows<R: Read + Seek>(
    path: &Path,
    book: &mut Xlsx<R>,
    name: &str,
    kept: &mut usize,
) -> Result<Vec<Row>, CorpusError> {
    let mut reader = book.worksheet_cells_reader(name).map_err(|error| xlsx_error(path, &error))?;
    let mut rows = Rows::new(path, kept);
    while let Some(cell) = reader.next_cell().map_err(|error| xlsx_error(path, &error))? {
        let (row, column) = cell.get_position();
        let value = match cell.get_value() {
            DataRef::Empty | DataRef::Error(_) => continue,
            DataRef::Int(number) => whole(*number),
            DataRef::Float(number) => Cell::Number(*number),
            DataRef::String(text) => Cell::Text(text.clone()),
            DataRef::SharedString(text) if text.len() > limits::CELL_BYTES => {
                rows.push_long(row, column, text)?;
                continue;
            }
            DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
            DataRef::Bool(value) => yes_no(*value),
            DataRef::DateTime(date) => date_cell(date),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Text(text.clone()),
        };
        rows.push(row, column, value)?;
    }
    Ok(rows.finish())
}

/// Reads every sheet of an old (BIFF) workbook.
pub(super) fn read_xls(path: &Path, bytes: &[u8]) -> Result<Vec<Table>, CorpusError> {
    if xls_extent::largest_sheet(bytes).is_some_and(|cells| cells > limits::XLS_CELLS) {
        return Err(CorpusError::TooMany {
            path: path.to_owned(),
            what: "cells in one sheet",
            limit: limits::XLS_CELLS,
        });
    }
    guarded(path, || {
        let mut book = Xls::new(Cursor::new(bytes)).map_err(|error| match error {
            XlsError::Password => CorpusError::Encrypted { path: path.to_owned() },
            other => damaged(path, &other),
        })?;
        let mut kept = 0_usize;
        let mut tables = Vec::new();
        for name in work_sheets(book.sheets_metadata()) {
            let range = book.worksheet_range(&name).map_err(|error| damaged(path, &error))?;
            let (first_row, first_column) = range.start().unwrap_or_default();
            let mut rows = Rows::new(path, &mut kept);
            for (row, column, data) in range.used_cells() {
                let value = match data {
                    Data::Empty | Data::Error(_) => continue,
                    Data::Int(number) => whole(*number),
                    Data::Float(number) => Cell::Number(*number),
                    Data::String(text) => Cell::Text(text.clone()),
                    Data::Bool(value) => yes_no(*value),
                    Data::DateTime(date) => date_cell(date),
                    Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(text.clone()),
                };
                let (row, column) = (u32::try_from(row), u32::try_from(column));
                let row = first_row.saturating_add(row.unwrap_or(u32::MAX));
                rows.push(row, first_column.saturating_add(column.unwrap_or(u32::MAX)), value)?;
            }
            let rows = rows.finish();
            let merged =
                book.merge_cells_by_sheet_name(&name).map_err(|error| damaged(path, &error))?;
            let merges = merges(&merged);
            tables.push(Table { merges, ..Table::new(Some(name), Format::Xls, rows) });
        }
        Ok(tables)
    })
}

fn merges(merged: &[calamine::Dimensions]) -> Vec<Merge> {
    merged
        .iter()
        .map(|area| Merge {
            top: area.start.0.saturating_add(1),
            bottom: area.end.0.saturating_add(1),
            left: area.start.1 as usize,
            right: area.end.1 as usize,
        })
        .collect()
}

/// Names of the sheets that hold cells, hidden ones too.
fn work_sheets(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "spreadsheet numbers are doubles")]
fn whole(number: i64) -> Cell {
    const EXACT: u64 = 1 << 53;
    if number.unsigned_abs() <= EXACT {
        Cell::Number(number as f64)
    } else {
        Cell::Text(number.to_string())
    }
}

fn date_cell(date: &ExcelDateTime) -> Cell {
    // calamine computes no date before 1899 and none past 9999; a duration is only a number.
    if !date.is_datetime() || !(1.0..2_958_466.0).contains(&date.as_f64()) {
        return Cell::Number(date.as_f64());
    }
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    let date_of = |year: u16, month: u8, day: u8| {
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
            .ok()
    };
    date_of(year, month, day).map_or(Cell::Number(date.as_f64()), Cell::Date)
}

/// The day on which a workbook says that it was made (`dcterms:created` of its core properties, in
/// UTC); `None` where it does not say.
pub(super) fn created(path: &Path, bytes: &[u8]) -> Option<Date> {
    let part = archive::part(path, bytes, "docProps/core.xml").ok()??;
    let text = String::from_utf8(part).ok()?;
    let rest = text.split_once("<dcterms:created")?.1.split_once('>')?.1;
    rest.get(..10)?.parse().ok()
}

fn xlsx_error(path: &Path, error: &XlsxError) -> CorpusError {
    match error {
        XlsxError::Password => CorpusError::Encrypted { path: path.to_owned() },
        other => damaged(path, other),
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> CorpusError {
    CorpusError::Damaged {
        path: path.to_owned(),
        detail: super::clean::shorten(&error.to_string(), 200),
    }
}

/// calamine is careful but not proved free of panics on damaged files; a damaged file must not
/// end the run without a message.
fn guarded<T>(
    path: &Path,
    read: impl FnOnce() -> Result<T, CorpusError>,
) -> Result<T, CorpusError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(CorpusError::Damaged {
            path: path.to_owned(),
            detail: "the workbook reader gave up".to_owned(),
        })
    })
}

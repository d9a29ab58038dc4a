//! XLSX and XLS through calamine, within bounds.

use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Reader, SheetType, Xls, XlsError, Xlsx, XlsxError};
use jiff::civil::Date;

use super::error::CorpusError;
use super::limits;
use super::table::{Cell, Fault, Format, Row, Table};
use super::xls_extent;

/// Reads every sheet of an XLSX file.
///
/// Cells are taken one by one: a sheet laid out as a rectangle may be a thousand times the size
/// of its file (one cell in the last row and column is enough).
pub(super) fn read_xlsx(path: &Path, bytes: &[u8]) -> Result<Vec<Table>, CorpusError> {
    check_unpacked(path, bytes)?;
    guarded(path, || {
        let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| xlsx_error(path, &error))?;
        let mut kept = 0_usize;
        let mut tables = Vec::new();
        for name in work_sheets(book.sheets_metadata()) {
            let rows = xlsx_rows(path, &mut book, &name, &mut kept)?;
            tables.push(Table {
                sheet: Some(name),
                format: Format::Xlsx,
                encoding: None,
                keys: None,
                rows,
            });
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
    let mut rows = Rows { path, rows: Vec::new(), kept };
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
            let mut rows = Rows { path, rows: Vec::new(), kept: &mut kept };
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
            tables.push(Table {
                sheet: Some(name),
                format: Format::Xls,
                encoding: None,
                keys: None,
                rows,
            });
        }
        Ok(tables)
    })
}

/// Names of the sheets that hold cells, hidden ones too.
fn work_sheets(sheets: &[calamine::Sheet]) -> Vec<String> {
    sheets
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect()
}

struct Rows<'a> {
    path: &'a Path,
    rows: Vec<Row>,
    kept: &'a mut usize,
}

impl Rows<'_> {
    fn row(&mut self, row: u32) -> Result<&mut Row, CorpusError> {
        let number = row.saturating_add(1);
        if self.rows.last().is_none_or(|last| last.number != number) {
            if self.rows.len() >= limits::ROWS {
                let limit = limits::ROWS as u64;
                return Err(CorpusError::TooMany {
                    path: self.path.to_owned(),
                    what: "rows",
                    limit,
                });
            }
            self.rows.push(Row { number, ..Row::default() });
        }
        let last = self.rows.len() - 1;
        Ok(&mut self.rows[last])
    }

    fn push(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), CorpusError> {
        if let Cell::Text(text) = &cell {
            if text.len() > limits::CELL_BYTES {
                let text = text.clone();
                return self.push_long(row, column, &text);
            }
            *self.kept += text.len();
            if *self.kept > limits::KEPT_BYTES {
                return Err(CorpusError::TooLarge {
                    path: self.path.to_owned(),
                    what: "the text of all cells",
                    limit_mib: (limits::KEPT_BYTES >> 20) as u64,
                });
            }
        }
        let row = self.row(row)?;
        let column = column as usize;
        if column >= limits::COLUMNS {
            // Formatted but blank cells far to the right are common and harmless.
            if !cell.is_blank() {
                row.fault = Some(Fault::TooManyColumns);
            }
            return Ok(());
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, Cell::Empty);
        }
        row.cells[column] = cell;
        Ok(())
    }

    fn push_long(&mut self, row: u32, column: u32, text: &str) -> Result<(), CorpusError> {
        self.push(row, column, Cell::Text(text.chars().take(200).collect()))?;
        self.row(row)?.fault.get_or_insert(Fault::LongCell(column as usize));
        Ok(())
    }

    /// Rows in rising order, however the file has them; rows with one number become one.
    fn finish(self) -> Vec<Row> {
        let mut rows = self.rows;
        if !rows.is_sorted_by(|a, b| a.number < b.number) {
            rows.sort_by_key(|row| row.number);
            rows.dedup_by(|later, earlier| {
                let same = later.number == earlier.number;
                if same {
                    if earlier.cells.len() < later.cells.len() {
                        earlier.cells.resize(later.cells.len(), Cell::Empty);
                    }
                    for (kept, cell) in earlier.cells.iter_mut().zip(later.cells.drain(..)) {
                        if kept.is_blank() {
                            *kept = cell;
                        }
                    }
                    earlier.fault = earlier.fault.take().or_else(|| later.fault.take());
                }
                same
            });
        }
        rows.retain(|row| !row.is_blank());
        rows
    }
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

fn yes_no(value: bool) -> Cell {
    Cell::Text(if value { "是" } else { "否" }.to_owned())
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

/// Unpacks every part into nothing, counting: an archive may lie about the sizes in its
/// directory, and calamine unpacks whole parts into memory.
fn check_unpacked(path: &Path, bytes: &[u8]) -> Result<(), CorpusError> {
    let too_large = || CorpusError::TooLarge {
        path: path.to_owned(),
        what: "the unpacked workbook",
        limit_mib: limits::UNPACKED_BYTES >> 20,
    };
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(path, &error))?;
    let mut left = limits::UNPACKED_BYTES;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| damaged(path, &error))?;
        if part.size() > left {
            return Err(too_large());
        }
        let mut bounded = part.take(left + 1);
        let copied = std::io::copy(&mut bounded, &mut std::io::sink())
            .map_err(|error| damaged(path, &error))?;
        left = left.checked_sub(copied).ok_or_else(too_large)?;
    }
    Ok(())
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

//! Rows put together from single cells, within bounds.

use std::path::Path;

use super::error::CorpusError;
use super::limits;
use super::table::{Cell, Fault, Row};

/// Collects the cells of one table, row by row.
pub(super) struct Rows<'a> {
    path: &'a Path,
    rows: Vec<Row>,
    /// Bytes of text that all tables of the file hold so far.
    kept: &'a mut usize,
}

impl<'a> Rows<'a> {
    pub(super) const fn new(path: &'a Path, kept: &'a mut usize) -> Self {
        Self { path, rows: Vec::new(), kept }
    }

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

    /// Puts a cell at `row` and `column`, both from 0. Cells may come in any order.
    pub(super) fn push(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), CorpusError> {
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

    /// Marks the row of a cell over the bound; only its start is kept.
    pub(super) fn push_long(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
    ) -> Result<(), CorpusError> {
        self.push(row, column, Cell::Text(text.chars().take(200).collect()))?;
        self.row(row)?.fault.get_or_insert(Fault::LongCell(column as usize));
        Ok(())
    }

    /// Rows in rising order, however the file has them; rows with one number become one.
    pub(super) fn finish(self) -> Vec<Row> {
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

pub(super) fn yes_no(value: bool) -> Cell {
    Cell::Text(if value { "是" } else { "否" }.to_owned())
}

//! Merged cells: only the first cell of a merged area holds its value.
//!
//! A value merged downwards holds for all its rows, so it is filled down among the records. A
//! heading merged across stands over several columns. A title merged across is written once and
//! stays one cell.

use std::collections::HashMap;

use super::table::{Cell, Row};
use crate::model::SkipReason;

/// A merged area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Merge {
    /// First and last row, from 1 as in [`Row::number`].
    pub(super) top: u32,
    pub(super) bottom: u32,
    /// First and last column, from 0.
    pub(super) left: usize,
    pub(super) right: usize,
}

/// Cells that are filled at most in one table: a few merged areas over a million rows each.
const MOST_FILLED: usize = 4_000_000;

/// Fills values down into the blank cells of merged areas among `rows`, whose numbers ascend, in the
/// columns that `is_filled` names. Rows that are `skipped` neither give nor take.
///
/// Only rows that exist are touched: an area merged over blank lines makes no rows of them.
pub(super) fn fill_down(
    rows: &mut [Row],
    merges: &[Merge],
    skipped: &[Option<SkipReason>],
    is_filled: &dyn Fn(usize) -> bool,
) {
    let mut left = MOST_FILLED;
    let down = merges.iter().filter(|merge| merge.bottom > merge.top && is_filled(merge.left));
    for merge in down {
        let first = rows.partition_point(|row| row.number < merge.top);
        let end = rows.partition_point(|row| row.number <= merge.bottom);
        let Some((holder, below)) = rows[first..end].split_first_mut() else { continue };
        if holder.number != merge.top || skipped[first].is_some() {
            continue;
        }
        let Some(value) = holder.cells.get(merge.left).filter(|cell| !cell.is_blank()) else {
            continue;
        };
        for (row, skip) in below.iter_mut().zip(&skipped[first + 1..]) {
            if left == 0 {
                return;
            }
            left -= 1;
            if skip.is_some()
                || row.fault.is_some()
                || row.cells.get(merge.left).is_some_and(|c| !c.is_blank())
            {
                continue;
            }
            if row.cells.len() <= merge.left {
                row.cells.resize(merge.left + 1, Cell::Empty);
            }
            row.cells[merge.left] = value.clone();
            row.filled.push(merge.left);
        }
    }
}

/// The areas of one row that cover several columns: first column → last column.
pub(super) fn across(merges: &[Merge], row: u32) -> HashMap<usize, usize> {
    merges
        .iter()
        .filter(|merge| merge.right > merge.left && (merge.top..=merge.bottom).contains(&row))
        .map(|merge| (merge.left, merge.right))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_down_only_into_blank_cells_of_rows_that_exist() {
        let row = |number, texts: &[&str]| Row {
            number,
            cells: texts.iter().map(|text| Cell::Text((*text).to_owned())).collect(),
            ..Row::default()
        };
        let mut rows = [row(2, &["甲单位", "a"]), row(3, &["", "b"]), row(9, &["乙", "c"])];
        let merges = [Merge { top: 2, bottom: 1_048_576, left: 0, right: 0 }];
        fill_down(&mut rows, &merges, &[None; 3], &|_| true);
        let firsts: Vec<String> = rows.iter().map(|row| row.cells[0].text()).collect();
        assert_eq!(firsts, ["甲单位", "甲单位", "乙"]);
        assert_eq!(rows[1].filled, [0]);
        assert!(rows[2].filled.is_empty());
    }
}

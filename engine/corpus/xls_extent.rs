//! How far the sheets of an old workbook reach, before they are laid out.
//!
//! calamine lays a BIFF sheet out as a full rectangle when it opens the file: two cells in
//! opposite corners, a few kilobytes on disk, would take gigabytes. So the records of the workbook
//! stream are walked once beforehand (MS-XLS). What
//! cannot be followed gives `None`: then calamine reports what is wrong with the file.

use super::compound::{self, u16_at};

/// Cells of the largest rectangle that any sheet spans.
pub(super) fn largest_sheet(bytes: &[u8]) -> Option<u64> {
    let stream = compound::stream(bytes, &["Workbook", "Book"])?;
    let (mut at, mut largest) = (0, 0);
    let mut extent: Option<[u64; 4]> = None;
    // The stream may end in padding shorter than a record's head.
    while let (Some(kind), Some(length)) = (u16_at(&stream, at), u16_at(&stream, at + 2)) {
        let length = usize::from(length);
        let data = stream.get(at + 4..at + 4 + length).unwrap_or_default();
        at += 4 + length;
        match kind {
            // Beginning of a substream: another sheet.
            0x0809 | 0x0409 | 0x0209 | 0x0009 => extent = None,
            // Records that begin with row and column: formula, blank, number, label, boolean, RK,
            // shared-string label, rich string, and the runs of RK and blank.
            0x0006 | 0x0201 | 0x0203 | 0x0204 | 0x0205 | 0x027e | 0x00fd | 0x00d6 | 0x00bd
            | 0x00be => {
                let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else {
                    continue;
                };
                let is_run = matches!(kind, 0x00bd | 0x00be);
                let last = if is_run { u16_at(data, data.len().saturating_sub(2)) } else { None };
                let (row, first) = (u64::from(row), u64::from(column));
                let last = last.map_or(first, u64::from).max(first);
                let [top, left, bottom, right] = extent.unwrap_or([row, first, row, last]);
                let grown = [top.min(row), left.min(first), bottom.max(row), right.max(last)];
                largest = largest.max((grown[2] - grown[0] + 1) * (grown[3] - grown[1] + 1));
                extent = Some(grown);
            }
            _ => {}
        }
    }
    Some(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extent_of_small_and_far_sheets() {
        let results = include_bytes!("../../tests/fixtures/good/results.xls");
        assert_eq!(largest_sheet(results), Some(3 * 7));
        let far = include_bytes!("../../tests/fixtures/bad/far_cell.xls");
        assert_eq!(largest_sheet(far), Some(65_536 * 256));
    }

    #[test]
    fn noise_is_survived() {
        let good = include_bytes!("../../tests/fixtures/good/results.xls");
        for at in (0..good.len()).step_by(7) {
            let mut flipped = good.to_vec();
            flipped[at] ^= 0xff;
            let _ = largest_sheet(&flipped);
            let _ = largest_sheet(&good[..at]);
        }
        assert_eq!(largest_sheet(b""), None);
    }
}

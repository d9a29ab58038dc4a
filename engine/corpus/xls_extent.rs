//! How far the sheets of an old workbook reach, before they are laid out.
//!
//! calamine lays a BIFF sheet out as a full rectangle when it opens the file: two cells in
//! opposite corners, a few kilobytes on disk, would take gigabytes. So the records of the workbook
//! stream are walked once beforehand (MS-CFB for the container, MS-XLS for the records). What
//! cannot be followed gives `None`: then calamine reports what is wrong with the file.

use std::collections::HashSet;

/// Cells of the largest rectangle that any sheet spans.
pub(super) fn largest_sheet(bytes: &[u8]) -> Option<u64> {
    let stream = workbook_stream(bytes)?;
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

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The stream called `Workbook` or `Book` of a compound file.
fn workbook_stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let shift = u16_at(bytes, 30).filter(|shift| matches!(shift, 9 | 12))?;
    let file = Sectors { bytes, skipped: 1, size: 1 << shift };
    let mut fat_sectors: Vec<u32> = (0..109).map_while(|n| u32_at(bytes, 76 + 4 * n)).collect();
    let mut next = u32_at(bytes, 68)?;
    let mut seen = HashSet::new();
    while let Some(sector) = file.get(next).filter(|_| seen.insert(next)) {
        let n_entries = sector.len() / 4 - 1;
        fat_sectors.extend((0..n_entries).map_while(|n| u32_at(sector, 4 * n)));
        next = u32_at(sector, 4 * n_entries)?;
    }
    // Numbers from 0xfffffffa on mark free places and ends.
    let fat: Vec<u32> = fat_sectors.iter().filter_map(|&n| file.get(n)).flat_map(words).collect();
    let directory = file.chain(u32_at(bytes, 48)?, &fat);
    let stream_start = |entry: &[u8]| Some((u32_at(entry, 116)?, u32_at(entry, 120)? as usize));
    let entry = directory.chunks_exact(128).find(|entry| {
        let length = usize::from(u16_at(entry, 64).unwrap_or(0)).saturating_sub(2).min(64);
        let name: Vec<u16> =
            entry[..length].chunks_exact(2).filter_map(|unit| u16_at(unit, 0)).collect();
        entry[66] == 2
            && ["Workbook", "Book"].iter().any(|n| n.encode_utf16().eq(name.iter().copied()))
    })?;
    let (start, size) = stream_start(entry)?;
    let mut stream = if size < u32_at(bytes, 56)? as usize {
        let (root, _) = stream_start(directory.get(..128)?)?;
        let mini_fat: Vec<u32> = words(&file.chain(u32_at(bytes, 60)?, &fat)).collect();
        let mini = file.chain(root, &fat);
        Sectors { bytes: &mini, skipped: 0, size: 64 }.chain(start, &mini_fat)
    } else {
        file.chain(start, &fat)
    };
    stream.truncate(size);
    Some(stream)
}

fn words(sector: &[u8]) -> impl Iterator<Item = u32> {
    sector.chunks_exact(4).filter_map(|word| u32_at(word, 0))
}

struct Sectors<'a> {
    bytes: &'a [u8],
    /// Sectors before number 0: the header.
    skipped: usize,
    size: usize,
}

impl Sectors<'_> {
    fn get(&self, number: u32) -> Option<&[u8]> {
        let start = (number as usize).checked_add(self.skipped)?.checked_mul(self.size)?;
        self.bytes.get(start..start.checked_add(self.size)?)
    }

    /// The bytes of a chain; a chain that bites its tail ends there.
    fn chain(&self, start: u32, fat: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut next = start;
        let mut left = fat.len();
        while let Some(sector) = self.get(next).filter(|_| left > 0) {
            out.extend_from_slice(sector);
            left -= 1;
            let Some(&following) = fat.get(next as usize) else { break };
            next = following;
        }
        out
    }
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

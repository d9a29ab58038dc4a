//! OLE2 compound files (MS-CFB), as old Office programs write them: the names of their streams, and
//! the bytes of one.

use std::collections::HashSet;

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Names of all streams and storages, in the order of the directory; empty where it cannot be
/// followed.
pub(super) fn names(bytes: &[u8]) -> Vec<String> {
    let Some(container) = Container::open(bytes) else { return Vec::new() };
    container.directory.chunks_exact(128).filter(|entry| entry[66] != 0).map(name).collect()
}

/// The first stream that has one of `wanted` names; `None` if there is none or its place cannot be
/// followed.
pub(super) fn stream(bytes: &[u8], wanted: &[&str]) -> Option<Vec<u8>> {
    let container = Container::open(bytes)?;
    let entry = container
        .directory
        .chunks_exact(128)
        .find(|entry| entry[66] == 2 && wanted.contains(&name(entry).as_str()))?;
    let place = |entry: &[u8]| Some((u32_at(entry, 116)?, u32_at(entry, 120)? as usize));
    let (start, size) = place(entry)?;
    let Container { file, fat, directory } = &container;
    let mut stream = if size < u32_at(bytes, 56)? as usize {
        let (root, _) = place(directory.get(..128)?)?;
        let mini_fat: Vec<u32> = words(&file.chain(u32_at(bytes, 60)?, fat)).collect();
        let mini = file.chain(root, fat);
        Sectors { bytes: &mini, skipped: 0, size: 64 }.chain(start, &mini_fat)
    } else {
        file.chain(start, fat)
    };
    stream.truncate(size);
    Some(stream)
}

struct Container<'a> {
    file: Sectors<'a>,
    fat: Vec<u32>,
    directory: Vec<u8>,
}

impl<'a> Container<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
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
        let fat: Vec<u32> =
            fat_sectors.iter().filter_map(|&n| file.get(n)).flat_map(words).collect();
        let directory = file.chain(u32_at(bytes, 48)?, &fat);
        Some(Self { file, fat, directory })
    }
}

/// The name of a directory entry of 128 bytes.
fn name(entry: &[u8]) -> String {
    let length = usize::from(u16_at(entry, 64).unwrap_or(0)).saturating_sub(2).min(64);
    let units: Vec<u16> =
        entry[..length].chunks_exact(2).filter_map(|unit| u16_at(unit, 0)).collect();
    String::from_utf16_lossy(&units)
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

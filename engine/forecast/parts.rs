//! Results on disk, a batch of replicates per file: what is there need not be computed again.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::ForecastError;
use super::replicate::{Kept, YEAR_BYTES, Year};
use crate::kernel::firm_step::tables::{FNV_BASIS, fnv};

/// Replicates per file: the first file is there within seconds.
pub(super) const BATCH: u32 = 16;
const MAGIC: &[u8; 8] = b"DJSIM001";
const HEADER: usize = 64;

/// The shape of the results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Identity of all inputs, 64 hexadecimal digits.
    pub(super) identity: String,
    /// Replicates of every member.
    pub(super) members: Vec<u32>,
    /// Reported clusters, all together included.
    pub(super) clusters: usize,
    pub(super) years: usize,
    /// All clusters, for the counts of firms.
    pub(super) all: usize,
}

impl Layout {
    fn block(&self) -> usize {
        self.years * YEAR_BYTES
    }

    fn body(&self, replicates: usize) -> usize {
        let years = self.members.len() * self.clusters * self.block();
        replicates * (years + self.members.len() * self.all * 2)
    }

    fn header(&self, range: &Range<u32>) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        let numbers = [self.members.len(), self.clusters, self.years, self.all];
        let numbers = numbers.map(|it| u32::try_from(it).expect("a few thousand"));
        let words = [range.start, range.end].into_iter().chain(numbers);
        for (place, word) in header[8..32].chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        header[32..].copy_from_slice(&self.identity.as_bytes()[..32]);
        header
    }
}

/// The files of a forecast.
#[derive(Debug)]
pub(super) struct Parts {
    folder: PathBuf,
    layout: Layout,
    /// Ranges of replicates that are there, ascending.
    there: Vec<Range<u32>>,
}

impl Parts {
    /// Opens the folder and looks at what is there; files that were not finished, and of other
    /// shapes, are computed again.
    ///
    /// # Errors
    /// A folder that cannot be made or read; a file whose check sum is wrong.
    pub(super) fn open(folder: &Path, layout: Layout) -> Result<Self, ForecastError> {
        fs::create_dir_all(folder).map_err(|e| ForecastError::io("create", folder, e))?;
        Ok(Self { folder: folder.to_owned(), layout, there: Vec::new() })
    }

    fn path(&self, range: &Range<u32>) -> PathBuf {
        self.folder.join(format!("{:06}-{:06}.bin", range.start, range.end))
    }

    /// The batches of so many replicates, in order.
    pub(super) fn batches(replicates: u32) -> Vec<Range<u32>> {
        let starts = (0..replicates).step_by(BATCH as usize);
        starts.map(|start| start..(start + BATCH).min(replicates)).collect()
    }

    /// Whether a batch is there, whole and of this shape; then it counts as done.
    ///
    /// # Errors
    /// A file that is whole by its length and damaged by its check sum.
    pub(super) fn find(&mut self, range: &Range<u32>) -> Result<bool, ForecastError> {
        let path = self.path(range);
        let Ok(bytes) = fs::read(&path) else { return Ok(false) };
        let replicates = (range.end - range.start) as usize;
        let expected = HEADER + self.layout.body(replicates) + 8;
        if bytes.len() != expected || bytes[..HEADER] != self.layout.header(range) {
            return Ok(false);
        }
        let (content, sum) = bytes.split_at(expected - 8);
        if sum != checksum(content).to_le_bytes() {
            return Err(ForecastError::Damaged { path });
        }
        self.there.push(range.clone());
        Ok(true)
    }

    /// Writes a batch: `kept` by member and replicate, `None` where a member has no such replicate.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn write(
        &mut self,
        range: Range<u32>,
        kept: &[Vec<Option<Kept>>],
    ) -> Result<(), ForecastError> {
        let layout = &self.layout;
        let mut bytes = layout.header(&range).to_vec();
        bytes.reserve(layout.body((range.end - range.start) as usize) + 8);
        for member in kept {
            for cluster in 0..layout.clusters {
                for one in member {
                    match one {
                        Some(kept) => {
                            for year in &kept.years[cluster] {
                                bytes.extend_from_slice(&year.to_bytes());
                            }
                        }
                        None => bytes.resize(bytes.len() + layout.block(), 0),
                    }
                }
            }
        }
        for one in kept.iter().flatten() {
            match one {
                Some(kept) => kept.firms.iter().for_each(|it| bytes.extend(it.to_le_bytes())),
                None => bytes.resize(bytes.len() + layout.all * 2, 0),
            }
        }
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        let path = self.path(&range);
        let beside = path.with_extension("part");
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|e| ForecastError::io("write", &path, e))?;
        self.there.push(range);
        Ok(())
    }

    /// Replicates that are there from the first on without a gap.
    pub(super) fn done(&self) -> u32 {
        let mut ranges = self.there.clone();
        ranges.sort_by_key(|it| it.start);
        ranges.iter().fold(0, |done, it| if it.start == done { it.end } else { done })
    }

    /// Years of a member's cluster by replicate, in order; as many as are there of its replicates.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn years(
        &self,
        member: usize,
        cluster: usize,
    ) -> Result<Vec<Vec<Year>>, ForecastError> {
        let layout = &self.layout;
        let limit = layout.members[member].min(self.done());
        let mut all = Vec::with_capacity(limit as usize);
        for range in self.ordered(limit) {
            let n = (range.end - range.start) as usize;
            let at = HEADER + (member * layout.clusters + cluster) * n * layout.block();
            let bytes = self.slice(&range, at, n * layout.block())?;
            for replicate in bytes.chunks_exact(layout.block()).take((limit - range.start) as usize)
            {
                let years = replicate.chunks_exact(YEAR_BYTES);
                let year = |it: &[u8]| Year::from_bytes(it.try_into().expect("a whole year"));
                all.push(years.map(year).collect());
            }
        }
        Ok(all)
    }

    /// Counts of firms of all clusters of a member, by replicate in order.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn firms(&self, member: usize) -> Result<Vec<Vec<u16>>, ForecastError> {
        let layout = &self.layout;
        let limit = layout.members[member].min(self.done());
        let mut all = Vec::with_capacity(limit as usize);
        for range in self.ordered(limit) {
            let n = (range.end - range.start) as usize;
            let years = layout.members.len() * layout.clusters * n * layout.block();
            let at = HEADER + years + member * n * layout.all * 2;
            let bytes = self.slice(&range, at, n * layout.all * 2)?;
            for replicate in bytes.chunks_exact(layout.all * 2).take((limit - range.start) as usize)
            {
                let counts = replicate.chunks_exact(2).map(|it| u16::from_le_bytes([it[0], it[1]]));
                all.push(counts.collect());
            }
        }
        Ok(all)
    }

    fn ordered(&self, limit: u32) -> Vec<Range<u32>> {
        let mut ranges: Vec<_> = self.there.iter().filter(|it| it.start < limit).cloned().collect();
        ranges.sort_by_key(|it| it.start);
        ranges
    }

    fn slice(
        &self,
        range: &Range<u32>,
        at: usize,
        length: usize,
    ) -> Result<Vec<u8>, ForecastError> {
        let path = self.path(range);
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(at as u64))?;
            let mut bytes = vec![0; length];
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|e| ForecastError::io("read", &path, e))
    }

    /// Identity of all results: the same for any batches, threads, interruption and order.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn fingerprint(&self) -> Result<u64, ForecastError> {
        let mut hash =
            self.layout.identity.bytes().fold(FNV_BASIS, |it, byte| fnv(it, u64::from(byte)));
        for member in 0..self.layout.members.len() {
            for cluster in 0..self.layout.clusters {
                for replicate in self.years(member, cluster)? {
                    for year in replicate {
                        hash =
                            year.to_bytes().iter().fold(hash, |it, byte| fnv(it, u64::from(*byte)));
                    }
                }
            }
        }
        Ok(hash)
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    // Words rather than bytes: a part has megabytes.
    let word = |it: &[u8]| it.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    bytes.chunks(8).fold(FNV_BASIS, |hash, it| fnv(hash, word(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout { identity: "ab".repeat(32), members: vec![20, 5], clusters: 2, years: 3, all: 4 }
    }

    fn kept(member: u64, replicate: u16) -> Kept {
        let year = |c: u64, y: u64| Year {
            output: member * 1000 + u64::from(replicate) * 100 + c * 10 + y,
            ..Year::default()
        };
        let years = |c| (0..3).map(|y| year(c, y)).collect();
        Kept { years: (0..2).map(years).collect(), firms: vec![replicate; 4] }
    }

    fn fill(parts: &mut Parts, range: Range<u32>) {
        let member = |m: u64, limit: u32| {
            let one = |r: u32| (r < limit).then(|| kept(m, u16::try_from(r).expect("few")));
            range.clone().map(one).collect()
        };
        let all = [member(0, 20), member(1, 5)];
        parts.write(range, &all).expect("written");
    }

    #[test]
    fn what_is_written_is_found_and_read_by_cluster() {
        let dir = tempfile::tempdir().expect("a folder");
        let batches = Parts::batches(20);
        assert_eq!(batches, [0..16, 16..20]);
        let mut parts = Parts::open(dir.path(), layout()).expect("opened");
        for range in batches.clone() {
            assert!(!parts.find(&range).expect("nothing there"));
            fill(&mut parts, range);
        }
        let print = parts.fingerprint().expect("read");
        let mut again = Parts::open(dir.path(), layout()).expect("opened");
        for range in batches.iter().rev() {
            assert!(again.find(range).expect("whole"));
        }
        assert_eq!(again.done(), 20);
        assert_eq!(again.fingerprint().expect("read"), print);
        let years = again.years(0, 1).expect("read");
        assert_eq!((years.len(), years[17][2].output), (20, 1712));
        assert_eq!(again.years(1, 0).expect("read").len(), 5);
        assert_eq!(again.firms(0).expect("read")[18], [18; 4]);
    }

    #[test]
    fn other_inputs_and_damage_are_noticed() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut parts = Parts::open(dir.path(), layout()).expect("opened");
        fill(&mut parts, 0..16);
        let other = Layout { identity: "cd".repeat(32), ..layout() };
        assert!(!Parts::open(dir.path(), other).expect("opened").find(&(0..16)).expect("another"));
        let path = parts.path(&(0..16));
        let mut bytes = fs::read(&path).expect("read");
        bytes[HEADER + 5] ^= 1;
        fs::write(&path, bytes).expect("written");
        let mut again = Parts::open(dir.path(), layout()).expect("opened");
        assert!(matches!(again.find(&(0..16)), Err(ForecastError::Damaged { .. })));
    }
}

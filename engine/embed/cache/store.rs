//! The segments of one model, as one table of vectors.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::error::CacheError;
use super::segment::{Key, Segment, Unusable, WRITING};
use super::size::{keep_within, mark_used};

/// New vectors are written once they take this many bytes, or this long after the last writing, and
/// at the end: a program that is killed loses a minute of work at most.
const WRITE_BYTES: usize = 16 << 20;
const WRITE_AFTER: Duration = Duration::from_secs(20);
/// Segments are merged when more than this many are small.
const SMALL_SEGMENTS: usize = 8;
/// What is small. Bounds the memory that merging takes to some [`SMALL_SEGMENTS`] times this.
const SMALL: u64 = 32 << 20;
/// Files that were being written so long ago were abandoned.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// The vectors of one model that are kept in a folder, and those about to be written there.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    identity: String,
    dim: usize,
    segments: Vec<Segment>,
    /// Segment and row of each vector on disk.
    places: HashMap<Key, (u32, u32)>,
    /// Vectors that are not on disk yet, little-endian.
    fresh: BTreeMap<Key, Vec<u8>>,
    written: Instant,
    /// Set once writing failed; told once, and not tried again.
    broken: bool,
}

impl Store {
    /// Opens the part of the cache in `root` that belongs to the model `identity`.
    ///
    /// Damaged segments are removed, so that they are written anew; foreign files are left alone.
    /// Both are told as warnings. Then the whole cache is brought below `limit` bytes.
    pub(super) fn open(
        root: &Path,
        identity: &str,
        dim: usize,
        limit: u64,
    ) -> Result<Self, CacheError> {
        let dir = root.join(identity);
        let failed = |source| CacheError::Folder { path: root.to_owned(), source };
        fs::create_dir_all(&dir).map_err(failed)?;
        // A folder in which nothing can be written is told now and not after an hour's work.
        mark_used(&dir).map_err(failed)?;
        let mut store = Self {
            dir,
            identity: identity.to_owned(),
            dim,
            segments: Vec::new(),
            places: HashMap::new(),
            fresh: BTreeMap::new(),
            written: Instant::now(),
            broken: false,
        };
        store.read().map_err(failed)?;
        keep_within(root, limit);
        Ok(store)
    }

    fn read(&mut self) -> io::Result<()> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(WRITING) {
                remove_abandoned(&entry);
            } else if !name.starts_with('.') {
                paths.push(entry.path());
            }
        }
        paths.sort();
        let opened: Vec<_> =
            paths.par_iter().map(|path| Segment::open(path, &self.identity, self.dim)).collect();
        for (path, opened) in paths.iter().zip(opened) {
            match opened {
                Ok(segment) => self.add(segment),
                Err(Unusable::Damaged) => {
                    tracing::warn!(path = %path.display(), "a damaged cache file is removed; its vectors are made anew");
                    fs::remove_file(path).ok();
                }
                Err(Unusable::Foreign) => {
                    tracing::warn!(path = %path.display(), "a file in the vector cache is not of the cache and is left alone");
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, segment: Segment) {
        let Ok(number) = u32::try_from(self.segments.len()) else { return };
        for row in 0..segment.n_rows() {
            let Ok(at) = u32::try_from(row) else { break };
            self.places.insert(segment.key(row), (number, at));
        }
        self.segments.push(segment);
    }

    /// Forgets segments whose files were changed since they were checked.
    pub(super) fn check(&mut self) {
        if self.segments.iter().all(Segment::unchanged) {
            return;
        }
        tracing::warn!(dir = %self.dir.display(), "cache files were changed while in use; they are not used any more");
        let (kept, _) = std::mem::take(&mut self.segments)
            .into_iter()
            .partition::<Vec<_>, _>(Segment::unchanged);
        self.places.clear();
        for segment in kept {
            self.add(segment);
        }
    }

    /// Copies the vector of `key` to `row`; whether there is one.
    pub(super) fn get(&self, key: &Key, row: &mut [f32]) -> bool {
        let bytes = match self.places.get(key) {
            Some(&(segment, at)) => self.segments[segment as usize].vector(at as usize),
            None => match self.fresh.get(key) {
                Some(bytes) => bytes,
                None => return false,
            },
        };
        for (value, bytes) in row.iter_mut().zip(bytes.chunks_exact(4)) {
            *value = f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        true
    }

    /// Keeps a vector until it is written.
    pub(super) fn put(&mut self, key: Key, row: &[f32]) {
        self.fresh.insert(key, row.iter().flat_map(|value| value.to_le_bytes()).collect());
    }

    /// Writes the new vectors if there are many or it is long since the last writing.
    pub(super) fn write_if_due(&mut self) {
        let many = self.fresh.len() * (self.dim * 4 + 32) >= WRITE_BYTES;
        if many || self.written.elapsed() >= WRITE_AFTER {
            self.write();
        }
    }

    /// Writes the new vectors as a segment and merges where there are many small ones.
    ///
    /// A failure costs the vectors' place in the cache and nothing else.
    pub(super) fn write(&mut self) {
        self.written = Instant::now();
        if self.fresh.is_empty() || self.broken {
            return;
        }
        let rows: Vec<(Key, &[u8])> =
            self.fresh.iter().map(|(key, vector)| (*key, vector.as_slice())).collect();
        let written = Segment::write(&self.dir, &self.identity, self.dim, &rows);
        let opened = written.map(|path| Segment::open(&path, &self.identity, self.dim));
        match opened {
            Ok(Ok(segment)) => {
                self.fresh.clear();
                self.add(segment);
                self.merge();
            }
            Ok(Err(_)) => self.give_up("what was written cannot be read again"),
            Err(error) => self.give_up(&error.to_string()),
        }
    }

    fn give_up(&mut self, why: &str) {
        tracing::warn!(dir = %self.dir.display(), why, "vectors are not kept in the cache any more");
        self.broken = true;
    }

    /// Makes one segment of the small ones when they are many.
    ///
    /// Files are removed only after one that holds all of their vectors is in its place, so
    /// processes that do this at the same time lose nothing; at worst one file's vectors are kept
    /// twice until the next merging.
    fn merge(&mut self) {
        let is_small = |segment: &&Segment| segment.size() < SMALL && segment.unchanged();
        let small: Vec<&Segment> = self.segments.iter().filter(is_small).collect();
        if small.len() <= SMALL_SEGMENTS {
            return;
        }
        let mut rows: BTreeMap<Key, &[u8]> = BTreeMap::new();
        for segment in &small {
            rows.extend((0..segment.n_rows()).map(|row| (segment.key(row), segment.vector(row))));
        }
        let rows: Vec<(Key, &[u8])> = rows.into_iter().collect();
        let old: Vec<PathBuf> = small.iter().map(|segment| segment.path().to_owned()).collect();
        let written = Segment::write(&self.dir, &self.identity, self.dim, &rows);
        let Ok(path) = written else { return self.give_up("merging cache files failed") };
        let Ok(merged) = Segment::open(&path, &self.identity, self.dim) else {
            return self.give_up("what was merged cannot be read again");
        };
        let (kept, gone) = std::mem::take(&mut self.segments)
            .into_iter()
            .partition::<Vec<_>, _>(|segment| !old.iter().any(|path| path == segment.path()));
        self.places.clear();
        for segment in kept {
            self.add(segment);
        }
        self.add(merged);
        // Some systems remove no file that is mapped.
        drop(gone);
        for file in old.iter().filter(|file| **file != path) {
            fs::remove_file(file).ok();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.write();
    }
}

fn remove_abandoned(entry: &fs::DirEntry) {
    let age = entry.metadata().and_then(|facts| facts.modified()).map(|at| at.elapsed());
    if age.is_ok_and(|age| age.is_ok_and(|age| age > ABANDONED)) {
        fs::remove_file(entry.path()).ok();
    }
}

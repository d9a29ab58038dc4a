//! The bytes of a file of numbers: copied where it is small, mapped where it is large.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;
use std::time::SystemTime;

use memmap2::Mmap;

/// Files up to this size are copied. A copy of 64 MiB takes some 20 ms and cannot be disturbed by
/// anybody; what is larger is worth sharing with other processes and reading page by page.
const COPIED_UP_TO: u64 = 64 << 20;

/// The whole content of a file.
#[derive(Debug)]
pub(super) enum FileBytes {
    /// Compiled into the program, which the system maps.
    Static(&'static [u8]),
    /// In memory of our own.
    Owned(Vec<u8>),
    /// The file itself.
    Mapped(MappedFile),
}

/// A mapped file, and how it looked when it was mapped.
#[derive(Debug)]
pub(super) struct MappedFile {
    map: Mmap,
    file: File,
    modified: Option<SystemTime>,
}

impl FileBytes {
    /// Copies or maps the file at `path`, by its size.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, COPIED_UP_TO)
    }

    /// Maps the file at `path` whatever its size; an empty one is copied, as no system maps it.
    pub(super) fn map(path: &Path) -> io::Result<Self> {
        Self::open_with(path, 0)
    }

    fn open_with(path: &Path, copied_up_to: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let facts = file.metadata()?;
        if facts.len() <= copied_up_to {
            let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
            file.read_to_end(&mut bytes)?;
            return Ok(Self::Owned(bytes));
        }
        // Who changes a mapped file in place changes the numbers of a running program, and who
        // shortens it makes the system end the program. Nobody can forbid that to other programs,
        // so: files of ours are written beside their place, renamed, and never changed; files of
        // others are asked for `unchanged` before each use, which turns all but a shortening in
        // the middle of one use into an error; and small files, the likely ones, are copied.
        #[expect(unsafe_code, reason = "a map of a file that is checked before each use")]
        // SAFETY: the map is read only, and read as bytes, for which every value is valid.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self::Mapped(MappedFile { map, file, modified: facts.modified().ok() }))
    }

    /// Whether the file still has the length and the time of change that it had when it was
    /// opened; always true for copies.
    pub(super) fn unchanged(&self) -> bool {
        match self {
            Self::Static(_) | Self::Owned(_) => true,
            Self::Mapped(MappedFile { map, file, modified }) => {
                file.metadata().is_ok_and(|facts| {
                    facts.len() == map.len() as u64 && facts.modified().ok() == *modified
                })
            }
        }
    }
}

impl Deref for FileBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Mapped(mapped) => &mapped.map,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_maps_hold_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("numbers");
        std::fs::write(&path, b"12345").unwrap();
        let (copied, mapped) = (FileBytes::open(&path).unwrap(), FileBytes::map(&path).unwrap());
        assert!(matches!(copied, FileBytes::Owned(_)) && matches!(mapped, FileBytes::Mapped(_)));
        assert_eq!((&*copied, &*mapped), (&b"12345"[..], &b"12345"[..]));
        assert!(copied.unchanged() && mapped.unchanged());
        std::fs::write(&path, b"").unwrap();
        assert!(FileBytes::map(&path).unwrap().is_empty());
        assert!(FileBytes::map(&dir.path().join("absent")).is_err());
    }

    #[test]
    fn a_shortened_file_is_noticed_and_a_replaced_one_stays_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("numbers"), dir.path().join("other"));
        std::fs::write(&path, [7; 9_000]).unwrap();
        std::fs::write(&other, [8; 9_000]).unwrap();
        let mapped = FileBytes::map(&path).unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert!(mapped.unchanged());
        assert_eq!(mapped[8_999], 7);
        let mapped = FileBytes::map(&path).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(100).unwrap();
        assert!(!mapped.unchanged());
    }
}

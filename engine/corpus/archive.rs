//! Packed files: gzip, zip archives of lists, and the parts of office documents. Everything is
//! counted while it is unpacked, because an archive may lie about its sizes.

use std::io::{Cursor, Read};
use std::path::Path;

use encoding_rs::GB18030;
use flate2::read::MultiGzDecoder;

use super::error::CorpusError;
use super::limits;

/// Unpacks a gzip file, all its members one after another.
pub(super) fn gunzip(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, CorpusError> {
    let mut budget = Budget::new(path, bytes.len());
    budget.read(MultiGzDecoder::new(bytes))
}

/// A file in a zip archive.
pub(super) struct Member {
    /// Its path in the archive.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// The files of a zip archive in the order of their names, unpacked one at a time.
///
/// Folders, and what macOS and office programs leave behind (`__MACOSX`, `.DS_Store`, `~$…`), are
/// passed over.
pub(super) struct Members<'a> {
    path: &'a Path,
    archive: zip::ZipArchive<Cursor<&'a [u8]>>,
    /// Name and index, in reverse order.
    left: Vec<(String, usize)>,
    budget: Budget<'a>,
}

impl<'a> Members<'a> {
    pub(super) fn open(path: &'a Path, bytes: &'a [u8]) -> Result<Self, CorpusError> {
        let mut archive =
            zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(path, &error))?;
        if archive.len() > limits::MEMBERS {
            return Err(CorpusError::TooMany {
                path: path.to_owned(),
                what: "files in the archive",
                limit: limits::MEMBERS as u64,
            });
        }
        let mut left = Vec::new();
        for at in 0..archive.len() {
            let part = archive.by_index_raw(at).map_err(|error| damaged(path, &error))?;
            let name = member_name(part.name_raw());
            if !part.is_dir() && !name.ends_with('/') && !is_litter(&name) {
                left.push((name, at));
            }
        }
        left.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Self { path, archive, left, budget: Budget::new(path, bytes.len()) })
    }

    /// The next file; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Member>, CorpusError> {
        let Some((name, at)) = self.left.pop() else { return Ok(None) };
        let encrypted =
            self.archive.by_index_raw(at).map_err(|error| damaged(self.path, &error))?.encrypted();
        if encrypted {
            return Err(CorpusError::Encrypted { path: self.path.join(name) });
        }
        let part = self.archive.by_index(at).map_err(|error| damaged(self.path, &error))?;
        self.budget.check_claim(part.size())?;
        let bytes = self.budget.read(part)?;
        Ok(Some(Member { name, bytes }))
    }
}

/// Names are UTF-8, or GBK where Chinese Windows packed them.
fn member_name(raw: &[u8]) -> String {
    let name = std::str::from_utf8(raw)
        .map_or_else(|_| GB18030.decode_without_bom_handling(raw).0.into_owned(), str::to_owned);
    name.replace('\\', "/")
}

/// Whether a file is no document of anybody's.
pub(super) fn is_litter(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || is_lock_file(last) || last.starts_with('.')
}

/// Whether an office program keeps such a file beside a document that is open: `~$demands.xlsx`,
/// `.~demands.xlsx` (WPS), `.~lock.demands.xlsx#` (LibreOffice).
pub(super) fn is_lock_file(name: &str) -> bool {
    name.starts_with("~$") || name.starts_with(".~")
}

/// Unpacks every part of an office document into nothing, counting, and looks for document type
/// declarations: the reader that follows unpacks whole parts into memory.
pub(super) fn check_parts(path: &Path, bytes: &[u8]) -> Result<(), CorpusError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(path, &error))?;
    let mut budget = Budget::new(path, bytes.len());
    let mut block = vec![0; 64 << 10];
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).map_err(|error| damaged(path, &error))?;
        budget.check_claim(part.size())?;
        let name = member_name(part.name_raw());
        let is_xml = name.ends_with(".xml") || name.ends_with(".rels") || name.ends_with(".vml");
        let mut is_first = true;
        loop {
            let n = part.read(&mut block).map_err(|error| damaged(path, &error))?;
            if n == 0 {
                break;
            }
            budget.take(n)?;
            // A declaration stands before the first element, within the first block.
            if is_xml && is_first && declares_type(&block[..n]) {
                return Err(CorpusError::DocumentType { path: path.to_owned(), part: name });
            }
            is_first = false;
        }
    }
    Ok(())
}

/// One part of an office document; `None` if there is no such part.
pub(super) fn part(path: &Path, bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>, CorpusError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(path, &error))?;
    let Some(at) = archive.index_for_name(name) else { return Ok(None) };
    let part = archive.by_index(at).map_err(|error| damaged(path, &error))?;
    let mut budget = Budget::new(path, bytes.len());
    budget.check_claim(part.size())?;
    budget.read(part).map(Some)
}

/// Whether an XML text declares a document type, in any encoding that ASCII can be seen through.
pub(super) fn declares_type(bytes: &[u8]) -> bool {
    let ascii: Vec<u8> = bytes.iter().filter(|&&b| b != 0).map(u8::to_ascii_uppercase).collect();
    [b"<!DOCTYPE".as_slice(), b"<!ENTITY"]
        .iter()
        .any(|wanted| ascii.windows(wanted.len()).any(|window| window == *wanted))
}

/// How much may still be unpacked.
struct Budget<'a> {
    path: &'a Path,
    left: u64,
    unpacked: u64,
    /// Bytes past which the ratio is looked at.
    suspicious: u64,
}

impl<'a> Budget<'a> {
    fn new(path: &'a Path, packed: usize) -> Self {
        let suspicious = (packed as u64).saturating_mul(limits::RATIO).max(limits::SMALL_BYTES);
        Self { path, left: limits::UNPACKED_BYTES, unpacked: 0, suspicious }
    }

    fn too_large(&self) -> CorpusError {
        CorpusError::TooLarge {
            path: self.path.to_owned(),
            what: "the unpacked archive",
            limit_mib: limits::UNPACKED_BYTES >> 20,
        }
    }

    /// Refuses a part by the size that it claims, before anything is unpacked.
    fn check_claim(&self, size: u64) -> Result<(), CorpusError> {
        if size > self.left { Err(self.too_large()) } else { Ok(()) }
    }

    fn take(&mut self, n: usize) -> Result<(), CorpusError> {
        self.unpacked += n as u64;
        if self.unpacked > self.suspicious {
            return Err(CorpusError::Bomb { path: self.path.to_owned(), ratio: limits::RATIO });
        }
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| self.too_large())?;
        Ok(())
    }

    fn read(&mut self, mut source: impl Read) -> Result<Vec<u8>, CorpusError> {
        let mut bytes = Vec::new();
        let mut block = vec![0; 64 << 10];
        loop {
            let n = source.read(&mut block).map_err(|error| damaged(self.path, &error))?;
            if n == 0 {
                return Ok(bytes);
            }
            self.take(n)?;
            bytes.extend_from_slice(&block[..n]);
        }
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> CorpusError {
    CorpusError::Damaged {
        path: path.to_owned(),
        detail: super::clean::shorten(&error.to_string(), 200),
    }
}

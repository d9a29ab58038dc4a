//! The bytes of a text file that is read as a stream, and a first look at all of them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::decode::Census;
use super::error::CorpusError;
use super::file::hex;
use super::limits;
use super::recognise::{Kind, recognise};

/// What a first look at a text file tells.
pub(super) struct Survey {
    /// Of the unpacked bytes, 64 hexadecimal digits.
    pub(super) sha256: String,
    pub(super) encoding: &'static str,
    pub(super) is_gzip: bool,
    /// Whether it begins with the byte order mark of UTF-8.
    pub(super) is_marked: bool,
}

impl Survey {
    /// Looks through a file once; `None` if it cannot be read as a stream: no text, or text in
    /// UTF-16.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, CorpusError> {
        const HEAD: usize = 64 << 10;
        const BLOCK: usize = 4 << 20;
        if path.is_dir() {
            return Ok(None);
        }
        let failed = |source| CorpusError::Read { path: path.to_owned(), source };
        let mut head = Vec::new();
        File::open(path)
            .map_err(failed)?
            .take(HEAD as u64)
            .read_to_end(&mut head)
            .map_err(failed)?;
        let is_gzip = recognise(&head).kind == Kind::Gzip;
        let mut source = Source::open(path, is_gzip)?;
        let mut hasher = Sha256::new();
        let mut census = Census::default();
        let mut carry: Vec<u8> = Vec::new();
        let mut is_first = true;
        loop {
            let held = carry.len();
            carry.resize(held + BLOCK, 0);
            let n = source.fill(&mut carry[held..]).map_err(|error| source.told(path, error))?;
            carry.truncate(held + n);
            hasher.update(&carry[held..]);
            if is_first {
                let is_text = recognise(&carry).kind == Kind::Text;
                let is_wide = carry.starts_with(b"\xff\xfe") || carry.starts_with(b"\xfe\xff");
                let begin =
                    carry.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&carry).trim_ascii_start();
                if !is_text || is_wide || n == 0 || begin.starts_with(b"[") {
                    return Ok(None);
                }
                census.marked = carry.starts_with(b"\xef\xbb\xbf");
                is_first = false;
            }
            // Zero bytes mean UTF-16 or no text; reading whole tells which.
            if carry[held..].contains(&0) {
                return Ok(None);
            }
            let end = if n < BLOCK { carry.len() } else { last_line_end(&carry) };
            census.count(&carry[..end]);
            carry.drain(..end);
            if n < BLOCK {
                break;
            }
        }
        Ok(Some(Self {
            sha256: hex(&hasher.finalize()),
            encoding: census.main(),
            is_gzip,
            is_marked: census.marked,
        }))
    }
}

/// The end of the last whole line; of everything where there is none.
fn last_line_end(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&b| b == b'\n').map_or(bytes.len(), |at| at + 1)
}

/// The bytes of a text file, unpacked, counted and hashed as they come.
pub(super) struct Source {
    inner: Box<dyn Read>,
    /// Bytes of the file itself.
    packed: u64,
    unpacked: u64,
    is_gzip: bool,
    hasher: Sha256,
}

/// An archive that unpacks to more than it may; found again in the error that a reader passes on.
pub(super) const BOMB: &str = "unpacks to too much";

impl Source {
    pub(super) fn open(path: &Path, is_gzip: bool) -> Result<Self, CorpusError> {
        let failed = |source| CorpusError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let packed = file.metadata().map_err(failed)?.len();
        let inner: Box<dyn Read> =
            if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Self { inner, packed, unpacked: 0, is_gzip, hasher: Sha256::new() })
    }

    /// Fills a buffer as far as the file reaches.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut n = 0;
        while n < buffer.len() {
            match self.read(&mut buffer[n..]) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(n)
    }

    /// The hash of what was read.
    pub(super) fn digest(self) -> String {
        hex(&self.hasher.finalize())
    }

    /// What a failure of reading means for the list.
    pub(super) fn told(&self, path: &Path, error: io::Error) -> CorpusError {
        let path = path.to_owned();
        if error.to_string() == BOMB {
            return CorpusError::Bomb { path, ratio: limits::RATIO };
        }
        if self.is_gzip {
            return CorpusError::Damaged { path, detail: error.to_string() };
        }
        CorpusError::Read { path, source: error }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.unpacked += n as u64;
        let most = self.packed.saturating_mul(limits::RATIO).max(limits::SMALL_BYTES);
        if self.unpacked > limits::STREAMED_BYTES || (self.is_gzip && self.unpacked > most) {
            return Err(io::Error::other(BOMB));
        }
        self.hasher.update(&buffer[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_last_line() {
        assert_eq!(last_line_end(b"a\nbc\nd"), 5);
        assert_eq!(last_line_end(b"abc"), 3);
    }
}

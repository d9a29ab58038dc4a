//! One immutable file of cached vectors.
//!
//! A segment is a safetensors file with `keys` (`u8`, `[n, 32]`, ascending) and `vectors` (`f32`,
//! `[n, dim]`). Its metadata name the format, the identity of the model, and the SHA-256 of both
//! tensors; its file name is the beginning of that hash, so that equal segments are one file.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use safetensors::tensor::{TensorView, serialize_to_file};
use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

use crate::embed::file_bytes::FileBytes;

/// Name and version of the format.
const FORMAT: &str = "duijie vector cache 1";
/// Ending of a segment's file name.
const SUFFIX: &str = ".safetensors";
/// Beginning of the names of files that are being written.
pub(super) const WRITING: &str = ".writing-";
/// Digits of the checksum in a file name; 128 bits do not meet by chance.
const NAME_DIGITS: usize = 32;

/// What a vector is found by.
pub(super) type Key = [u8; 32];

/// Why a file is not used as a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It was not made by this program, or by another version, or for another model.
    Foreign,
    /// It was made by this program and is not as it was.
    Damaged,
}

/// A checked segment, mapped.
#[derive(Debug)]
pub(super) struct Segment {
    path: PathBuf,
    bytes: FileBytes,
    keys: usize,
    vectors: usize,
    n_rows: usize,
    dim: usize,
}

impl Segment {
    /// Opens a segment of the model `identity` with vectors of `dim` numbers and checks all of it.
    pub(super) fn open(path: &Path, identity: &str, dim: usize) -> Result<Self, Unusable> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let digits = name.as_deref().and_then(|name| name.strip_suffix(SUFFIX)).unwrap_or("");
        let named_like_ours =
            digits.len() == NAME_DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
        // Only what bears a name that this program gives is held to be damaged, and removed.
        let broken = if named_like_ours { Unusable::Damaged } else { Unusable::Foreign };
        let Ok(bytes) = FileBytes::map(path) else { return Err(Unusable::Foreign) };
        let Some((keys, vectors, n_rows)) = places(&bytes, identity, dim, digits) else {
            return Err(broken);
        };
        Ok(Self { path: path.to_owned(), bytes, keys, vectors, n_rows, dim })
    }

    /// Writes rows beside their place and renames; the file's name is returned.
    ///
    /// `rows` are ascending by key, without repetition; each vector has `dim` numbers.
    pub(super) fn write(
        dir: &Path,
        identity: &str,
        dim: usize,
        rows: &[(Key, &[u8])],
    ) -> io::Result<PathBuf> {
        let keys: Vec<u8> = rows.iter().flat_map(|(key, _)| key).copied().collect();
        let mut vectors = Vec::with_capacity(rows.len() * dim * 4);
        for (_, vector) in rows {
            vectors.extend_from_slice(vector);
        }
        let checksum = checksum(&keys, &vectors);
        let metadata = HashMap::from([
            ("format".to_owned(), FORMAT.to_owned()),
            ("identity".to_owned(), identity.to_owned()),
            ("sha256".to_owned(), checksum.clone()),
        ]);
        let n = rows.len();
        let tensors = [
            ("keys", TensorView::new(Dtype::U8, vec![n, 32], &keys)),
            ("vectors", TensorView::new(Dtype::F32, vec![n, dim], &vectors)),
        ];
        let tensors: Vec<_> = tensors
            .into_iter()
            // Both have exactly the bytes that their shapes ask for.
            .map(|(name, view)| (name, view.expect("shapes that fit")))
            .collect();
        // Somebody may have emptied the cache meanwhile.
        fs::create_dir_all(dir)?;
        let place = dir.join(format!("{}{SUFFIX}", &checksum[..NAME_DIGITS]));
        let file = tempfile::Builder::new().prefix(WRITING).tempfile_in(dir)?;
        serialize_to_file(tensors, Some(metadata), file.path()).map_err(io::Error::other)?;
        file.persist(&place).map_err(|error| error.error)?;
        Ok(place)
    }

    /// Where it stands.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file.
    pub(super) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether the file is still the one that was checked.
    pub(super) fn unchanged(&self) -> bool {
        self.bytes.unchanged()
    }

    /// How many vectors it holds.
    pub(super) const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The key of a row.
    pub(super) fn key(&self, row: usize) -> Key {
        let mut key = [0; 32];
        key.copy_from_slice(&self.bytes[self.keys + row * 32..self.keys + (row + 1) * 32]);
        key
    }

    /// The vector of a row, little-endian `f32`.
    pub(super) fn vector(&self, row: usize) -> &[u8] {
        let size = self.dim * 4;
        &self.bytes[self.vectors + row * size..self.vectors + (row + 1) * size]
    }
}

/// Where keys and vectors begin and how many there are; `None` if anything is not as it should be.
fn places(bytes: &[u8], identity: &str, dim: usize, digits: &str) -> Option<(usize, usize, usize)> {
    let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
    let facts = header.metadata().as_ref()?;
    let fact = |name: &str| facts.get(name).map(String::as_str);
    if fact("format") != Some(FORMAT) || fact("identity") != Some(identity) {
        return None;
    }
    let tensors = SafeTensors::deserialize(bytes).ok()?;
    let (keys, vectors) = (tensors.tensor("keys").ok()?, tensors.tensor("vectors").ok()?);
    let n_rows = *keys.shape().first()?;
    let shaped = keys.shape() == [n_rows, 32] && vectors.shape() == [n_rows, dim];
    if !shaped || keys.dtype() != Dtype::U8 || vectors.dtype() != Dtype::F32 {
        return None;
    }
    let sum = checksum(keys.data(), vectors.data());
    if fact("sha256") != Some(sum.as_str()) || !sum.starts_with(digits) {
        return None;
    }
    let start = |data: &[u8]| data.as_ptr() as usize - bytes.as_ptr() as usize;
    Some((start(keys.data()), start(vectors.data()), n_rows))
}

fn checksum(keys: &[u8], vectors: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update((keys.len() as u64).to_le_bytes());
    hash.update(keys);
    hash.update(vectors);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_anything_else_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = ([1; 8], [2; 8]);
        let rows: [(Key, &[u8]); 2] = [([3; 32], &one), ([4; 32], &two)];
        let path = Segment::write(dir.path(), "model", 2, &rows).unwrap();
        assert_eq!(path, Segment::write(dir.path(), "model", 2, &rows).unwrap());
        let segment = Segment::open(&path, "model", 2).unwrap();
        assert_eq!((segment.n_rows(), segment.key(1), segment.vector(1)), (2, [4; 32], &two[..]));
        let refused = |path: &Path, identity, dim| Segment::open(path, identity, dim).unwrap_err();
        assert_eq!(refused(&path, "other", 2), Unusable::Damaged);
        assert_eq!(refused(&path, "model", 1), Unusable::Damaged);

        let whole = std::fs::read(&path).unwrap();
        for (name, bytes) in [
            ("shortened", whole[..whole.len() - 1].to_vec()),
            ("empty", Vec::new()),
            ("flipped", {
                let mut bytes = whole.clone();
                *bytes.last_mut().unwrap() ^= 1;
                bytes
            }),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(refused(&path, "model", 2), Unusable::Damaged, "{name}");
        }
        let stranger = dir.path().join("model.safetensors");
        std::fs::write(&stranger, b"not ours").unwrap();
        assert_eq!(refused(&stranger, "model", 2), Unusable::Foreign);
    }
}

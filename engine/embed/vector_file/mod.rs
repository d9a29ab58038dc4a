//! Vectors that somebody else made, read from a file beside a list.
//!
//! `.safetensors` with a tensor `embeddings` (`[n, dim]`, `f32` or `f16`), or `.npy` (`[n, dim]`,
//! `<f4`, `<f8` or `<f2`, C order). Ids of the rows stand in a tensor `ids` (`u8`: UTF-8 text, one
//! id per line) or in a file beside it with `.ids.txt` added to its name; without either, the
//! caller has to know which row is whose.

mod error;
mod npy;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use half::f16;
use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

pub use error::{VectorFault, VectorFileError};

use super::file_bytes::FileBytes;
use super::unit::normalise;
use crate::model::Embeddings;

/// How the numbers of a file are written, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    F16,
    F32,
    F64,
}

impl Number {
    const fn size(self) -> usize {
        match self {
            Self::F16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Reads one number of [`size`](Self::size) bytes.
    fn read(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Self::F16, &[a, b]) => f16::from_le_bytes([a, b]).to_f64(),
            (Self::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
            (Self::F64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
            _ => f64::NAN,
        }
    }
}

/// An opened file of vectors.
#[derive(Debug)]
pub struct VectorFile {
    path: PathBuf,
    bytes: FileBytes,
    start: usize,
    number: Number,
    n_rows: usize,
    dim: usize,
    ids: Option<Vec<String>>,
    sha256: String,
}

impl VectorFile {
    /// Opens the file and reads its ids; small files are copied, large ones mapped.
    ///
    /// # Errors
    /// [`VectorFileError`] when the file cannot be read, is not in the format that its name says,
    /// has numbers of another type or shape, or ids that are not one per row, each only once.
    pub fn open(path: &Path) -> Result<Self, VectorFileError> {
        Self::load(path).map_err(|fault| VectorFileError { path: path.to_owned(), fault })
    }

    fn load(path: &Path) -> Result<Self, VectorFault> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let read = match extension.as_deref() {
            Some("npy") => read_npy,
            Some("safetensors") => read_safetensors,
            _ => return Err(VectorFault::UnknownFormat),
        };
        let bytes = FileBytes::open(path).map_err(VectorFault::Read)?;
        let Table { start, n_bytes, number, shape, own_ids } = read(&bytes)?;
        let &[n_rows, dim] = shape.as_slice() else {
            return Err(VectorFault::Shape { found: shape });
        };
        if dim == 0 || n_rows == 0 {
            return Err(VectorFault::Shape { found: shape });
        }
        // Checked, because a header may claim any shape.
        let length = n_rows.checked_mul(dim).and_then(|n| n.checked_mul(number.size()));
        if length != Some(n_bytes) {
            let what = format!("{n_bytes} bytes of numbers do not fill its shape {shape:?}");
            return Err(VectorFault::Damaged(what));
        }
        let id_bytes = match own_ids {
            Some(ids) => Some(ids),
            None => sidecar(path)?,
        };
        let mut hash = Sha256::new();
        // The length keeps the border between vectors and ids in the hash.
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(&*bytes);
        hash.update(id_bytes.as_deref().unwrap_or_default());
        let ids = id_bytes.map(|bytes| read_ids(&bytes, n_rows)).transpose()?;
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.to_owned(), bytes, start, number, n_rows, dim, ids, sha256 })
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many vectors.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Numbers per vector.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// The ids of the rows, in their order, where there are any.
    #[must_use]
    pub fn ids(&self) -> Option<&[String]> {
        self.ids.as_deref()
    }

    /// SHA-256 of the vectors' file and its ids, 64 hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The vectors of some rows (from 0) at unit length, `[rows.len(), dim]`.
    ///
    /// # Errors
    /// [`VectorFileError`] naming the first of these rows that holds NaN, an infinity or nothing
    /// but zeros; or saying that the file changed.
    ///
    /// # Panics
    /// When a row is not below [`n_rows`](Self::n_rows).
    pub fn rows(&self, rows: &[usize]) -> Result<Embeddings, VectorFileError> {
        let error = |fault| VectorFileError { path: self.path.clone(), fault };
        if !self.bytes.unchanged() {
            return Err(error(VectorFault::Changed));
        }
        let mut data = Vec::with_capacity(rows.len() * self.dim);
        for &row in rows {
            assert!(row < self.n_rows, "row {row} of {}", self.n_rows);
            data.extend(self.row(row).map_err(error)?);
        }
        // Every row has `dim` numbers.
        Ok(Embeddings::new(data, self.dim).expect("rows of one length"))
    }

    fn row(&self, row: usize) -> Result<Vec<f32>, VectorFault> {
        let size = self.number.size();
        let start = self.start + row * self.dim * size;
        let numbers = self.bytes[start..start + self.dim * size].chunks_exact(size);
        let mut out = Vec::with_capacity(self.dim);
        for (column, bytes) in numbers.enumerate() {
            let value = self.number.read(bytes);
            #[expect(clippy::cast_possible_truncation, reason = "vectors are kept in f32")]
            let single = value as f32;
            if !single.is_finite() {
                return Err(VectorFault::NotFinite { row: row + 1, column: column + 1, value });
            }
            out.push(single);
        }
        if out.iter().all(|value| *value == 0.0) {
            return Err(VectorFault::Zero { row: row + 1 });
        }
        // Finite f32 numbers have a finite length in f64.
        normalise(&mut out).expect("a finite length");
        Ok(out)
    }
}

/// Where the numbers stand in a file.
struct Table {
    start: usize,
    n_bytes: usize,
    number: Number,
    shape: Vec<usize>,
    own_ids: Option<Vec<u8>>,
}

fn read_npy(bytes: &[u8]) -> Result<Table, VectorFault> {
    let npy::Header { descr, shape, start } = npy::header(bytes)?;
    let number = match descr.as_str() {
        "<f2" => Number::F16,
        "<f4" => Number::F32,
        "<f8" => Number::F64,
        _ => return Err(VectorFault::NumberType { found: descr }),
    };
    Ok(Table { start, n_bytes: bytes.len() - start, number, shape, own_ids: None })
}

fn read_safetensors(bytes: &[u8]) -> Result<Table, VectorFault> {
    let tensors =
        SafeTensors::deserialize(bytes).map_err(|error| VectorFault::Damaged(error.to_string()))?;
    let Ok(table) = tensors.tensor("embeddings") else {
        let mut found: Vec<String> = tensors.names().into_iter().map(str::to_owned).collect();
        found.sort();
        return Err(VectorFault::NoTensor { found });
    };
    let number = match table.dtype() {
        Dtype::F16 => Number::F16,
        Dtype::F32 => Number::F32,
        other => return Err(VectorFault::NumberType { found: format!("{other:?}") }),
    };
    let own_ids = match tensors.tensor("ids") {
        Ok(ids) if ids.dtype() == Dtype::U8 => Some(ids.data().to_vec()),
        Ok(ids) => {
            return Err(VectorFault::NumberType { found: format!("{:?} (ids)", ids.dtype()) });
        }
        Err(_) => None,
    };
    let start = table.data().as_ptr() as usize - bytes.as_ptr() as usize;
    let (n_bytes, shape) = (table.data().len(), table.shape().to_vec());
    Ok(Table { start, n_bytes, number, shape, own_ids })
}

/// The content of the file of ids beside `path`, where there is one.
fn sidecar(path: &Path) -> Result<Option<Vec<u8>>, VectorFault> {
    let mut name = path.as_os_str().to_owned();
    name.push(".ids.txt");
    match std::fs::read(PathBuf::from(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(VectorFault::Read(error)),
    }
}

/// One id per line; blanks around it and a byte order mark are left out.
fn read_ids(bytes: &[u8], n_rows: usize) -> Result<Vec<String>, VectorFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| VectorFault::IdText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ids: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    if ids.len() != n_rows {
        return Err(VectorFault::IdCount { ids: ids.len(), rows: n_rows });
    }
    let mut seen = std::collections::HashSet::new();
    let bad = ids.iter().zip(1..).find(|(id, _)| id.is_empty() || !seen.insert(id.as_str()));
    match bad {
        Some((id, line)) => Err(VectorFault::Id { line, id: id.clone() }),
        None => Ok(ids),
    }
}

//! The tensors of a static model: rows, token weights, and which row each token uses.

use half::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::EmbedError;
use super::file_bytes::FileBytes;

/// How the file stores the numbers of the rows, little-endian.
#[derive(Debug, Clone, Copy)]
enum Number {
    F32,
    F16,
    I8,
}

impl Number {
    const fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
            Self::I8 => 1,
        }
    }
}

/// One vector and one weight for every token id.
#[derive(Debug)]
pub(super) struct TokenVectors {
    /// The whole file, of which the rows are read where they stand.
    file: FileBytes,
    /// Where the rows `[n_rows, dim]`, row-major, begin.
    start: usize,
    number: Number,
    dim: usize,
    /// Token id to row and weight.
    tokens: Vec<(usize, f32)>,
}

impl TokenVectors {
    /// Reads `embeddings`, `weights` (absent: all one) and `mapping` (absent: id = row) for a
    /// vocabulary of `n_tokens`.
    pub(super) fn read(file: FileBytes, n_tokens: usize) -> Result<Self, EmbedError> {
        let tensors =
            SafeTensors::deserialize(&file).map_err(|source| EmbedError::Safetensors { source })?;
        let table =
            tensors.tensor("embeddings").map_err(|source| EmbedError::Safetensors { source })?;
        let &[n_rows, dim] = table.shape() else {
            return Err(shape(&table, "embeddings", "[rows, dim]"));
        };
        if dim == 0 {
            return Err(shape(&table, "embeddings", "at least one number per row"));
        }
        let mapping = match tensors.tensor("mapping") {
            Ok(view) => Some(read_mapping(&view, n_tokens, n_rows)?),
            Err(_) => None,
        };
        if mapping.is_none() && n_rows < n_tokens {
            return Err(shape(
                &table,
                "embeddings",
                &format!("at least {n_tokens} rows, one per token, or a tensor mapping"),
            ));
        }
        let weights = match tensors.tensor("weights") {
            Ok(view) => {
                let weights = read_floats("weights", &view)?;
                if view.shape().len() != 1 || weights.len() < n_tokens {
                    return Err(shape(
                        &view,
                        "weights",
                        &format!("one number for each of {n_tokens} tokens"),
                    ));
                }
                Some(weights)
            }
            Err(_) => None,
        };
        let tokens = (0..n_tokens)
            .map(|token| {
                let row = mapping.as_ref().map_or(token, |rows| rows[token]);
                (row, weights.as_ref().map_or(1.0, |weights| weights[token]))
            })
            .collect();
        let number = match table.dtype() {
            Dtype::F32 => Number::F32,
            Dtype::F16 => Number::F16,
            Dtype::I8 => Number::I8,
            other => return Err(dtype("embeddings", other, "F32, F16 or I8")),
        };
        check_finite(number, table.data())?;
        let start = table.data().as_ptr() as usize - file.as_ptr() as usize;
        Ok(Self { file, start, number, dim, tokens })
    }

    /// Whether the file is still as it was when it was read.
    pub(super) fn unchanged(&self) -> bool {
        self.file.unchanged()
    }

    /// Numbers per vector.
    pub(super) const fn dim(&self) -> usize {
        self.dim
    }

    /// Adds the weighted vector of `token` to `sum`; a token beyond the vocabulary adds nothing.
    ///
    /// One product and one sum per number, in `f32` and without fusing them, so that every
    /// machine gets the same bits.
    pub(super) fn add(&self, token: u32, sum: &mut [f32]) {
        let Some(&(row, weight)) = self.tokens.get(token as usize) else {
            return;
        };
        let size = self.dim * self.number.size();
        let start = self.start + row * size;
        let bytes = &self.file[start..start + size];
        match self.number {
            Number::F32 => {
                for (total, value) in sum.iter_mut().zip(bytes.chunks_exact(4)) {
                    *total += weight * single(value);
                }
            }
            Number::F16 => {
                for (total, value) in sum.iter_mut().zip(bytes.chunks_exact(2)) {
                    *total += weight * half(value);
                }
            }
            Number::I8 => {
                for (total, value) in sum.iter_mut().zip(bytes) {
                    *total += weight * f32::from(value.cast_signed());
                }
            }
        }
    }
}

/// Four bytes as a number.
fn single(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Two bytes as a number.
fn half(bytes: &[u8]) -> f32 {
    f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()
}

/// Whether all numbers of the rows are finite.
fn check_finite(number: Number, data: &[u8]) -> Result<(), EmbedError> {
    let check = |(position, value)| finite("embeddings", position, value).map(|_| ());
    match number {
        Number::F32 => data.chunks_exact(4).map(single).enumerate().try_for_each(check),
        Number::F16 => data.chunks_exact(2).map(half).enumerate().try_for_each(check),
        Number::I8 => Ok(()),
    }
}

fn read_floats(name: &'static str, view: &TensorView<'_>) -> Result<Vec<f32>, EmbedError> {
    let data = view.data();
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => data.chunks_exact(4).map(single).collect(),
        Dtype::F16 => data.chunks_exact(2).map(half).collect(),
        #[expect(clippy::cast_possible_truncation, reason = "weights are kept in f32")]
        Dtype::F64 => data
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
            .collect(),
        other => return Err(dtype(name, other, "F32, F16 or F64")),
    };
    for (position, value) in values.iter().enumerate() {
        finite(name, position, *value)?;
    }
    Ok(values)
}

/// Reads which row each token uses.
fn read_mapping(
    view: &TensorView<'_>,
    n_tokens: usize,
    n_rows: usize,
) -> Result<Vec<usize>, EmbedError> {
    let data = view.data();
    let rows: Vec<i64> = match view.dtype() {
        Dtype::I64 => data
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect(),
        Dtype::I32 => data
            .chunks_exact(4)
            .map(|b| i64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]])))
            .collect(),
        other => return Err(dtype("mapping", other, "I64 or I32")),
    };
    if view.shape().len() != 1 || rows.len() < n_tokens {
        return Err(shape(
            view,
            "mapping",
            &format!("one row number for each of {n_tokens} tokens"),
        ));
    }
    rows.into_iter()
        .enumerate()
        .map(|(position, row)| {
            usize::try_from(row).ok().filter(|row| *row < n_rows).ok_or_else(|| {
                EmbedError::TensorValue { tensor: "mapping", position, value: row.to_string() }
            })
        })
        .collect()
}

fn finite(tensor: &'static str, position: usize, value: f32) -> Result<f32, EmbedError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(EmbedError::TensorValue { tensor, position, value: value.to_string() })
    }
}

fn shape(view: &TensorView<'_>, tensor: &'static str, expected: &str) -> EmbedError {
    EmbedError::TensorShape { tensor, found: view.shape().to_vec(), expected: expected.to_owned() }
}

fn dtype(tensor: &'static str, found: Dtype, expected: &'static str) -> EmbedError {
    EmbedError::TensorType { tensor, found: format!("{found:?}"), expected }
}

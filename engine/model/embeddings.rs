//! Vectors of texts, one row per text.

/// The shape of a matrix does not fit its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{len} numbers do not fill rows of {dim}")]
pub struct ShapeError {
    /// How many numbers were given.
    pub len: usize,
    /// The row length that was asked for.
    pub dim: usize,
}

/// Embeddings owned by the caller: `[n_rows, dim]`, row-major, `f32`.
///
/// Rows are of unit length, or all zero where a text has no known piece. `dim` is at least 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embeddings {
    data: Vec<f32>,
    dim: usize,
}

impl Embeddings {
    /// Wraps `data` as rows of `dim` numbers.
    ///
    /// # Errors
    /// [`ShapeError`] when `dim` is zero or does not divide the length.
    pub fn new(data: Vec<f32>, dim: usize) -> Result<Self, ShapeError> {
        if dim == 0 || !data.len().is_multiple_of(dim) {
            return Err(ShapeError { len: data.len(), dim });
        }
        Ok(Self { data, dim })
    }

    /// Numbers per row.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// How many rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.data.len().checked_div(self.dim).unwrap_or(0)
    }

    /// Row `row`.
    ///
    /// # Panics
    /// When `row` is not below [`n_rows`](Self::n_rows).
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.dim..(row + 1) * self.dim]
    }

    /// All rows, borrowed.
    #[must_use]
    pub fn view(&self) -> EmbeddingsView<'_> {
        EmbeddingsView { data: &self.data, dim: self.dim }
    }
}

/// Borrowed embeddings: `[n_rows, dim]`, row-major, `f32`.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddingsView<'a> {
    data: &'a [f32],
    dim: usize,
}

impl<'a> EmbeddingsView<'a> {
    /// Borrows `data` as rows of `dim` numbers.
    ///
    /// # Errors
    /// [`ShapeError`] when `dim` is zero or does not divide the length.
    pub fn new(data: &'a [f32], dim: usize) -> Result<Self, ShapeError> {
        if dim == 0 || !data.len().is_multiple_of(dim) {
            return Err(ShapeError { len: data.len(), dim });
        }
        Ok(Self { data, dim })
    }

    /// All numbers, row after row.
    #[must_use]
    pub const fn data(&self) -> &'a [f32] {
        self.data
    }

    /// Numbers per row.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// How many rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.data.len().checked_div(self.dim).unwrap_or(0)
    }

    /// Row `row`.
    ///
    /// # Panics
    /// When `row` is not below [`n_rows`](Self::n_rows).
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [f32] {
        &self.data[row * self.dim..(row + 1) * self.dim]
    }
}

//! Several vectors per record: the rows of a table, cut into records.

use std::ops::Range;

use super::{Embeddings, EmbeddingsView};

/// The places at which records begin do not fit the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the starts of the records do not ascend from 0 to the {n_rows} rows: see place {place}")]
pub struct StartsError {
    /// How many rows there are.
    pub n_rows: usize,
    /// The first place in the list of starts that is wrong.
    pub place: usize,
}

/// Several vectors per record, owned: rows in record order, and where each record begins.
///
/// Compressed sparse rows: record `r` has the rows `starts[r] .. starts[r + 1]` of `[n_rows, dim]`;
/// `starts` has one entry more than there are records, the last being `n_rows`. A record may have
/// no rows.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiVectors {
    rows: Embeddings,
    starts: Vec<u32>,
}

impl Default for MultiVectors {
    fn default() -> Self {
        Self { rows: Embeddings::default(), starts: vec![0] }
    }
}

impl MultiVectors {
    /// Cuts `rows` into records.
    ///
    /// # Errors
    /// [`StartsError`] when `starts` is empty, does not begin with 0, descends, or does not end
    /// with the number of rows.
    pub fn new(rows: Embeddings, starts: Vec<u32>) -> Result<Self, StartsError> {
        MultiVectorsView::new(rows.view(), &starts)?;
        Ok(Self { rows, starts })
    }

    /// All of it, borrowed.
    #[must_use]
    pub fn view(&self) -> MultiVectorsView<'_> {
        MultiVectorsView { rows: self.rows.view(), starts: &self.starts }
    }
}

/// Several vectors per record, borrowed; see [`MultiVectors`].
#[derive(Debug, Clone, Copy)]
pub struct MultiVectorsView<'a> {
    rows: EmbeddingsView<'a>,
    starts: &'a [u32],
}

impl<'a> MultiVectorsView<'a> {
    /// Cuts `rows` into records.
    ///
    /// # Errors
    /// As [`MultiVectors::new`].
    pub fn new(rows: EmbeddingsView<'a>, starts: &'a [u32]) -> Result<Self, StartsError> {
        let n_rows = rows.n_rows();
        let wrong = |place| Err(StartsError { n_rows, place });
        if starts.first() != Some(&0) {
            return wrong(0);
        }
        if let Some(place) = starts.windows(2).position(|pair| pair[0] > pair[1]) {
            return wrong(place + 1);
        }
        if starts.last().is_none_or(|&last| last as usize != n_rows) {
            return wrong(starts.len() - 1);
        }
        Ok(Self { rows, starts })
    }

    /// How many records.
    #[must_use]
    pub const fn n_records(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows of all records: `[n_rows, dim]`.
    #[must_use]
    pub const fn rows(&self) -> EmbeddingsView<'a> {
        self.rows
    }

    /// Which rows are those of record `record`.
    ///
    /// # Panics
    /// When `record` is not below [`n_records`](Self::n_records).
    #[must_use]
    pub fn range(&self, record: usize) -> Range<usize> {
        self.starts[record] as usize..self.starts[record + 1] as usize
    }

    /// The numbers of record `record`: `[n, dim]`, row-major.
    ///
    /// # Panics
    /// When `record` is not below [`n_records`](Self::n_records).
    #[must_use]
    pub fn data(&self, record: usize) -> &'a [f32] {
        let (range, dim) = (self.range(record), self.rows.dim());
        &self.rows.data()[range.start * dim..range.end * dim]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Embeddings {
        Embeddings::new(vec![1.0; n * 2], 2).expect("whole rows")
    }

    #[test]
    fn a_record_has_its_rows_and_may_have_none() {
        let table = MultiVectors::new(rows(3), vec![0, 2, 2, 3]).expect("ascending");
        let view = table.view();
        assert_eq!(view.n_records(), 3);
        assert_eq!((view.range(0), view.range(1), view.range(2)), (0..2, 2..2, 2..3));
        assert_eq!(view.data(0).len(), 4);
        assert!(view.data(1).is_empty());
        assert_eq!(MultiVectors::default().view().n_records(), 0);
    }

    #[test]
    fn starts_that_do_not_fit_are_refused() {
        let place = |starts: &[u32]| {
            MultiVectors::new(rows(3), starts.to_vec()).map_err(|error| error.place)
        };
        assert_eq!(place(&[]), Err(0));
        assert_eq!(place(&[1, 3]), Err(0));
        assert_eq!(place(&[0, 2, 1, 3]), Err(2));
        assert_eq!(place(&[0, 2]), Err(1));
        assert_eq!(place(&[0, 4]), Err(1));
        assert!(place(&[0, 0, 3, 3]).is_ok());
    }
}

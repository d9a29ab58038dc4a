//! What every backend checks before it computes.

use rayon::prelude::*;

use super::BackendError;
use crate::model::EmbeddingsView;

/// The largest magnitude a number of an embedding may have: `2⁵⁰`.
///
/// Products stay below `2¹⁰⁰`, so the sum of any row that fits in memory stays finite in `f32`,
/// in any order of summation, and no score is NaN or infinite. Rows of unit length are far below.
pub const MAX_MAGNITUDE: f32 = 1_125_899_906_842_624.0;

/// Refuses inputs that no backend can score.
///
/// Where a side has no rows its `dim` says nothing and is not compared.
///
/// # Errors
/// [`BackendError::Dim`] when the sides differ in `dim`; [`BackendError::Limit`] when a side has
/// more rows than a `u32` can number; [`BackendError::NotFinite`] and [`BackendError::Magnitude`]
/// for the first row (queries before documents) that holds such a number.
pub fn check_inputs(
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
) -> Result<(), BackendError> {
    check_shapes(queries, documents)?;
    check_numbers("queries", queries)?;
    check_numbers("documents", documents)
}

/// What [`check_inputs`] refuses without looking at the numbers.
///
/// # Errors
/// As there.
pub(super) fn check_shapes(
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
) -> Result<(), BackendError> {
    let empty = queries.n_rows() == 0 || documents.n_rows() == 0;
    if !empty && queries.dim() != documents.dim() {
        return Err(BackendError::Dim { queries: queries.dim(), documents: documents.dim() });
    }
    for (what, rows) in
        [("the number of query rows", queries), ("the number of document rows", documents)]
    {
        let allowed = u64::from(u32::MAX);
        let needed = rows.n_rows() as u64;
        if needed > allowed {
            return Err(BackendError::Limit { what, needed, allowed });
        }
    }
    Ok(())
}

/// Refuses pairs that name rows which are not there.
///
/// # Errors
/// [`BackendError::Row`] for the first such pair, its query before its document.
pub fn check_pairs(
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
    pairs: &[(u32, u32)],
) -> Result<(), BackendError> {
    check_pairs_of(queries.n_rows(), documents.n_rows(), pairs)
}

/// Refuses pairs that name rows, or records, beyond the numbers of those of either side.
///
/// # Errors
/// As [`check_pairs`].
pub fn check_pairs_of(
    n_queries: usize,
    n_documents: usize,
    pairs: &[(u32, u32)],
) -> Result<(), BackendError> {
    for (pair, &(query, document)) in pairs.iter().enumerate() {
        for (side, row, n_rows) in
            [("queries", query, n_queries), ("documents", document, n_documents)]
        {
            if row as usize >= n_rows {
                return Err(BackendError::Row { pair, side, row, n_rows });
            }
        }
    }
    Ok(())
}

/// What [`check_inputs`] refuses for the numbers of one side.
///
/// # Errors
/// As there.
pub(super) fn check_numbers(
    side: &'static str,
    rows: EmbeddingsView<'_>,
) -> Result<(), BackendError> {
    // NaN fails the comparison too.
    let fits = |number: &f32| number.abs() <= MAX_MAGNITUDE;
    // Folding without an early exit lets the compiler test many numbers at once.
    let all_fit = |row: &[f32]| row.iter().fold(true, |all, number| all & fits(number));
    let dim = rows.dim().max(1);
    let Some(row) = rows.data().par_chunks_exact(dim).position_first(|row| !all_fit(row)) else {
        return Ok(());
    };
    if rows.row(row).iter().all(|number| number.is_finite()) {
        Err(BackendError::Magnitude { side, row })
    } else {
        Err(BackendError::NotFinite { side, row })
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_MAGNITUDE, check_inputs, check_pairs};
    use crate::kernel::BackendError;
    use crate::model::{Embeddings, EmbeddingsView};

    fn view(data: &[f32], dim: usize) -> EmbeddingsView<'_> {
        EmbeddingsView::new(data, dim).expect("the test gives whole rows")
    }

    #[test]
    fn the_first_bad_row_is_named() {
        let good = [1.0; 6];
        for (bad, finite) in
            [(f32::NAN, false), (f32::NEG_INFINITY, false), (MAX_MAGNITUDE * 2.0, true)]
        {
            let rows = [0.0, 0.0, 0.0, bad, bad, 0.0];
            let (side, row) = ("documents", 1);
            let expected = if finite {
                BackendError::Magnitude { side, row }
            } else {
                BackendError::NotFinite { side, row }
            };
            assert_eq!(check_inputs(view(&good, 2), view(&rows, 2)), Err(expected));
        }
    }

    #[test]
    fn the_largest_magnitude_is_allowed() {
        let rows = [MAX_MAGNITUDE, -MAX_MAGNITUDE];
        assert_eq!(check_inputs(view(&rows, 2), view(&rows, 2)), Ok(()));
    }

    #[test]
    fn dims_are_compared_only_between_rows_that_exist() {
        let error = BackendError::Dim { queries: 2, documents: 3 };
        assert_eq!(check_inputs(view(&[0.0; 6], 2), view(&[0.0; 6], 3)), Err(error));
        let none = Embeddings::default();
        assert_eq!(check_inputs(view(&[0.0; 6], 2), none.view()), Ok(()));
    }

    #[test]
    fn a_pair_must_name_rows_that_exist() {
        let (queries, documents) = (view(&[0.0; 4], 2), view(&[0.0; 6], 2));
        assert_eq!(check_pairs(queries, documents, &[(1, 2)]), Ok(()));
        let error = BackendError::Row { pair: 1, side: "queries", row: 2, n_rows: 2 };
        assert_eq!(check_pairs(queries, documents, &[(0, 0), (2, 2)]), Err(error));
        let error = BackendError::Row { pair: 0, side: "documents", row: 3, n_rows: 3 };
        assert_eq!(check_pairs(queries, documents, &[(1, 3)]), Err(error));
    }
}

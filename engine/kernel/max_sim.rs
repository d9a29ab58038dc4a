//! The best passage of a document for each vector of a query, for listed pairs of records.
//!
//! The sum of these maxima is the late interaction of ColBERT (Khattab and Zaharia 2020, eq. 3);
//! what is made of them is the caller's business.

use bytemuck::{Pod, Zeroable};

use super::{BackendError, check_inputs, check_pairs_of, dot};
use crate::model::MultiVectorsView;

/// The best row of a document record for one row of a query record.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct BestRow {
    /// The greatest dot product; `0` where the document record has no rows.
    pub score: f32,
    /// Which row of the document record that is, counted from its first; the first on ties;
    /// [`NO_ROW`] where it has none.
    pub position: u32,
}

/// The position in a document record without rows.
pub const NO_ROW: u32 = u32::MAX;

impl BestRow {
    /// What a document record without rows gives.
    pub const NONE: Self = Self { score: 0.0, position: NO_ROW };

    /// Takes the other if its score is greater, or equal and it stands earlier.
    pub(crate) fn take(&mut self, other: Self) {
        let better = other.score > self.score
            || (other.score == self.score && other.position < self.position);
        if self.position == NO_ROW || better {
            *self = other;
        }
    }
}

/// Finds the best rows pair by pair: the reference of `shaders/max_sim.wgsl`.
///
/// `pairs` are (query record, document record). Returns, for each pair in order, one entry per row
/// of its query record in order; nothing for a query record without rows.
///
/// # Errors
/// As [`Backend::max_sim`](super::Backend::max_sim).
pub fn max_sim(
    queries: MultiVectorsView<'_>,
    documents: MultiVectorsView<'_>,
    pairs: &[(u32, u32)],
) -> Result<Vec<BestRow>, BackendError> {
    check_inputs(queries.rows(), documents.rows())?;
    check_pairs_of(queries.n_records(), documents.n_records(), pairs)?;
    let mut found = Vec::new();
    for &(query, document) in pairs {
        for row in queries.range(query as usize) {
            let mut best = BestRow::NONE;
            for (position, other) in (0..).zip(documents.range(document as usize)) {
                let score = dot(queries.rows().row(row), documents.rows().row(other));
                best.take(BestRow { score, position });
            }
            found.push(best);
        }
    }
    Ok(found)
}

/// How many query rows one workgroup of the kernel serves, each against one document record.
pub const JOBS_PER_WORKGROUP: u32 = 8;

/// One query row against consecutive document rows: `MaxSimJob` in `shaders/max_sim.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct MaxSimJob {
    /// Row of the query within the bound rows.
    pub query: u32,
    /// First row of the document record within the bound rows.
    pub first: u32,
    /// How many rows; at least 1.
    pub n_rows: u32,
}

/// The parameters of the kernel: `MaxSimParams` in `shaders/max_sim.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct MaxSimParams {
    /// Jobs of this dispatch.
    pub n_jobs: u32,
    /// Row length in groups of four numbers, padded with zeros.
    pub dim_vec4: u32,
    /// A uniform buffer is a multiple of sixteen bytes.
    pub padding0: u32,
    /// As `padding0`.
    pub padding1: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Embeddings, MultiVectors};

    fn table(rows: &[[f32; 2]], starts: &[u32]) -> MultiVectors {
        let rows = Embeddings::new(rows.concat(), 2).unwrap_or_default();
        MultiVectors::new(rows, starts.to_vec()).expect("starts fit")
    }

    #[test]
    fn every_query_row_gets_its_best_row_the_first_on_ties() {
        let queries = table(&[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], &[0, 2, 2, 3]);
        let documents = table(&[[1.0, 2.0], [3.0, 2.0], [3.0, -1.0]], &[0, 3, 3]);
        let best = |score, position| BestRow { score, position };
        let found = max_sim(queries.view(), documents.view(), &[(0, 0), (1, 0), (2, 0), (2, 1)]);
        // The second row has two documents of 2; a negative best is still the best.
        let expected = vec![best(3.0, 1), best(2.0, 0), best(-1.0, 0), BestRow::NONE];
        assert_eq!(found, Ok(expected));
    }

    #[test]
    fn a_pair_must_name_records_that_exist() {
        let one = table(&[[1.0, 0.0]], &[0, 1]);
        let error = BackendError::Row { pair: 0, side: "queries", row: 1, n_rows: 1 };
        assert_eq!(max_sim(one.view(), one.view(), &[(1, 0)]), Err(error));
        let error = BackendError::Row { pair: 1, side: "documents", row: 2, n_rows: 1 };
        assert_eq!(max_sim(one.view(), one.view(), &[(0, 0), (0, 2)]), Err(error));
    }
}

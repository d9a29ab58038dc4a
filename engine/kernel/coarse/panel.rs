//! Queries side by side, so that one vector register holds sixteen of them.

use super::rows::{CoarseRows, RowFacts, STEP, stride};
use super::tile::Tile;

/// Queries per vector.
pub(super) const LANES: usize = 16;

/// Up to `Tile::VECTORS` vectors of queries, packed for the kernels of one instruction set.
pub(super) struct Panel<T: Tile> {
    /// The first query.
    pub(super) first: usize,
    /// Vectors of sixteen; the lanes beyond the queries hold zeros.
    pub(super) n_vectors: usize,
    /// `[steps, n_vectors, 16, numbers of a step]`, as [`Tile`] wants them.
    pub(super) packed: Vec<T::Query>,
    /// One per query.
    pub(super) facts: Vec<RowFacts>,
}

/// Packs all queries.
pub(super) fn panels<T: Tile>(queries: &CoarseRows) -> Vec<Panel<T>> {
    let width = T::VECTORS * LANES;
    (0..queries.n_rows())
        .step_by(width)
        .map(|first| {
            let n_queries = width.min(queries.n_rows() - first);
            let n_vectors = n_queries.div_ceil(LANES);
            Panel {
                first,
                n_vectors,
                packed: pack::<T>(queries, first, n_queries, n_vectors),
                facts: queries.facts[first..first + n_queries].to_vec(),
            }
        })
        .collect()
}

fn pack<T: Tile>(
    queries: &CoarseRows,
    first: usize,
    n_queries: usize,
    n_vectors: usize,
) -> Vec<T::Query> {
    let stride = stride(queries.dim());
    let width = n_vectors * LANES;
    let mut packed = vec![T::query(0); stride * width];
    debug_assert_eq!(STEP % T::DEPTH, 0, "rows are whole steps of every kernel");
    for lane in 0..n_queries {
        let row = &queries.values[(first + lane) * stride..][..stride];
        for (step, numbers) in row.chunks_exact(T::DEPTH).enumerate() {
            let at = (step * width + lane) * T::DEPTH;
            for (to, &number) in packed[at..].iter_mut().zip(numbers) {
                *to = T::query(number);
            }
        }
    }
    packed
}

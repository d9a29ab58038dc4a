//! The best documents of each query: over all pairs, exactly.

use std::cmp::Ordering;

use super::{BackendError, Hit, check_inputs, dot};
use crate::model::EmbeddingsView;

/// Orders hits best first: score descending, then row ascending.
///
/// Total on what backends return: their scores are never NaN and never `-0`.
#[must_use]
pub fn best_first(a: &Hit, b: &Hit) -> Ordering {
    b.score.total_cmp(&a.score).then(a.document.cmp(&b.document))
}

/// Scores every document for one query after the other, sorts, and keeps `k`: the reference of
/// the `shaders/top_k_*.wgsl` kernels.
///
/// Returns `n_queries` lists of `min(k, n_documents)` hits, best first.
///
/// # Errors
/// As [`Backend::top_k`](super::Backend::top_k).
pub fn top_k(
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
    k: usize,
) -> Result<Vec<Vec<Hit>>, BackendError> {
    check_inputs(queries, documents)?;
    let best = |query: usize| {
        let mut hits: Vec<Hit> = (0u32..)
            .take(documents.n_rows())
            .map(|document| Hit {
                document,
                score: dot(queries.row(query), documents.row(document as usize)),
            })
            .collect();
        hits.sort_by(best_first);
        hits.truncate(k);
        hits
    };
    Ok((0..queries.n_rows()).map(best).collect())
}

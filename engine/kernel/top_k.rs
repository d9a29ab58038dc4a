//! The best documents of each query: over all pairs, exactly.

use std::cmp::Ordering;

use bytemuck::{Pod, Zeroable};

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

/// Rows of each side that one workgroup of `shaders/top_k_scores.wgsl` scores.
pub const TOP_K_TILE: u32 = 64;

/// Workgroup memory of `shaders/top_k_scores.wgsl` in bytes: two tiles of rows of five `vec4`s.
pub const TOP_K_WORKGROUP_BYTES: u32 = 2 * TOP_K_TILE * 5 * 16;

/// The parameters of both kernels: `TopKParams` in `shaders/shared/top_k.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct TopKParams {
    /// Queries of this dispatch.
    pub n_queries: u32,
    /// Row length in groups of sixteen bytes, padded with zeros.
    pub dim_vec4: u32,
    /// First row of the chunk within the bound documents.
    pub chunk_start: u32,
    /// One past its last row.
    pub chunk_end: u32,
    /// Which document the first bound row is.
    pub first_document: u32,
    /// How many to keep per query; at least 1.
    pub k: u32,
    /// Candidates per query; more than `k`, or all documents.
    pub capacity: u32,
    /// 1 for the first chunk of these queries, which must fit the capacity.
    pub first_chunk: u32,
    /// 1 where only allowed documents may be found; no chunk is then a first one.
    pub filtered: u32,
    /// A uniform buffer is a multiple of sixteen bytes.
    pub padding0: u32,
    /// As `padding0`.
    pub padding1: u32,
    /// As `padding0`.
    pub padding2: u32,
}

/// Where one query stands: `QueryState` in `shaders/shared/top_k.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct QueryState {
    /// Key of the k-th best score so far; 0 while fewer than `k` are known.
    pub threshold: u32,
    /// Candidates written, or tried to.
    pub count: u32,
    /// How many of them survived the last refinement.
    pub kept: u32,
    /// Documents before this one have been taken in.
    pub done: u32,
}

/// Turns a finite score into a number that orders the same way: `shaders/shared/order.wgsl`.
///
/// `-0` counts as `+0`. Every key is above 0.
#[must_use]
pub const fn score_key(score: f32) -> u32 {
    const SIGN: u32 = 1 << 31;
    match score.to_bits() {
        SIGN => SIGN,
        bits if bits & SIGN == 0 => bits | SIGN,
        bits => !bits,
    }
}

/// The score of a key.
#[must_use]
pub const fn key_score(key: u32) -> f32 {
    const SIGN: u32 = 1 << 31;
    f32::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
}

#[cfg(test)]
mod tests {
    use super::{key_score, score_key};

    #[test]
    fn keys_order_like_scores_and_turn_back() {
        let ascending =
            [f32::MIN, -1.5, -1.0, -f32::MIN_POSITIVE, -1e-45, 0.0, 1e-45, 0.5, 1.0, f32::MAX];
        assert!(ascending.is_sorted_by(|&a, &b| score_key(a) < score_key(b)));
        for score in ascending {
            assert_eq!(key_score(score_key(score)).to_bits(), score.to_bits());
        }
        assert!(score_key(f32::MIN) > 0);
        assert_eq!(score_key(-0.0), score_key(0.0));
    }
}

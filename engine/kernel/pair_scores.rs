//! Scores of listed pairs: one dot product each (sampled dense–dense product).

use bytemuck::{Pod, Zeroable};

use super::{BackendError, check_inputs, check_pairs, dot};
use crate::model::EmbeddingsView;

/// Scores each listed pair, one after the other: the reference of `shaders/pair_scores.wgsl`.
///
/// `pairs` are (query row, document row); one score per pair, in the same order.
///
/// # Errors
/// As [`Backend::score_pairs`](super::Backend::score_pairs).
pub fn pair_scores(
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
    pairs: &[(u32, u32)],
) -> Result<Vec<f32>, BackendError> {
    check_inputs(queries, documents)?;
    check_pairs(queries, documents, pairs)?;
    let score = |&(query, document): &(u32, u32)| {
        dot(queries.row(query as usize), documents.row(document as usize))
    };
    Ok(pairs.iter().map(score).collect())
}

/// How many pairs one workgroup of the kernel scores.
pub const PAIRS_PER_WORKGROUP: u32 = 4;

/// The parameters of the kernel: `PairParams` in `shaders/pair_scores.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct PairParams {
    /// Pairs of this dispatch.
    pub n_pairs: u32,
    /// Row length in groups of four numbers, padded with zeros.
    pub dim_vec4: u32,
    /// A uniform buffer is a multiple of sixteen bytes.
    pub padding0: u32,
    /// As `padding0`.
    pub padding1: u32,
}

//! Scores of a block of pairs with the vector instructions of this processor.
//!
//! One Rust body, compiled several times for wider registers. The order of additions is fixed by
//! `dot_block` and multiplication and addition stay separate, so all give the same bits.

use super::dot::dot_block;

/// Which vector registers are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instructions {
    /// What every processor of the architecture has: SSE2 or NEON.
    Baseline,
    /// 256-bit registers.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit registers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// The same, and sums of four products of 8-bit integers in one step.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

impl Instructions {
    /// All that this architecture may have, narrowest first.
    pub const ALL: &[Self] = &[
        Self::Baseline,
        #[cfg(target_arch = "x86_64")]
        Self::Avx2,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512,
        #[cfg(target_arch = "x86_64")]
        Self::Avx512Vnni,
    ];

    /// The widest that this processor has.
    #[must_use]
    pub fn widest() -> Self {
        let available = Self::ALL.iter().rev().copied().find(|it| it.is_available());
        available.unwrap_or(Self::Baseline)
    }

    /// Whether this processor has them.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vnni")
            }
        }
    }

    /// The name people know.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Baseline => "SSE2",
            #[cfg(target_arch = "aarch64")]
            Self::Baseline => "NEON",
            #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
            Self::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => "AVX-512 VNNI",
        }
    }

    /// Scores every query with every document, both `[n, dim]`, row-major, `dim` at least 1.
    ///
    /// `scores` is `[n_queries, n_documents]`, row-major. Falls back to the baseline where the
    /// processor lacks the instructions.
    pub(super) fn scores(self, queries: &[f32], documents: &[f32], dim: usize, scores: &mut [f32]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 if self.is_available() => {
                #[expect(unsafe_code, reason = "the guard proved that the processor has AVX2")]
                // SAFETY: the only requirement of the function is the instruction set.
                unsafe {
                    scores_avx2(queries, documents, dim, scores);
                }
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 | Self::Avx512Vnni if self.is_available() => {
                #[expect(unsafe_code, reason = "the guard proved that the processor has AVX-512F")]
                // SAFETY: the only requirement of the function is the instruction set.
                unsafe {
                    scores_avx512(queries, documents, dim, scores);
                }
            }
            _ => scores_tiled::<BASELINE_QUERIES, 2>(queries, documents, dim, scores),
        }
    }
}

/// The sums of a tile must fit the registers: sixteen of 128 bits on x86-64, twice as many
/// elsewhere, at four registers per sum.
const BASELINE_QUERIES: usize = if cfg!(target_arch = "x86_64") { 1 } else { 2 };

/// Sixteen registers of 256 bits, two per sum: 2 × 2 sums and their operands.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn scores_avx2(queries: &[f32], documents: &[f32], dim: usize, scores: &mut [f32]) {
    scores_tiled::<2, 2>(queries, documents, dim, scores);
}

/// Thirty-two registers of 512 bits, one per sum: 4 × 4 sums and their operands.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn scores_avx512(queries: &[f32], documents: &[f32], dim: usize, scores: &mut [f32]) {
    scores_tiled::<4, 4>(queries, documents, dim, scores);
}

/// Walks both sides in register tiles of `Q × D` rows; what is left over goes one by one.
#[inline(always)]
fn scores_tiled<const Q: usize, const D: usize>(
    queries: &[f32],
    documents: &[f32],
    dim: usize,
    scores: &mut [f32],
) {
    let n_documents = documents.len() / dim;
    let mut query_tiles = queries.chunks_exact(Q * dim);
    let mut score_tiles = scores.chunks_exact_mut(Q * n_documents.max(1));
    for (tile, scores) in query_tiles.by_ref().zip(score_tiles.by_ref()) {
        let rows: [&[f32]; Q] = std::array::from_fn(|q| &tile[q * dim..(q + 1) * dim]);
        score_rows::<Q, D>(rows, documents, dim, scores);
    }
    let rest = query_tiles.remainder().chunks_exact(dim);
    let rest_scores = score_tiles.into_remainder().chunks_exact_mut(n_documents.max(1));
    for (row, scores) in rest.zip(rest_scores) {
        score_rows::<1, D>([row], documents, dim, scores);
    }
}

#[inline(always)]
fn score_rows<const Q: usize, const D: usize>(
    queries: [&[f32]; Q],
    documents: &[f32],
    dim: usize,
    scores: &mut [f32],
) {
    let n_documents = documents.len() / dim;
    let mut tiles = documents.chunks_exact(D * dim);
    let mut first = 0;
    for tile in tiles.by_ref() {
        let rows: [&[f32]; D] = std::array::from_fn(|d| &tile[d * dim..(d + 1) * dim]);
        for (q, row) in dot_block::<Q, D>(queries, rows).into_iter().enumerate() {
            let at = q * n_documents + first;
            scores[at..at + D].copy_from_slice(&row);
        }
        first += D;
    }
    for row in tiles.remainder().chunks_exact(dim) {
        for (q, [score]) in dot_block::<Q, 1>(queries, [row]).into_iter().enumerate() {
            scores[q * n_documents + first] = score;
        }
        first += 1;
    }
}

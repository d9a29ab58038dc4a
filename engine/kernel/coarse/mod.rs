//! A coarse pass over all pairs in eight bits that cannot lose what an exact pass would find.
//!
//! Each row `x` is written as `s·q + r`: integers `q` from −127 to 127, a scale `s`, and a rest `r`
//! of known length. Integer dot products are exact, so by Cauchy and Schwarz
//!
//! `|⟨x, y⟩ − sₓ·s_y·⟨qₓ, q_y⟩| ≤ ‖rₓ‖·‖y‖ + (‖x‖ + ‖rₓ‖)·‖r_y‖`,
//!
//! and with the rounding of [`dot`](super::dot) added, a pair whose coarse score plus this bound is
//! not above the k-th best exact score so far cannot be among the k best. Every other pair is scored
//! with `dot` at once. The result has the bits of a pass in `f32`.

mod best;
mod block;
mod halves;
mod panel;
mod rows;
mod search;
mod tile;

pub use halves::CoarseHalves;
pub use rows::{CoarseRows, RowFacts};
pub(super) use search::{Search, search};

/// Longest row whose integer dot products fit 32 bits, offsets included: `2¹⁶ · 255 · 127 < 2³¹`.
pub(super) const MAX_DIM: usize = 1 << 16;

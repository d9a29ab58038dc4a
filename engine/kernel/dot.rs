//! The dot product in one fixed order.
//!
//! Sixteen lanes add up every sixteenth product, and a tree adds the lanes. Products and sums are
//! rounded separately (no fused multiply-add), so every processor, with any width of vector
//! registers, gives the same bits. The lanes also keep the rounding error near `dim / 16` steps.

/// How many partial sums are kept; a row is read as if padded with zeros to a multiple of it.
pub const LANES: usize = 16;

type Lanes = [f32; LANES];

/// Multiplies two rows of equal length and adds up the products in the fixed order.
///
/// Lane `l` adds the products of elements `l, l + 16, l + 32, …` from left to right, starting at
/// `+0`; then lane `l` takes lane `l + 8`, then `l + 4`, `l + 2`, `l + 1`. An empty row gives `0`.
/// The result is never `-0`. Where the lengths differ, the surplus of the longer row is ignored.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let dim = a.len().min(b.len());
    dot_block::<1, 1>([&a[..dim]], [&b[..dim]])[0][0]
}

/// Gives the dot product in `f64` and how far any `f32` summation of it may be off.
///
/// The bound is the textbook one for recursive summation in any order,
/// `(n·ε / (1 − n·ε)) · Σ|aᵢ·bᵢ|` with the unit roundoff `ε = 2⁻²⁴` (N. J. Higham, *Accuracy and
/// Stability of Numerical Algorithms*, 2nd ed., §3.1), with one step more than `n` for the
/// rounding of the oracle itself, and `n · 2⁻¹²⁶` for machines that flush subnormals to zero.
#[must_use]
pub fn dot_oracle(a: &[f32], b: &[f32]) -> (f64, f64) {
    let mut sum = 0.0;
    let mut magnitude = 0.0;
    let mut steps = 1.0;
    for (&x, &y) in a.iter().zip(b) {
        let product = f64::from(x) * f64::from(y);
        sum += product;
        magnitude += product.abs();
        steps += 1.0;
    }
    let rounding = steps * f64::from(f32::EPSILON) / 2.0;
    (sum, rounding / (1.0 - rounding) * magnitude + steps * f64::from(f32::MIN_POSITIVE))
}

/// Dot products of `Q` rows with `D` rows, each in the order of [`dot`].
///
/// All rows have the length of the first query. Inlined into callers compiled for wider vectors;
/// the `Q · D` sums are kept in registers.
#[inline(always)]
pub(super) fn dot_block<const Q: usize, const D: usize>(
    queries: [&[f32]; Q],
    documents: [&[f32]; D],
) -> [[f32; D]; Q] {
    let dim = queries[0].len();
    // Telling the compiler that the rows are equally long removes the bounds checks below.
    let queries: [&[f32]; Q] = std::array::from_fn(|q| &queries[q][..dim]);
    let documents: [&[f32]; D] = std::array::from_fn(|d| &documents[d][..dim]);
    let mut sums = [[[0.0f32; LANES]; D]; Q];
    let whole = dim - dim % LANES;
    let mut at = 0;
    while at < whole {
        add_products(&mut sums, queries.map(|row| load(row, at)), documents, at, load);
        at += LANES;
    }
    if whole < dim {
        add_products(&mut sums, queries.map(|row| load_tail(row, at)), documents, at, load_tail);
    }
    sums.map(|row| row.map(add_lanes))
}

#[inline(always)]
fn add_products<const Q: usize, const D: usize>(
    sums: &mut [[Lanes; D]; Q],
    queries: [Lanes; Q],
    documents: [&[f32]; D],
    at: usize,
    load: impl Fn(&[f32], usize) -> Lanes,
) {
    let documents = documents.map(|row| load(row, at));
    for (sums, query) in sums.iter_mut().zip(&queries) {
        for (sums, document) in sums.iter_mut().zip(&documents) {
            for lane in 0..LANES {
                sums[lane] += query[lane] * document[lane];
            }
        }
    }
}

#[inline(always)]
fn load(row: &[f32], at: usize) -> Lanes {
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&row[at..at + LANES]);
    lanes
}

/// The last, shorter piece of a row. Zeros add `+0` to sums that are never `-0`: no bit changes.
#[inline(always)]
fn load_tail(row: &[f32], at: usize) -> Lanes {
    let mut lanes = [0.0; LANES];
    let tail = &row[at..];
    lanes[..tail.len()].copy_from_slice(tail);
    lanes
}

#[inline(always)]
fn add_lanes(mut lanes: Lanes) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::{dot, dot_oracle};

    /// The order as the documentation words it, written without blocks.
    fn in_words(a: &[f32], b: &[f32]) -> f32 {
        let lane = |l: usize| {
            a.iter().zip(b).skip(l).step_by(16).fold(0.0f32, |sum, (x, y)| {
                let product = x * y;
                sum + product
            })
        };
        let mut lanes: Vec<f32> = (0..16).map(lane).collect();
        for width in [8, 4, 2, 1] {
            lanes = (0..width).map(|l| lanes[l] + lanes[l + width]).collect();
        }
        lanes[0]
    }

    proptest::proptest! {
        #[test]
        fn the_order_is_the_documented_one(
            pairs in proptest::collection::vec((-9.0f32..9.0, -9.0f32..9.0), 0..300)
        ) {
            let (a, b): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let score = dot(&a, &b);
            proptest::prop_assert_eq!(score.to_bits(), in_words(&a, &b).to_bits());
            let (exact, bound) = dot_oracle(&a, &b);
            proptest::prop_assert!((f64::from(score) - exact).abs() <= bound);
        }
    }

    #[test]
    fn empty_rows_and_negative_zeros_give_positive_zero() {
        assert_eq!(dot(&[], &[]).to_bits(), 0);
        assert_eq!(dot(&[-0.0; 17], &[1.0; 17]).to_bits(), 0);
    }

    #[test]
    fn the_surplus_of_a_longer_row_is_ignored() {
        assert_eq!(dot(&[1.0, 2.0], &[3.0, 4.0, 5.0]), 11.0);
    }
}

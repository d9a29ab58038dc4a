//! Rows in 16-bit floats, with how far they are from the original.

use half::f16;
use rayon::prelude::*;

use super::rows::{RowFacts, upper};
use crate::kernel::{BackendError, check_numbers};
use crate::model::EmbeddingsView;

/// The largest number of a row is brought to between `2¹⁴` and `2¹⁵`: within the range of 16-bit
/// floats, and so high that the steps among the smallest ones do not matter.
const EXPONENT: i32 = 14;

/// Rows in 16-bit floats, for devices that multiply them or are short of memory: half of the originals.
///
/// As [`CoarseRows`](super::CoarseRows); scales are powers of two, so that only rounding to eleven
/// bits is lost. Products are expected to be added in `f32`, in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CoarseHalves {
    values: Vec<f16>,
    facts: Vec<RowFacts>,
    dim: usize,
}

impl CoarseHalves {
    /// Makes the coarse form of rows.
    ///
    /// # Errors
    /// [`BackendError::NotFinite`] and [`BackendError::Magnitude`] for numbers that no backend takes,
    /// told as of `documents`.
    pub fn new(rows: EmbeddingsView<'_>) -> Result<Self, BackendError> {
        check_numbers("documents", rows)?;
        let dim = rows.dim();
        let mut values = vec![f16::ZERO; rows.data().len()];
        let facts = rows
            .data()
            .par_chunks_exact(dim.max(1))
            .zip(values.par_chunks_exact_mut(dim.max(1)))
            .with_min_len(64)
            .map(|(row, values)| halve(row, values))
            .collect();
        Ok(Self { values, facts, dim })
    }

    /// The numbers of a row.
    ///
    /// # Panics
    /// When `row` is beyond the table.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f16] {
        &self.values[row * self.dim..(row + 1) * self.dim]
    }

    /// What is known of each row.
    #[must_use]
    pub fn facts(&self) -> &[RowFacts] {
        &self.facts
    }
}

/// Writes a row of allowed numbers as 16-bit floats of the same length.
fn halve(row: &[f32], values: &mut [f16]) -> RowFacts {
    let magnitude = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let n = row.len() as f64;
    if magnitude < f32::MIN_POSITIVE {
        // Subnormal numbers, which a device may take for zero, count as rest alone.
        values.fill(f16::ZERO);
        let norm = upper(f64::from(magnitude) * n.sqrt());
        return RowFacts { scale: 1.0, norm, error: upper(2.0 * f64::from(norm)), sum: 0 };
    }
    // The biased exponent of a normal number, and the power of two with the one that is wanted.
    let exponent = (magnitude.to_bits() >> 23).cast_signed() - 127 - EXPONENT;
    let scale = 2f64.powi(exponent);
    let (mut squares, mut rests) = (0.0, 0.0);
    for (value, &x) in values.iter_mut().zip(row) {
        let x = f64::from(x);
        *value = f16::from_f64(x / scale);
        let rest = x - scale * value.to_f64();
        squares += x * x;
        rests += rest * rest;
    }
    // On the way to a score a device rounds every product and every sum once, in any order, and
    // multiplies by the scale; the exact score is rounded less often. Small numbers may count as zero.
    let relative = (n + 32.0) * f64::from(f32::EPSILON);
    let (norm, rest) = (f64::sqrt(squares), f64::sqrt(rests));
    // A scale below the normal numbers would be lost on a device; rows that small are below
    // everything that scores are compared with, so their whole length counts as rest.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a power of two in the range of f32, or zero"
    )]
    let scale = scale as f32;
    if scale < f32::MIN_POSITIVE {
        values.fill(f16::ZERO);
        return RowFacts { scale: 1.0, norm: upper(norm), error: upper(2.0 * norm), sum: 0 };
    }
    RowFacts {
        scale,
        norm: upper(norm * (1.0 + relative)),
        error: upper(rest * (1.0 + relative) + relative * (norm + rest)),
        sum: 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::CoarseHalves;
    use crate::model::Embeddings;

    proptest! {
        #[test]
        fn a_row_is_as_near_as_it_says(
            row in prop::collection::vec(-1.0f32..1.0, 1..90),
            exponent in -149i32..50,
        ) {
            let row: Vec<f32> = row.iter().map(|x| x * 2f32.powi(exponent)).collect();
            let dim = row.len();
            let rows = Embeddings::new(row.clone(), dim).expect("one row");
            let coarse = CoarseHalves::new(rows.view()).expect("allowed numbers");
            let facts = coarse.facts()[0];
            let length = |numbers: &mut dyn Iterator<Item = f64>| {
                numbers.map(|x| x * x).sum::<f64>().sqrt()
            };
            let norm = length(&mut row.iter().map(|&x| f64::from(x)));
            let rest = length(&mut row.iter().zip(coarse.row(0)).map(|(&x, half)| {
                f64::from(x) - f64::from(facts.scale) * half.to_f64()
            }));
            prop_assert!(norm <= f64::from(facts.norm), "{norm} {facts:?}");
            prop_assert!(rest <= f64::from(facts.error), "{rest} {facts:?}");
            // Of use as well: half a unit of eleven bits, and the rounding of a device.
            if exponent > -90 {
                prop_assert!(f64::from(facts.error) <= norm * 7e-4, "{norm} {facts:?}");
            }
        }
    }
}

//! Rows in eight bits, with how far they are from the original.

use rayon::prelude::*;

use super::MAX_DIM;
use crate::kernel::{BackendError, Instructions, MAX_MAGNITUDE, check_numbers};
use crate::model::EmbeddingsView;

/// Numbers per row are padded with zeros to a multiple of this: one step of the kernels.
pub(super) const STEP: usize = 4;

/// Numbers taken at a time: the widest vector registers.
const LANES: usize = 16;

/// Rows whose largest number is smaller count as rest alone: their scale might not be a normal number.
const LEAST_MAGNITUDE: f32 = 1.0 / (1u128 << 100) as f32;

/// `1.5 · 2²³`: adding it rounds a number below `2²²` to an integer, ties to even, which then stands
/// in the low bits.
const ROUNDER: f32 = 12_582_912.0;

/// Rows in eight bits: a quarter of the originals, and sixteen bytes per row.
///
/// What is kept of row `x`: integers `q` and a scale `s` with `x = s·q + r`, an upper bound of `‖x‖`,
/// and one of `‖r‖` and of all rounding on the way. Bounds hold for rows up to [`MAX_MAGNITUDE`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CoarseRows {
    pub(super) values: Vec<i8>,
    pub(super) facts: Vec<RowFacts>,
    dim: usize,
}

/// What is known of one row beside its coarse numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowFacts {
    /// What a coarse number of 1 is worth.
    pub scale: f32,
    /// At least `‖x‖`.
    pub norm: f32,
    /// At least `‖r‖ + ρ·(‖x‖ + ‖r‖)`, where `ρ` is the relative error of all arithmetic on scores:
    /// `dim/16 + 6` roundings of the exact score (see [`dot`](crate::kernel::dot)) and two of the
    /// coarse one, each at most `2⁻²⁴`, counted generously.
    pub error: f32,
    /// The sum of the integers; 0 where the coarse numbers are none.
    pub sum: i32,
}

impl RowFacts {
    /// How far the coarse score of this row with one of `dim` numbers may be from the exact one, where
    /// `norm` and `error` are the other row's or greater: the bound of the module, and what products
    /// may lose that are too small for a normal number.
    #[inline(always)]
    #[must_use]
    pub fn bound(&self, norm: f32, error: f32, dim: usize) -> f64 {
        let own = f64::from(self.error);
        let tiny = dim as f64 * f64::from(f32::MIN_POSITIVE);
        own * f64::from(norm) + (f64::from(self.norm) + own) * f64::from(error) + tiny
    }
}

impl CoarseRows {
    /// Makes the coarse form of rows.
    ///
    /// # Errors
    /// [`BackendError::NotFinite`] and [`BackendError::Magnitude`] for numbers that no backend takes,
    /// told as of `documents`; [`BackendError::Limit`] for rows of more than 2¹⁶ numbers.
    pub fn new(rows: EmbeddingsView<'_>) -> Result<Self, BackendError> {
        check_dim(rows.dim())?;
        let dim = rows.dim();
        let stride = stride(dim);
        let mut values = vec![0; rows.n_rows() * stride];
        let mut facts = vec![RowFacts::default(); rows.n_rows()];
        // Enough rows that handing them to a thread costs nothing beside them.
        const ROWS_PER_TASK: usize = 256;
        let widest = Instructions::widest();
        let good = rows
            .data()
            .par_chunks(ROWS_PER_TASK * dim.max(1))
            .zip(values.par_chunks_mut(ROWS_PER_TASK * stride.max(1)))
            .zip(facts.par_chunks_mut(ROWS_PER_TASK))
            .map(|((rows, values), facts)| quantise_all(rows, dim, values, facts, widest))
            .reduce(|| true, |a, b| a & b);
        if !good {
            check_numbers("documents", rows)?;
        }
        Ok(Self { values, facts, dim })
    }

    /// How many rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.facts.len()
    }

    /// Numbers per row.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.dim
    }

    /// The integers of a row, and up to three zeros.
    ///
    /// # Panics
    /// When `row` is not below [`n_rows`](Self::n_rows).
    #[must_use]
    pub fn row(&self, row: usize) -> &[i8] {
        let stride = stride(self.dim);
        &self.values[row * stride..(row + 1) * stride]
    }

    /// What is known of each row.
    #[must_use]
    pub fn facts(&self) -> &[RowFacts] {
        &self.facts
    }

    /// Bytes that these rows take in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.values.len() + size_of_val(self.facts.as_slice())
    }

    pub(super) fn clear(&mut self, dim: usize) {
        self.values.clear();
        self.facts.clear();
        self.dim = dim;
    }

    /// Appends a row of `dim` numbers; `None`, and nothing is appended, for one that no backend takes.
    #[inline(always)]
    pub(super) fn push(&mut self, row: &[f32]) -> Option<()> {
        let at = self.values.len();
        self.values.resize(at + stride(self.dim), 0);
        let Some(facts) = quantise(row, &mut self.values[at..]) else {
            self.values.truncate(at);
            return None;
        };
        self.facts.push(facts);
        Some(())
    }

    /// Appends a row of another table of the same `dim`.
    pub(super) fn push_from(&mut self, other: &Self, row: usize) {
        let stride = stride(self.dim);
        self.values.extend_from_slice(&other.values[row * stride..(row + 1) * stride]);
        self.facts.push(other.facts[row]);
    }
}

/// Refuses rows whose integer dot products might not fit 32 bits.
fn check_dim(dim: usize) -> Result<(), BackendError> {
    if dim > MAX_DIM {
        let (needed, allowed) = (dim as u64, MAX_DIM as u64);
        return Err(BackendError::Limit { what: "a row in eight bits", needed, allowed });
    }
    Ok(())
}

/// Quantises rows with the widest registers there are; `false` where a number was refused.
fn quantise_all(
    rows: &[f32],
    dim: usize,
    values: &mut [i8],
    facts: &mut [RowFacts],
    widest: Instructions,
) -> bool {
    match widest {
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512Vnni if widest.is_available() => {
            #[expect(unsafe_code, reason = "the guard proved that the processor has AVX-512")]
            // SAFETY: the only requirement of the function is the instruction set.
            unsafe {
                quantise_avx512(rows, dim, values, facts)
            }
        }
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 if Instructions::Avx2.is_available() => {
            #[expect(unsafe_code, reason = "the guard proved that the processor has AVX2")]
            // SAFETY: the only requirement of the function is the instruction set.
            unsafe {
                quantise_avx2(rows, dim, values, facts)
            }
        }
        _ => quantise_rows(rows, dim, values, facts),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
fn quantise_avx512(rows: &[f32], dim: usize, values: &mut [i8], facts: &mut [RowFacts]) -> bool {
    quantise_rows(rows, dim, values, facts)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn quantise_avx2(rows: &[f32], dim: usize, values: &mut [i8], facts: &mut [RowFacts]) -> bool {
    quantise_rows(rows, dim, values, facts)
}

#[inline(always)]
fn quantise_rows(rows: &[f32], dim: usize, values: &mut [i8], facts: &mut [RowFacts]) -> bool {
    let rows = rows.chunks_exact(dim.max(1));
    let mut good = true;
    for ((row, values), facts) in rows.zip(values.chunks_exact_mut(stride(dim).max(1))).zip(facts) {
        match quantise(row, values) {
            Some(told) => *facts = told,
            None => good = false,
        }
    }
    good
}

/// Integers per row, padding included.
pub(super) const fn stride(dim: usize) -> usize {
    dim.next_multiple_of(STEP)
}

/// Writes a row as integers into `values`, which is as long as the row or up to three longer and
/// holds zeros there. `None` for a row with a number that no backend takes.
#[inline(always)]
pub(super) fn quantise(row: &[f32], values: &mut [i8]) -> Option<RowFacts> {
    let magnitude = largest(row);
    // NaN and infinity have greater bits than every number.
    if magnitude.to_bits() > MAX_MAGNITUDE.to_bits() {
        return None;
    }
    let n = row.len() as f64;
    if magnitude < LEAST_MAGNITUDE {
        values.fill(0);
        let norm = upper(f64::from(magnitude) * n.sqrt());
        // A scale of one: all integers are zero, and nothing may be divided by it.
        return Some(RowFacts { scale: 1.0, norm, error: upper(2.0 * f64::from(norm)), sum: 0 });
    }
    let per_step = 127.0 / magnitude;
    let mut tally = Tally::default();
    let mut chunks = row.chunks_exact(LANES);
    let mut to = values.chunks_exact_mut(LANES);
    for (chunk, to) in chunks.by_ref().zip(to.by_ref()) {
        let mut numbers = [0.0; LANES];
        numbers.copy_from_slice(chunk);
        to.copy_from_slice(&tally.take(numbers, per_step));
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut numbers = [0.0; LANES];
        numbers[..rest.len()].copy_from_slice(rest);
        let integers = tally.take(numbers, per_step);
        // The row's length and the padded one may lie on two sides of a multiple of the lanes.
        let at = row.len() - rest.len();
        values[at..row.len()].copy_from_slice(&integers[..rest.len()]);
    }
    Some(tally.facts(magnitude / 127.0, row.len()))
}

/// The largest magnitude, or something with greater bits than any finite number.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let magnitude = |x: f32| x.to_bits() & (u32::MAX >> 1);
    let mut lanes = [0; LANES];
    let mut chunks = row.chunks_exact(LANES);
    for chunk in chunks.by_ref() {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = magnitude(x).max(*lane);
        }
    }
    for &x in chunks.remainder() {
        lanes[0] = magnitude(x).max(lanes[0]);
    }
    f32::from_bits(lanes.into_iter().fold(0, u32::max))
}

/// Sums over a row, in units of its scale.
#[derive(Default)]
struct Tally {
    squares: [f32; LANES],
    rests: [f32; LANES],
    sums: [i32; LANES],
}

impl Tally {
    #[inline(always)]
    fn take(&mut self, numbers: [f32; LANES], per_step: f32) -> [i8; LANES] {
        let mut integers = [0; LANES];
        for lane in 0..LANES {
            let steps = numbers[lane] * per_step;
            let shifted = steps + ROUNDER;
            // A difference that `f32` holds: both lie within half a step of each other.
            let rest = steps - (shifted - ROUNDER);
            let integer = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()).cast_signed();
            self.squares[lane] += steps * steps;
            self.rests[lane] += rest * rest;
            self.sums[lane] += integer;
            #[expect(clippy::cast_possible_truncation, reason = "at most 127 in magnitude")]
            {
                integers[lane] = integer as i8;
            }
        }
        integers
    }

    /// Steps were rounded twice and the scale once more, each by `2⁻²⁴` of the number: together they
    /// are off by less than `2⁻²²` of it. Sums of squares were rounded at most `dim/16 + 6` times.
    #[inline(always)]
    fn facts(self, scale: f32, dim: usize) -> RowFacts {
        let roundings = dim as f64 / LANES as f64 + 16.0;
        let relative = roundings * f64::from(f32::EPSILON / 2.0) * 1.01;
        let total = |lanes: [f32; LANES]| lanes.into_iter().map(f64::from).sum::<f64>();
        let length = (total(self.squares) * (1.0 + relative)).sqrt();
        let rest = (total(self.rests) * (1.0 + relative)).sqrt() + length / f64::from(1 << 21);
        let norm = f64::from(scale) * length * (1.0 + 1.0 / f64::from(1 << 21));
        let rest = f64::from(scale) * rest;
        RowFacts {
            scale,
            norm: upper(norm),
            error: upper(rest + relative * (norm + rest)),
            sum: self.sums.into_iter().sum(),
        }
    }
}

/// An `f32` that is not below a number.
#[inline(always)]
pub(super) fn upper(number: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and then taken one higher")]
    let near = number as f32;
    near.next_up()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CoarseRows, RowFacts, quantise, stride};
    use crate::kernel::{BackendError, MAX_MAGNITUDE};
    use crate::model::{Embeddings, EmbeddingsView};

    /// Numbers of every magnitude that is allowed, zeros and subnormal ones among them.
    fn number() -> impl Strategy<Value = f32> {
        prop_oneof![
            4 => -1.0f32..1.0,
            1 => Just(0.0),
            1 => (-60i32..50, -1.0f32..1.0).prop_map(|(e, x)| x * 2f32.powi(e)),
            1 => (-149i32..-90, -1.0f32..1.0).prop_map(|(e, x)| x * 2f32.powi(e)),
        ]
    }

    fn coarse(row: &[f32]) -> (Vec<i8>, RowFacts) {
        let mut values = vec![0; stride(row.len())];
        let facts = quantise(row, &mut values).expect("allowed numbers");
        (values, facts)
    }

    proptest! {
        #[test]
        fn a_row_is_as_near_as_it_says(row in prop::collection::vec(number(), 1..90)) {
            let (values, facts) = coarse(&row);
            let length = |numbers: &mut dyn Iterator<Item = f64>| {
                numbers.map(|x| x * x).sum::<f64>().sqrt()
            };
            let norm = length(&mut row.iter().map(|&x| f64::from(x)));
            let rest = length(&mut row.iter().zip(&values).map(|(&x, &q)| {
                f64::from(x) - f64::from(facts.scale) * f64::from(q)
            }));
            prop_assert!(norm <= f64::from(facts.norm), "{norm} {facts:?}");
            prop_assert!(rest <= f64::from(facts.error), "{rest} {facts:?}");
            prop_assert_eq!(facts.sum, values.iter().map(|&q| i32::from(q)).sum::<i32>());
            prop_assert!(values.iter().all(|&q| q != i8::MIN));
            prop_assert!(values[row.len()..].iter().all(|&q| q == 0));
            // Not only true but of use: half a step per number, and little more.
            let most = f64::from(facts.scale) * 0.5 * (row.len() as f64).sqrt();
            prop_assert!(f64::from(facts.error) <= 1.01 * most + 1e-4 * norm + 1e-25);
        }
    }

    #[test]
    fn a_row_that_no_backend_takes_is_named() {
        let data = [1.0, 2.0, 3.0, f32::NAN, 5.0, f32::INFINITY];
        let rows = |data| CoarseRows::new(EmbeddingsView::new(data, 2).expect("whole rows"));
        let error = BackendError::NotFinite { side: "documents", row: 1 };
        assert_eq!(rows(&data), Err(error));
        let error = BackendError::Magnitude { side: "documents", row: 0 };
        assert_eq!(rows(&[0.0, -2.0 * MAX_MAGNITUDE]), Err(error));
        assert!(rows(&[MAX_MAGNITUDE, 0.0]).is_ok());
    }

    #[test]
    fn a_table_takes_a_quarter_and_sixteen_bytes_per_row() {
        let rows = Embeddings::new(vec![0.5; 3 * 514], 514).expect("whole rows");
        let coarse = CoarseRows::new(rows.view()).expect("allowed numbers");
        assert_eq!((coarse.n_rows(), coarse.dim(), coarse.bytes()), (3, 514, 3 * (516 + 16)));
    }
}

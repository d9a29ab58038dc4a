//! The passes between the matrix products, on rows of `f32`.
//!
//! Plain loops over fixed lanes, compiled for the widest registers of this processor at the time
//! of the call. Multiplication and addition stay separate and the order of additions is fixed, so
//! the bits do not depend on the register width.

use pulp::Arch;

use super::settings::Activation;

/// Partial sums of a reduction; wide enough for the widest registers (512 bits).
const LANES: usize = 16;

/// Query positions see the keys up to themselves only, counted within their sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Causal {
    /// Position of the first query row.
    pub(super) first: usize,
}

/// Adds `bias` (`[dim]`) to each row of `values` (`[rows, dim]`).
pub(super) fn add_bias(values: &mut [f32], bias: &[f32]) {
    Arch::new().dispatch(|| {
        for row in values.chunks_exact_mut(bias.len()) {
            for (value, bias) in row.iter_mut().zip(bias) {
                *value += bias;
            }
        }
    });
}

/// Adds `bias` to each row and applies `activation` to every number.
pub(super) fn bias_activation(values: &mut [f32], bias: &[f32], activation: Activation) {
    let arch = Arch::new();
    match activation {
        Activation::Gelu => arch.dispatch(|| map_biased(values, bias, gelu)),
        Activation::GeluTanh => arch.dispatch(|| map_biased(values, bias, gelu_tanh)),
        Activation::Relu => arch.dispatch(|| map_biased(values, bias, |x| x.max(0.0))),
        Activation::Silu => arch.dispatch(|| map_biased(values, bias, silu)),
    }
}

#[inline(always)]
fn map_biased(values: &mut [f32], bias: &[f32], map: impl Fn(f32) -> f32) {
    for row in values.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            *value = map(*value + bias);
        }
    }
}

/// `silu(gate) · up` for rows that hold the gate and then the value to be gated, `[rows, 2·dim]`;
/// gives `[rows, dim]` (Shazeer, "GLU Variants Improve Transformer", 2020: SwiGLU).
pub(super) fn swiglu(gate_up: &[f32], dim: usize) -> Vec<f32> {
    let mut out = vec![0.0; gate_up.len() / 2];
    Arch::new().dispatch(|| {
        for (row, pair) in out.chunks_exact_mut(dim).zip(gate_up.chunks_exact(2 * dim)) {
            let (gate, up) = pair.split_at(dim);
            for ((value, gate), up) in row.iter_mut().zip(gate).zip(up) {
                *value = silu(*gate) * up;
            }
        }
    });
    out
}

/// Layer normalisation with learned `scale` and `shift` (`[dim]`); the variance is the biased one.
#[derive(Debug, Clone)]
pub(super) struct LayerNorm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) epsilon: f32,
}

impl LayerNorm {
    /// Normalises each row in place.
    pub(super) fn apply(&self, values: &mut [f32]) {
        Arch::new().dispatch(|| {
            for row in values.chunks_exact_mut(self.scale.len()) {
                self.normalise(row);
            }
        });
    }

    /// `values ← norm(values + bias + residual)`, row by row; `residual` is shaped as `values`.
    pub(super) fn add_and_apply(&self, values: &mut [f32], bias: &[f32], residual: &[f32]) {
        let dim = self.scale.len();
        Arch::new().dispatch(|| {
            for (row, residual) in values.chunks_exact_mut(dim).zip(residual.chunks_exact(dim)) {
                for ((value, bias), residual) in row.iter_mut().zip(bias).zip(residual) {
                    *value = (*value + bias) + residual;
                }
                self.normalise(row);
            }
        });
    }

    #[inline(always)]
    fn normalise(&self, row: &mut [f32]) {
        let inverse = 1.0 / length(row);
        let mean = sum(row, |value| value) * inverse;
        let variance = sum(row, |value| (value - mean) * (value - mean)) * inverse;
        let factor = 1.0 / (variance + self.epsilon).sqrt();
        for ((value, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
            *value = (*value - mean) * factor * scale + shift;
        }
    }
}

/// Normalisation by the root mean square with a learned `scale` (Zhang and Sennrich, 2019).
#[derive(Debug, Clone)]
pub(super) struct RmsNorm {
    pub(super) scale: Vec<f32>,
    pub(super) epsilon: f32,
}

impl RmsNorm {
    /// Normalises each row in place.
    pub(super) fn apply(&self, values: &mut [f32]) {
        Arch::new().dispatch(|| {
            for row in values.chunks_exact_mut(self.scale.len()) {
                self.normalise(row);
            }
        });
    }

    #[inline(always)]
    fn normalise(&self, row: &mut [f32]) {
        let square = sum(row, |value| value * value) / length(row);
        let factor = 1.0 / (square + self.epsilon).sqrt();
        for (value, scale) in row.iter_mut().zip(&self.scale) {
            *value = *value * factor * scale;
        }
    }
}

/// Rotary position embedding (Su et al., "RoFormer", 2021), halves layout: number `i` of a head is
/// rotated with number `i + dim / 2`.
#[derive(Debug, Clone)]
pub(super) struct Rotary {
    /// Angle per position of each pair, `[dim / 2]`: `theta^(-2i / dim)`.
    frequencies: Vec<f64>,
}

impl Rotary {
    /// For heads of `dim` numbers and the base `theta`.
    pub(super) fn new(dim: usize, theta: f64) -> Self {
        let exponent = |pair: usize| -((2 * pair) as f64) / dim as f64;
        Self { frequencies: (0..dim / 2).map(|pair| theta.powf(exponent(pair))).collect() }
    }

    /// Cosines and sines of `position`, `[dim / 2]` each. Angles are taken in `f64`: in `f32` they
    /// lose whole digits at far positions.
    pub(super) fn angles(&self, position: usize) -> (Vec<f32>, Vec<f32>) {
        #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the result")]
        let pair = |frequency: &f64| {
            let angle = position as f64 * frequency;
            (angle.cos() as f32, angle.sin() as f32)
        };
        self.frequencies.iter().map(pair).unzip()
    }

    /// Normalises each head of `heads` (`[n, dim]`) and rotates it by the angles of one position.
    pub(super) fn normalise_and_rotate(
        heads: &mut [f32],
        norm: &RmsNorm,
        (cosines, sines): (&[f32], &[f32]),
    ) {
        let dim = norm.scale.len();
        Arch::new().dispatch(|| {
            for head in heads.chunks_exact_mut(dim) {
                norm.normalise(head);
                let (low, high) = head.split_at_mut(dim / 2);
                for (((low, high), cosine), sine) in
                    low.iter_mut().zip(high).zip(cosines).zip(sines)
                {
                    let (x, y) = (*low, *high);
                    *low = x * cosine - y * sine;
                    *high = y * cosine + x * sine;
                }
            }
        });
    }
}

/// Softmax over each row of `scores` (`[heads, rows, keys]`), after multiplying by `factor`.
///
/// With `causal`, row `r` sees the keys up to `first + r`; later ones get weight 0.
pub(super) fn softmax(
    scores: &mut [f32],
    rows: usize,
    keys: usize,
    factor: f32,
    causal: Option<Causal>,
) {
    Arch::new().dispatch(|| {
        for head in scores.chunks_exact_mut(rows * keys) {
            for (r, row) in head.chunks_exact_mut(keys).enumerate() {
                let seen = causal.map_or(keys, |causal| (causal.first + r + 1).min(keys));
                let (row, hidden) = row.split_at_mut(seen);
                hidden.fill(0.0);
                let top = maximum(row) * factor;
                for value in row.iter_mut() {
                    *value = exp(*value * factor - top);
                }
                let inverse = 1.0 / sum(row, |value| value);
                for value in row {
                    *value *= inverse;
                }
            }
        }
    });
}

/// Sum of `map` over `row`: sixteen partial sums, then pairwise.
#[inline(always)]
fn sum(row: &[f32], map: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let mut blocks = row.chunks_exact(LANES);
    for block in blocks.by_ref() {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += map(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(blocks.remainder()) {
        *lane += map(*value);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn maximum(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let larger = |old: f32, new: f32| if new > old { new } else { old };
    let mut blocks = row.chunks_exact(LANES);
    for block in blocks.by_ref() {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = larger(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(blocks.remainder()) {
        *lane = larger(*lane, *value);
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, larger)
}

#[inline(always)]
fn length(row: &[f32]) -> f32 {
    row.len() as f32
}

/// `e^x` within 2·10⁻⁷ of its value for `x` in -87..88, and the value at the nearer end beyond.
///
/// `x = n·ln 2 + r`; `e^r` by its Taylor series to the seventh power, which leaves 10⁻⁸ for
/// |r| ≤ 0.35; `2^n` by writing the exponent. No call, so that loops over it use wide registers.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding and subtracting 1.5 · 2²³ rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts: the first has few digits, so that n times it is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Written as comparisons: `clamp` would have to look at NaN first.
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut series = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + coefficient;
    }
    // The low bits of the shifted number are n in two's complement.
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    series * power
}

/// `x · Φ(x)` with the normal distribution function Φ (Hendrycks and Gimpel, 2016), by the error
/// function of Abramowitz and Stegun 7.1.26, which is within 1.5·10⁻⁷.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut series = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        series = series * t + coefficient;
    }
    // Half of erfc(z): what is missing to 1 on the side of the sign.
    let tail = 0.5 * series * t * exp(-z * z);
    if x > 0.0 { x - x * tail } else { x * tail }
}

/// The approximation of GELU by a hyperbolic tangent, as `gelu_new` and `gelu_pytorch_tanh` ask.
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    // √(2/π)
    const SCALE: f32 = 0.797_884_6;
    let inner = SCALE * (x + 0.044_715 * x * x * x);
    // (1 + tanh y) / 2 is the logistic function of 2y.
    x * logistic(2.0 * inner)
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    x * logistic(x)
}

#[inline(always)]
fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// erf by its Maclaurin series in `f64`, which converges everywhere; fine for |x| < 6.
    fn erf(x: f64) -> f64 {
        let (mut term, mut total) = (x, x);
        for n in 1..200 {
            let n = f64::from(n);
            term *= -x * x / n;
            total += term / (2.0 * n + 1.0);
        }
        total * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn exp_is_close_everywhere() {
        for step in -8700..=8800 {
            let x = step as f32 / 100.0;
            let (got, wanted) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((got / wanted - 1.0).abs() < 2e-7, "{x}: {got} against {wanted}");
        }
        assert!(exp(-1e30) < 1e-37 && exp(1e30).is_finite());
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn activations_are_close_to_their_definitions() {
        for step in -550..=550 {
            let x = f64::from(step) / 100.0;
            let y = step as f32 / 100.0;
            let phi = 0.5 * (1.0 + erf(x / std::f64::consts::SQRT_2));
            assert!((f64::from(gelu(y)) - x * phi).abs() < 1e-6, "gelu {x}");
            let tanh = (0.797_884_560_802_865 * (x + 0.044_715 * x.powi(3))).tanh();
            let wanted = 0.5 * x * (1.0 + tanh);
            assert!((f64::from(gelu_tanh(y)) - wanted).abs() < 1e-6, "gelu_tanh {x}");
            let wanted = x / (1.0 + (-x).exp());
            assert!((f64::from(silu(y)) - wanted).abs() < 1e-6, "silu {x}");
        }
        assert!(gelu(-40.0).abs() < 1e-30);
        assert_eq!(gelu(40.0), 40.0);
    }

    #[test]
    fn layer_norm_by_hand() {
        let norm = LayerNorm { scale: vec![1.0, 2.0], shift: vec![0.0, 1.0], epsilon: 0.0 };
        // Mean 2, deviation 1: -1 and 1, then scaled and shifted.
        let mut rows = vec![1.0, 3.0, 5.0, 3.0];
        norm.apply(&mut rows);
        assert_eq!(rows, [-1.0, 3.0, 1.0, -1.0]);
        let mut rows = vec![0.5, 1.0];
        norm.add_and_apply(&mut rows, &[0.25, 0.5], &[0.25, 1.5]);
        assert_eq!(rows, [-1.0, 3.0]);
    }

    #[test]
    fn rms_norm_by_hand() {
        let norm = RmsNorm { scale: vec![1.0, 0.5], epsilon: 0.0 };
        let mut rows = vec![1.0, 7.0];
        norm.apply(&mut rows);
        assert_eq!(rows, [0.2, 0.7]);
    }

    #[test]
    fn rotation_keeps_length_and_turns_by_the_position() {
        let rotary = Rotary::new(4, 10_000.0);
        let norm = RmsNorm { scale: vec![1.0; 4], epsilon: 0.0 };
        let (cosines, sines) = rotary.angles(3);
        assert_eq!((cosines.len(), sines.len()), (2, 2));
        let mut head = vec![1.0, 1.0, 1.0, -1.0];
        Rotary::normalise_and_rotate(&mut head, &norm, (&cosines, &sines));
        // Pair 0 turns by 3, pair 1 by 3 · 10000^(-1/2) = 0.03.
        let wanted = [
            3.0_f64.cos() - 3.0_f64.sin(),
            0.03_f64.cos() + 0.03_f64.sin(),
            3.0_f64.cos() + 3.0_f64.sin(),
            0.03_f64.sin() - 0.03_f64.cos(),
        ];
        for (got, wanted) in head.iter().zip(wanted) {
            assert!((f64::from(*got) - wanted).abs() < 1e-6, "{head:?}");
        }
    }

    #[test]
    fn softmax_rows_sum_to_one_and_hide_the_future() {
        for keys in [1, 2, 15, 16, 17, 40] {
            let mut scores: Vec<f32> = (0..2 * 3 * keys).map(|i| (i % 7) as f32 - 3.0).collect();
            let plain = scores.clone();
            softmax(&mut scores, 3, keys, 0.5, None);
            for (row, plain) in scores.chunks(keys).zip(plain.chunks(keys)) {
                let total: f64 = plain.iter().map(|v| (f64::from(*v) * 0.5).exp()).sum();
                for (got, value) in row.iter().zip(plain) {
                    let wanted = (f64::from(*value) * 0.5).exp() / total;
                    assert!((f64::from(*got) - wanted).abs() < 1e-6);
                }
            }
        }
        let mut scores = vec![1.0; 2 * 4];
        softmax(&mut scores, 2, 4, 1.0, Some(Causal { first: 1 }));
        let third = 1.0 / 3.0;
        assert_eq!(scores, [0.5, 0.5, 0.0, 0.0, third, third, third, 0.0]);
    }

    #[test]
    fn swiglu_gates_the_second_half() {
        let out = swiglu(&[0.0, 1.0, 5.0, 2.0, 2.0, -1.0, 1.0, 3.0], 2);
        let silu = |x: f64| x / (1.0 + (-x).exp());
        let wanted = [0.0, 2.0 * silu(1.0), silu(2.0), 3.0 * silu(-1.0)];
        for (got, wanted) in out.iter().zip(wanted) {
            assert!((f64::from(*got) - wanted).abs() < 1e-6, "{out:?}");
        }
    }
}

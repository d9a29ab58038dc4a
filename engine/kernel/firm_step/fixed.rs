//! Fixed-point arithmetic: logarithms to base 2 in Q7.24, the same on every machine.
//!
//! Floating point may be reassociated, fused and rounded differently by every device, and a
//! difference in the last bit flips a threshold test. These functions have one answer.
//! All shifts of signed values are arithmetic (towards −∞).

#![expect(clippy::cast_possible_truncation, reason = "fixed-point: kept bits are chosen by shifts")]

use super::tables::Tables;

/// One in Q7.24.
pub const ONE: i32 = 1 << 24;
/// Smallest log₂ size (in 万元) that a firm can have.
pub const X_MIN: i32 = -3 * ONE;
/// Largest log₂ size: just below 2²⁸ 万元, so that sixteenths fit 32 bits.
pub const X_MAX: i32 = (28_i64 * ONE as i64 - 1) as i32;
/// Bound of log₂ capability on either side of the national average.
pub const A_MAX: i32 = 6 * ONE;

/// The nearest Q7.24 to `x`; saturates outside ±128, and NaN becomes 0.
#[must_use]
pub fn q24(x: f64) -> i32 {
    (x * f64::from(ONE)).round() as i32
}

/// The value of a Q7.24 as a float, for output and tests only.
#[must_use]
pub fn to_f64(x: i32) -> f64 {
    f64::from(x) / f64::from(ONE)
}

/// The high 32 bits of the product.
#[inline(always)]
#[must_use]
pub const fn mulhi(a: u32, b: u32) -> u32 {
    ((a as u64 * b as u64) >> 32) as u32
}

/// Product of two Q7.24, rounded towards −∞; the caller keeps it within ±128.
#[inline(always)]
#[must_use]
pub const fn mulq(a: i32, b: i32) -> i32 {
    ((a as i64 * b as i64) >> 24) as i32
}

/// `a · f / 2¹⁶`, rounded towards −∞: a step of a table times a 16-bit fraction.
#[inline(always)]
#[must_use]
pub const fn mul16(a: i32, f: i32) -> i32 {
    ((a as i64 * f as i64) >> 16) as i32
}

/// `2^(f/2²⁴)` in Q30 for the low 24 bits of `f`; relative error below 10⁻⁶.
#[inline(always)]
#[must_use]
pub fn exp2m(f: i32, tables: &Tables) -> u32 {
    let j = ((f >> 16) & 0xff) as usize;
    let (low, high) = (tables.exp2[j], tables.exp2[j + 1]);
    low + mulhi((high - low) << 8, ((f & 0xffff) as u32) << 8)
}

/// `2^x` in sixteenths of 万元; `x` is clamped to `[X_MIN, X_MAX]`.
#[inline(always)]
#[must_use]
pub fn size16(x: i32, tables: &Tables) -> u32 {
    let x = x.clamp(X_MIN, X_MAX);
    let shift = 27 - (x >> 24);
    // Twice the mantissa fits 32 bits, so one right shift serves all exponents.
    (exp2m(x, tables) << 1) >> shift
}

/// `2^x` as a probability in Q32; `x` is clamped to at most −1, and 2⁻³⁰ is the least non-zero.
#[inline(always)]
#[must_use]
pub fn prob32(x: i32, tables: &Tables) -> u32 {
    let x = x.min(-ONE);
    let shift = -1 - (x >> 24);
    let value = (exp2m(x, tables) >> (shift & 31)) << 1;
    if shift > 29 { 0 } else { value }
}

/// `2^x` in Q24 for `x` in [−20, 6), clamped to it.
#[inline(always)]
#[must_use]
pub fn exp2q(x: i32, tables: &Tables) -> i32 {
    let x = x.clamp(-20 * ONE, 6 * ONE - 1);
    (exp2m(x, tables) >> (6 - (x >> 24))) as i32
}

/// log₂ of `value` in Q7.24; error below 3·10⁻⁶. Zero counts as one.
#[must_use]
pub fn log2q(value: u64, tables: &Tables) -> i32 {
    let value = value.max(1);
    let zeros = value.leading_zeros();
    let mantissa = (value << zeros) << 1;
    let j = (mantissa >> 56) as usize;
    let fraction = ((mantissa >> 40) & 0xffff) as i32;
    let (low, high) = (tables.log2[j], tables.log2[j + 1]);
    ((63 - zeros as i32) << 24) + low + mul16(high - low, fraction)
}

/// A table over probability resolved by octaves, at p = (u + ½)/2³².
///
/// Node `s` of octave `o` lies at p = 2^−(o+1)·(1 + s/32), so the tail is resolved to 2⁻³².
#[inline(always)]
#[must_use]
pub fn octave(u: u32, table: &[i32; 2048]) -> i32 {
    let v = u | 1;
    let o = v.leading_zeros() & 31;
    let m = v << o;
    let fraction = ((m >> 10) & 0xffff) as i32;
    let i = (o * 33 + ((m >> 26) & 31)) as usize;
    let (low, high) = (table[i & 2047], table[(i + 1) & 2047]);
    low + mul16(high - low, fraction)
}

/// A standard normal number in Q24 from 32 random bits: bit 31 is the sign.
#[inline(always)]
#[must_use]
pub fn gauss(u: u32, tables: &Tables) -> i32 {
    let magnitude = octave(u << 1, &tables.gauss);
    if u >> 31 == 1 { -magnitude } else { magnitude }
}

/// An Exp(1) number in Q24 from the low 16 bits of `u`.
#[inline(always)]
#[must_use]
pub fn expo16(u: u32, tables: &Tables) -> i32 {
    octave((u << 16) | 0x8000, &tables.expo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::firm_step::philox::philox;

    fn tables() -> Box<Tables> {
        Tables::new(0.02, 1.3, -3.48, 2.26)
    }

    /// K3: products against 64-bit arithmetic written out by halves.
    #[test]
    fn products_equal_the_long_form() {
        let by_halves = |a: u32, b: u32| {
            let (ah, al, bh, bl) = (a >> 16, a & 0xffff, b >> 16, b & 0xffff);
            let middle = ah * bl + ((al * bl) >> 16);
            let low = al * bh + (middle & 0xffff);
            ah * bh + (middle >> 16) + (low >> 16)
        };
        let edges = [0, 1, 2, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX];
        let edge_pairs = edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b)));
        let random = (0..1_000_000).map(|i| {
            let r = philox([i, 0, 0, 0], [1, 2]);
            (r[0], r[1])
        });
        for (a, b) in edge_pairs.chain(random) {
            assert_eq!(mulhi(a, b), by_halves(a, b), "{a} {b}");
            // A factor below 2²⁴ keeps the product of two Q24 inside the type.
            let (s, t) = (a as i32, (b >> 8) as i32);
            let exact = i128::from(s) * i128::from(t);
            assert_eq!(i128::from(mulq(s, t)), exact.div_euclid(1 << 24));
            let f = (b & 0xffff) as i32;
            assert_eq!(i128::from(mul16(s, f)), (i128::from(s) * i128::from(f)).div_euclid(65536));
        }
    }

    /// K4: relative error below 10⁻⁶ where the result has at least 20 bits.
    #[test]
    fn powers_of_two_are_exact_to_a_millionth() {
        let t = tables();
        for i in 0..200_000_u32 {
            let x = -20 * ONE + (philox([i, 0, 0, 0], [3, 4])[0] % (48 << 24)) as i32;
            let truth = to_f64(x).exp2();
            // Beside the relative error there are the units lost in cutting off.
            let close = |value: u32, scale: f64, units: f64| {
                let error = (f64::from(value) - truth * scale).abs();
                if truth * scale >= f64::from(1 << 20) {
                    assert!(error <= truth * scale * 1e-6 + units, "2^{}: {error}", to_f64(x));
                }
            };
            if (X_MIN..=X_MAX).contains(&x) {
                close(size16(x, &t), 16.0, 1.0);
            }
            if x <= -ONE {
                close(prob32(x, &t), 2_f64.powi(32), 2.0);
            }
            if x < 6 * ONE {
                close(exp2q(x, &t) as u32, 2_f64.powi(24), 1.0);
            }
        }
        assert_eq!(prob32(0, &t), 1 << 31, "a hazard is at most one half");
        assert_eq!(prob32(-31 * ONE, &t), 0);
        assert_eq!(size16(4 * ONE, &t), 256);
        assert_eq!(exp2q(0, &t), ONE);
    }

    #[test]
    fn logarithms_invert_powers() {
        let t = tables();
        assert_eq!(log2q(0, &t), 0);
        assert_eq!(log2q(1, &t), 0);
        assert_eq!(log2q(1 << 40, &t), 40 * ONE);
        for i in 0..100_000_u32 {
            let r = philox([i, 1, 0, 0], [3, 4]);
            let value = ((u64::from(r[0]) << 32) | u64::from(r[1])) >> (r[2] % 60);
            let error = to_f64(log2q(value, &t)) - (value.max(1) as f64).log2();
            assert!(error.abs() < 3e-6, "{value}: {error}");
        }
    }

    /// Moments of the draws: 4·10⁵ numbers, three standard errors and the known table bias.
    #[test]
    fn draws_have_their_moments() {
        let t = tables();
        let (mut sums, mut tail, n) = ([0.0; 4], [0.0; 2], 100_000_u32);
        for i in 0..n {
            for u in philox([i, 0, 9, 0], [1, 2]) {
                let z = to_f64(gauss(u, &t));
                (1..=4).zip(&mut sums).for_each(|(power, sum)| *sum += z.powi(power));
                let e = to_f64(expo16(u, &t));
                tail[0] += e;
                tail[1] += e * e;
            }
        }
        let count = 4.0 * f64::from(n);
        let [mean, square, cube, fourth] = sums.map(|sum| sum / count);
        assert!(mean.abs() < 0.005 && (square - 1.0).abs() < 0.008, "{mean} {square}");
        assert!(cube.abs() < 0.02 && (fourth - 3.0).abs() < 0.05, "{cube} {fourth}");
        let [mean, square] = tail.map(|sum| sum / count);
        assert!((mean - 1.0).abs() < 0.006 && (square - 2.0).abs() < 0.03, "{mean} {square}");
    }
}

//! Exact numbers: fractions of 128-bit integers.

use std::cmp::Ordering;
use std::fmt;

/// An exact rational number in lowest terms, the denominator positive.
///
/// Values, limits and conversion factors are compared as fractions, never as floats: 0.1 mm is
/// 100 μm. Operations that leave the range of 128 bits give `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    /// Zero.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; `None` for a denominator of zero or [`i128::MIN`].
    #[must_use]
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator == 0 || numerator == i128::MIN || denominator == i128::MIN {
            return None;
        }
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        // The divisor divides a value below 2¹²⁷, so it fits.
        let divisor = i128::try_from(divisor).ok()?.max(1) * denominator.signum();
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// An integer.
    #[must_use]
    pub const fn integer(value: i64) -> Self {
        Self { numerator: value as i128, denominator: 1 }
    }

    /// `mantissa · 10^exponent`; `None` beyond 128 bits.
    #[must_use]
    pub fn decimal(mantissa: i128, exponent: i32) -> Option<Self> {
        let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
        if exponent >= 0 {
            Self::new(mantissa.checked_mul(power)?, 1)
        } else {
            Self::new(mantissa, power)
        }
    }

    /// Reads `12`, `-0.5`, `1/3`, `2.54e-2`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((above, below)) = text.split_once('/') {
            return Self::parse(above)?.checked_div(Self::parse(below)?);
        }
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (sign, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(part) {
            return None;
        }
        let value: i128 = format!("{whole}{part}").parse().ok()?;
        let places = i32::try_from(part.len()).ok()?;
        Self::decimal(sign * value, exponent.parse::<i32>().ok()?.checked_sub(places)?)
    }

    /// The numerator, negative for numbers below zero.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator, at least one.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// The sum.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.denominator == other.denominator {
            return Self::new(self.numerator.checked_add(other.numerator)?, self.denominator);
        }
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Self::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }

    /// The difference.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated())
    }

    /// The product; factors are reduced against each other first, so that it overflows only where
    /// the result does.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let left = Self::new(self.numerator, other.denominator)?;
        let right = Self::new(other.numerator, self.denominator)?;
        Some(Self {
            numerator: left.numerator.checked_mul(right.numerator)?,
            denominator: left.denominator.checked_mul(right.denominator)?,
        })
    }

    /// The quotient; `None` for a divisor of zero.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        self.checked_mul(Self::new(other.denominator, other.numerator)?)
    }

    /// The number with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { numerator: -self.numerator, denominator: self.denominator }
    }

    /// The magnitude.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Self { numerator: self.numerator.abs(), denominator: self.denominator }
    }

    /// Whether the number is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// The nearest float, for display.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// Euclid's algorithm; in 64 bits where both fit, which is several times faster.
fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    if let (Ok(mut a), Ok(mut b)) = (u64::try_from(a), u64::try_from(b)) {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        return u128::from(a);
    }
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Ord for Exact {
    /// By continued fractions, so that no product can overflow.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.numerator, self.denominator);
        let (mut c, mut d) = (other.numerator, other.denominator);
        let mut turned = false;
        loop {
            let by_whole = a.div_euclid(b).cmp(&c.div_euclid(d));
            let (left, right) = (a.rem_euclid(b), c.rem_euclid(d));
            let decided = match by_whole {
                Ordering::Equal => match (left == 0, right == 0) {
                    (true, true) => Some(Ordering::Equal),
                    (true, false) => Some(Ordering::Less),
                    (false, true) => Some(Ordering::Greater),
                    (false, false) => None,
                },
                unequal => Some(unequal),
            };
            if let Some(order) = decided {
                return if turned { order.reverse() } else { order };
            }
            // left/b against right/d is d/right against b/left the other way round.
            (a, b, c, d) = (b, left, d, right);
            turned = !turned;
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Exact {
    /// A decimal where it ends (`0.005`), else a fraction (`2/3`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rest, mut twos, mut fives) = (self.denominator, 0_u32, 0_u32);
        while rest % 2 == 0 {
            (rest, twos) = (rest / 2, twos + 1);
        }
        while rest % 5 == 0 {
            (rest, fives) = (rest / 5, fives + 1);
        }
        let places = twos.max(fives);
        let scaled = 10_i128
            .checked_pow(places)
            .and_then(|power| (power / self.denominator).checked_mul(self.numerator));
        match scaled {
            Some(digits) if rest == 1 => {
                let sign = if digits < 0 { "-" } else { "" };
                let width = places as usize + 1;
                let digits = format!("{:0width$}", digits.unsigned_abs());
                let (whole, part) = digits.split_at(digits.len() - places as usize);
                let point = if part.is_empty() { "" } else { "." };
                write!(f, "{sign}{whole}{point}{part}")
            }
            _ => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::parse(text).expect("a number")
    }

    #[test]
    fn reads_and_shows() {
        for (text, shown) in [
            ("12", "12"),
            ("-0.50", "-0.5"),
            ("1/3", "1/3"),
            ("2.54e-2", "0.0254"),
            ("1.5e3", "1500"),
            ("0", "0"),
            ("1e-19", "0.0000000000000000001"),
        ] {
            assert_eq!(exact(text).to_string(), shown);
        }
        for text in ["", ".", "1e", "a", "1/0", "--1", "1e99"] {
            assert_eq!(Exact::parse(text), None, "{text}");
        }
    }

    #[test]
    fn huge_and_tiny_compare_without_overflow() {
        let (huge, tiny) = (exact("9e37"), exact("1e-37"));
        assert!(tiny < huge && exact("-9e37") < tiny && tiny.negated() < tiny);
        assert_eq!(huge.checked_mul(huge), None);
        assert_eq!(huge.checked_mul(tiny), Some(exact("9")));
    }

    proptest! {
        #[test]
        fn order_is_that_of_products(a in -999_i64..999, b in 1_i64..999, c in -999_i64..999, d in 1_i64..999) {
            let left = Exact::new(a.into(), b.into()).expect("small");
            let right = Exact::new(c.into(), d.into()).expect("small");
            prop_assert_eq!(left.cmp(&right), (a * d).cmp(&(c * b)));
            let sum = left.checked_add(right).expect("small");
            prop_assert_eq!(sum.checked_sub(right), Some(left));
        }
    }
}

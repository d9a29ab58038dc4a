//! Millionths: the unit in which scores are stored, added and compared.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number in millionths (10⁻⁶), held as an integer so that sums are exact.
///
/// Parts, contributions and scores lie in `0 ..= 1_000_000`. Two machines that agree on the
/// quantised parts agree on every bit of what follows from them. Serialised as a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micro(pub i32);

impl Micro {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One: a million millionths.
    pub const ONE: Self = Self(1_000_000);

    /// Rounds `value` to the nearest millionth (halves away from zero), clamped to `[0, 1]`.
    ///
    /// NaN becomes zero: callers turn an undefined value into a missing part before this.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "clamped to 0..=1e6 before the cast")]
    pub fn from_unit(value: f64) -> Self {
        Self((value.clamp(0.0, 1.0) * 1e6).round() as i32)
    }

    /// The mean of two, halves up.
    #[must_use]
    pub const fn mean(a: Self, b: Self) -> Self {
        Self((a.0 + b.0 + 1).div_euclid(2))
    }

    /// The value as a float.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl Add for Micro {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Micro {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Micro {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Micro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:06}", magnitude / 1_000_000, magnitude % 1_000_000)
    }
}

impl Serialize for Micro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.to_f64())
    }
}

impl<'de> Deserialize<'de> for Micro {
    #[expect(clippy::cast_possible_truncation, reason = "range checked before the cast")]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)? * 1e6;
        if value.is_finite() && value.abs() <= f64::from(i32::MAX) {
            Ok(Self(value.round() as i32))
        } else {
            Err(serde::de::Error::custom("number out of range for millionths"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_six_decimals() {
        assert_eq!(Micro(1_000_000).to_string(), "1.000000");
        assert_eq!(Micro(42).to_string(), "0.000042");
        assert_eq!(Micro(-1_500_000).to_string(), "-1.500000");
    }

    #[test]
    fn rounds_and_clamps() {
        assert_eq!(Micro::from_unit(0.123_456_5), Micro(123_457));
        assert_eq!(Micro::from_unit(2.0), Micro::ONE);
        assert_eq!(Micro::from_unit(-1.0), Micro::ZERO);
        assert_eq!(Micro::from_unit(f64::NAN), Micro::ZERO);
    }

    #[test]
    fn survives_json() {
        for n in (0..=1_000_000).step_by(997) {
            let text = serde_json::to_string(&Micro(n)).expect("a number");
            assert_eq!(serde_json::from_str::<Micro>(&text).expect("a number"), Micro(n));
        }
    }
}

//! Units of measurement: dimension, exact conversion, and units that are only words.

use std::sync::Arc;

use super::exact::Exact;

/// How many base dimensions there are.
const N_BASES: usize = 12;

/// The letters of the base dimensions in `corpus/units/units.toml`, in the order of exponents.
const BASES: [char; N_BASES] = ['L', 'M', 'T', 'I', 'H', 'N', 'J', 'B', 'C', 'U', 'E', 'A'];

/// Exponents of the base dimensions length, mass, time, current, temperature, amount, luminous
/// intensity, information, money (元, US$, €) and plane angle.
///
/// The default is a ratio (all zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dimension([i8; N_BASES]);

impl Dimension {
    /// A ratio, such as a percentage.
    pub const RATIO: Self = Self([0; N_BASES]);

    /// Reads `M L-1 T-2` or `1`; `None` for an unknown letter or exponent.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut exponents = [0; N_BASES];
        for term in text.split_whitespace().filter(|term| *term != "1") {
            let letter = term.chars().next()?;
            let base = BASES.iter().position(|base| *base == letter)?;
            exponents[base] = if term.len() == 1 { 1 } else { term[1..].parse().ok()? };
        }
        Some(Self(exponents))
    }

    /// This dimension times `other` to the power `power`; exponents beyond ±127 are cut there.
    pub(super) fn times(self, other: Self, power: i8) -> Self {
        let mut exponents = self.0;
        for (exponent, theirs) in exponents.iter_mut().zip(other.0) {
            *exponent = exponent.saturating_add(theirs.saturating_mul(power));
        }
        Self(exponents)
    }

    /// Whether this is an amount of money and nothing else.
    #[must_use]
    pub fn is_money(self) -> bool {
        ['C', 'U', 'E'].iter().any(|letter| Self::base(*letter) == self)
    }

    /// Whether this is a temperature.
    #[must_use]
    pub fn is_temperature(self) -> bool {
        self == Self::base('H')
    }

    /// The base dimension of a letter of [`BASES`].
    pub(super) fn base(letter: char) -> Self {
        let mut exponents = [0; N_BASES];
        for (exponent, base) in exponents.iter_mut().zip(BASES) {
            *exponent = i8::from(base == letter);
        }
        Self(exponents)
    }
}

/// The unit of a quantity.
///
/// A value `x` is `x · factor + offset` in base units. Two units are comparable where dimension
/// and counted thing agree. A unit that the table does not know is a counted thing named by its
/// spelling, so it compares only with itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub(super) symbol: Arc<str>,
    pub(super) dimension: Dimension,
    pub(super) factor: Exact,
    pub(super) offset: Exact,
    pub(super) counted: Option<Arc<str>>,
    pub(super) is_known: bool,
}

impl Unit {
    /// No unit: a plain number.
    #[must_use]
    pub fn none() -> Self {
        Self {
            symbol: "".into(),
            dimension: Dimension::RATIO,
            factor: Exact::ONE,
            offset: Exact::ZERO,
            counted: None,
            is_known: true,
        }
    }

    /// A unit that is known by its spelling only.
    pub(super) fn unknown(spelling: &str) -> Self {
        Self {
            symbol: spelling.into(),
            counted: Some(spelling.into()),
            is_known: false,
            ..Self::none()
        }
    }

    /// The canonical spelling; empty for a plain number.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// The dimension.
    #[must_use]
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The scale or counted thing (`dB`, `次`, `HRC`), where it is one.
    #[must_use]
    pub fn counted(&self) -> Option<&str> {
        self.counted.as_deref()
    }

    /// Whether the table of units knows it.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether there is no unit at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.symbol.is_empty()
    }

    /// Whether values in the two units can be compared.
    #[must_use]
    pub fn is_comparable(&self, other: &Self) -> bool {
        self.dimension == other.dimension && self.counted == other.counted
    }

    /// A value in base units; `None` beyond 128 bits.
    #[must_use]
    pub fn to_base(&self, value: Exact) -> Option<Exact> {
        value.checked_mul(self.factor)?.checked_add(self.offset)
    }

    /// A value in base units in this unit; `None` beyond 128 bits.
    #[must_use]
    pub fn from_base(&self, value: Exact) -> Option<Exact> {
        value.checked_sub(self.offset)?.checked_div(self.factor)
    }

    /// A value of `other` in this unit; `None` where they are not comparable or beyond 128 bits.
    #[must_use]
    pub fn convert(&self, value: Exact, other: &Self) -> Option<Exact> {
        if !self.is_comparable(other) {
            None
        } else if self.factor == other.factor && self.offset == other.offset {
            Some(value)
        } else {
            self.from_base(other.to_base(value)?)
        }
    }
}

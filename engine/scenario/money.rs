//! Amounts of money with their units. The model computes in 万元.

/// What an amount with its unit looks like, as a regular expression for the schema.
pub(super) const PATTERN: &str = r"^\s*[0-9][0-9,，]*(\.[0-9]+)?\s*(万元|亿元)\s*$";

/// A unit of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyUnit {
    /// 万元.
    Wan,
    /// 亿元.
    Yi,
}

impl MoneyUnit {
    /// 万元 per unit.
    #[must_use]
    pub const fn in_wan(self) -> f64 {
        match self {
            Self::Wan => 1.0,
            Self::Yi => 1e4,
        }
    }

    /// The unit of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.trim() {
            "万元" => Some(Self::Wan),
            "亿元" => Some(Self::Yi),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wan => "万元",
            Self::Yi => "亿元",
        }
    }
}

/// An amount with its unit, in 万元; `None` without a unit or for what is no number.
pub(super) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    [MoneyUnit::Wan, MoneyUnit::Yi].into_iter().find_map(|unit| {
        let number = text.strip_suffix(unit.name())?.trim().replace([',', '，'], "");
        let number: f64 = number.parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(number * unit.in_wan())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_need_a_unit() {
        assert_eq!(parse("8 亿元"), Some(80_000.0));
        assert_eq!(parse("1,200.5万元"), Some(1200.5));
        assert_eq!(parse("800"), None);
        assert_eq!(parse("8 元"), None);
        assert_eq!(parse("-3 万元"), None);
    }
}

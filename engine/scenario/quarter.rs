//! Calendar quarters.

use std::fmt;

/// A quarter of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    /// The year.
    pub year: i32,
    /// 1 to 4.
    pub number: u32,
}

impl Quarter {
    /// The first quarter of a year.
    #[must_use]
    pub const fn first_of(year: i32) -> Self {
        Self { year, number: 1 }
    }

    /// Reads `2026Q3`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, number) = text.trim().split_once(['Q', 'q'])?;
        let (year, number) = (year.parse().ok()?, number.parse().ok()?);
        let possible = (1900..=2300).contains(&year) && (1..=4).contains(&number);
        possible.then_some(Self { year, number })
    }

    /// Quarters from `start` to this one; negative before it.
    #[must_use]
    pub fn since(self, start: Self) -> i64 {
        let count = |it: Self| i64::from(it.year) * 4 + i64::from(it.number);
        count(self) - count(start)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Q{}", self.year, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_are_read_and_counted() {
        let at = |text| Quarter::parse(text).expect("a quarter");
        assert_eq!(at("2028Q2").since(at("2026Q1")), 9);
        assert_eq!(at(" 2026q4").to_string(), "2026Q4");
        assert_eq!(Quarter::parse("2026Q5"), None);
        assert_eq!(Quarter::parse("2026"), None);
    }
}

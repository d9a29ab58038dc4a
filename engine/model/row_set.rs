//! Which rows of a table take part.

use std::sync::Arc;

/// A set of rows of one table. Copies share it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowSet {
    /// One bit per row, from the lowest; `None` for all rows of any table.
    words: Option<Arc<[u64]>>,
}

impl RowSet {
    /// All rows of any table.
    #[must_use]
    pub const fn all() -> Self {
        Self { words: None }
    }

    /// The rows of a table of `n` that `holds` says yes to.
    #[must_use]
    pub fn of(n: usize, holds: impl Fn(usize) -> bool) -> Self {
        let mut words = vec![0_u64; n.div_ceil(64)];
        for row in (0..n).filter(|&row| holds(row)) {
            words[row / 64] |= 1 << (row % 64);
        }
        Self { words: Some(words.into()) }
    }

    /// Whether a row is in it; rows beyond the table are not.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        let row = row as usize;
        self.words
            .as_ref()
            .is_none_or(|words| words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_was_made_of() {
        let set = RowSet::of(130, |row| row % 3 == 0);
        for row in 0..200 {
            assert_eq!(set.contains(row), row < 130 && row % 3 == 0, "{row}");
            assert!(RowSet::all().contains(row));
        }
        assert!(!RowSet::of(0, |_| true).contains(0));
    }
}

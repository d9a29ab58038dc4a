//! What is asked of a selection, and what is told about it.

use serde::Serialize;

use super::{BackendError, Hit};

/// A set of rows: one bit per row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowSet {
    words: Vec<u64>,
    n_rows: usize,
}

impl RowSet {
    /// No row of a table of `n_rows`.
    #[must_use]
    pub fn none(n_rows: usize) -> Self {
        Self { words: vec![0; n_rows.div_ceil(64)], n_rows }
    }

    /// The rows of a table of `n_rows` for which `belongs` holds.
    #[must_use]
    pub fn of(n_rows: usize, belongs: impl Fn(usize) -> bool) -> Self {
        let mut set = Self::none(n_rows);
        for row in (0..n_rows).filter(|&row| belongs(row)) {
            set.words[row / 64] |= 1 << (row % 64);
        }
        set
    }

    /// Rows of the table.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// How many of them are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Whether the row is in the set; no row beyond the table is.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The bits, 32 rows to a word, the first row lowest: how a device reads them.
    #[must_use]
    pub fn words_of_32(&self) -> Vec<u32> {
        #[expect(clippy::cast_possible_truncation, reason = "two halves of 64 bits")]
        let halves = |&word: &u64| [word as u32, (word >> 32) as u32];
        self.words.iter().flat_map(halves).collect()
    }
}

/// What is asked: how many of which documents, and how certain they have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selecting<'a> {
    /// How many documents per query; 0 gives empty lists.
    pub k: usize,
    /// The documents that may be found; all where it is `None`.
    pub allowed: Option<&'a RowSet>,
    /// Leaves out the exact scores of what a coarse pass found. Scores are then those of the
    /// coarse pass, and the lists may hold other documents than the best.
    pub approximate: bool,
}

impl Selecting<'_> {
    /// The exact `k` best of all documents.
    #[must_use]
    pub const fn best(k: usize) -> Self {
        Self { k, allowed: None, approximate: false }
    }

    /// Refuses a set of rows that belongs to another table.
    ///
    /// # Errors
    /// [`BackendError::Filter`] where its number of rows is not `n_documents`.
    pub fn check(&self, n_documents: usize) -> Result<(), BackendError> {
        match self.allowed {
            Some(allowed) if allowed.n_rows() != n_documents => {
                Err(BackendError::Filter { filter: allowed.n_rows(), documents: n_documents })
            }
            _ => Ok(()),
        }
    }

    /// How many of `n_documents` may be found.
    #[must_use]
    pub fn n_allowed(&self, n_documents: usize) -> usize {
        self.allowed.map_or(n_documents, RowSet::len)
    }
}

/// The numbers in which a coarse pass computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floats: the scores are final.
    F32,
    /// 16-bit floats with 11 significant bits.
    F16,
    /// Integers from −127 to 127 with one scale per row.
    Int8,
}

/// How a selection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SelectionWork {
    /// In which numbers all pairs were scored.
    pub precision: Precision,
    /// How many pairs there were.
    pub pairs: u64,
    /// How many of them a coarse pass could not rule out, so that they were scored in `f32`; depends
    /// on how the work was divided. 0 where the pass itself was in `f32`.
    pub rescored: u64,
    /// Whether the lists are certain.
    pub exact: bool,
}

impl SelectionWork {
    /// Nothing was asked of these many pairs.
    #[must_use]
    pub const fn in_f32(pairs: u64) -> Self {
        Self { precision: Precision::F32, pairs, rescored: 0, exact: true }
    }

    /// The rescored share of all pairs, from 0 to 1; 0 without pairs.
    #[must_use]
    pub fn share_rescored(&self) -> f64 {
        if self.pairs == 0 { 0.0 } else { self.rescored as f64 / self.pairs as f64 }
    }
}

/// The lists, and how they were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// One list per query, of `min(k, allowed documents)` hits, best first.
    pub lists: Vec<Vec<Hit>>,
    /// How they were made.
    pub work: SelectionWork,
}

impl Selected {
    /// Empty lists for queries that nothing is found for.
    pub(crate) fn nothing(n_queries: usize) -> Self {
        Self { lists: vec![Vec::new(); n_queries], work: SelectionWork::in_f32(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::{RowSet, Selecting};
    use crate::kernel::BackendError;

    #[test]
    fn a_set_holds_its_rows_and_none_beyond_the_table() {
        let set = RowSet::of(70, |row| row % 33 == 1);
        let rows: Vec<usize> = (0..200).filter(|&row| set.contains(row)).collect();
        assert_eq!(rows, [1, 34, 67]);
        assert_eq!((set.len(), set.is_empty()), (3, false));
        assert_eq!(set.words_of_32(), [2, 4, 8, 0]);
        assert!(RowSet::none(70).is_empty());
    }

    #[test]
    fn a_set_of_another_table_is_refused() {
        let set = RowSet::none(3);
        let asked = Selecting { allowed: Some(&set), ..Selecting::best(1) };
        assert_eq!(asked.check(3), Ok(()));
        assert_eq!(asked.check(4), Err(BackendError::Filter { filter: 3, documents: 4 }));
    }
}

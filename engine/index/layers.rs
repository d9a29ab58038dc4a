//! A side as it is now, in layers: immutable indexes written at different times, and the row that
//! each of their records has today.

use std::sync::Arc;

use super::SideIndex;

/// Row of a record that a layer holds and the side no longer does.
pub const GONE: u32 = u32::MAX;

/// One side, as layers of indexes over one table of rows.
///
/// A record that was changed stands in the layer of its change; in older layers it is [`GONE`].
/// What is read through layers equals what one index of the same records would give.
#[derive(Clone)]
pub struct LayeredSide<'a> {
    layers: Vec<Layer<'a>>,
    n_rows: usize,
}

/// One index and the rows of its records today.
#[derive(Clone)]
pub(super) struct Layer<'a> {
    pub(super) index: &'a SideIndex,
    /// By row of the index: row of the side, or [`GONE`].
    pub(super) rows: Arc<[u32]>,
}

impl<'a> LayeredSide<'a> {
    /// A side of `n_rows` rows over layers: each with the row of the side, or [`GONE`], for each of
    /// its own rows. Every row of the side stands in one layer at most; one that stands in none has
    /// no words.
    ///
    /// # Panics
    /// When a layer has fewer rows than its index, or one beyond `n_rows`.
    #[must_use]
    pub fn new(layers: Vec<(&'a SideIndex, Vec<u32>)>, n_rows: usize) -> Self {
        let layers = layers
            .into_iter()
            .map(|(index, rows)| {
                assert_eq!(rows.len(), index.n_records(), "one row per record of a layer");
                let inside = |&row: &u32| row == GONE || (row as usize) < n_rows;
                assert!(rows.iter().all(inside), "rows of a layer are rows of the side");
                Layer { index, rows: rows.into() }
            })
            .collect();
        Self { layers, n_rows }
    }

    /// An index as it is.
    #[must_use]
    pub fn whole(index: &'a SideIndex) -> Self {
        // Rows were counted in 32 bits when the index was built.
        let rows = (0..u32::try_from(index.n_records()).unwrap_or(GONE)).collect();
        Self::new(vec![(index, rows)], index.n_records())
    }

    /// How many rows it has.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub(super) fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// Whether it is this index and nothing else.
    pub(super) fn is(&self, index: &SideIndex) -> bool {
        matches!(self.layers.as_slice(), [only] if std::ptr::eq(only.index, index)
            && only.rows.len() == self.n_rows
            && !only.rows.contains(&GONE))
    }
}

//! A side as it is now, in layers: immutable indexes written at different times, and the row that
//! each of their records has today.

use std::sync::{Arc, OnceLock};

use super::terms::{self, N_SCORED};
use super::{IndexError, SideIndex};

/// Row of a record that a layer holds and the side no longer does.
pub const GONE: u32 = u32::MAX;

/// One side, as layers of indexes over one table of rows.
///
/// A record that was changed stands in the layer of its change; in older layers it is [`GONE`].
/// What is read through layers equals what one index of the same records would give.
///
/// What every question needs of the whole side (its rows by segment, its lengths) is read once, on
/// the first one.
#[derive(Clone)]
pub struct LayeredSide {
    layers: Vec<Layer>,
    n_rows: usize,
    norm_ids: OnceLock<Arc<[Vec<u8>; N_SCORED]>>,
}

/// One index and the rows of its records today.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) index: SideIndex,
    /// By row of the index: row of the side, or [`GONE`].
    pub(super) rows: Arc<[u32]>,
    /// The same by segment and document.
    segments: OnceLock<Vec<Arc<[u32]>>>,
}

impl Layer {
    /// Row of every document, by segment.
    pub(super) fn segments(&self) -> Result<&[Arc<[u32]>], IndexError> {
        if let Some(known) = self.segments.get() {
            return Ok(known);
        }
        let read = terms::segment_rows(&self.index, &self.rows)?;
        Ok(self.segments.get_or_init(|| read))
    }
}

impl LayeredSide {
    /// A side of `n_rows` rows over layers: each with the row of the side, or [`GONE`], for each of
    /// its own rows. Every row of the side stands in one layer at most; one that stands in none has
    /// no words.
    ///
    /// # Panics
    /// When a layer has fewer rows than its index, or one beyond `n_rows`.
    #[must_use]
    pub fn new(layers: Vec<(SideIndex, Vec<u32>)>, n_rows: usize) -> Self {
        let layers = layers
            .into_iter()
            .map(|(index, rows)| {
                assert_eq!(rows.len(), index.n_records(), "one row per record of a layer");
                let inside = |&row: &u32| row == GONE || (row as usize) < n_rows;
                assert!(rows.iter().all(inside), "rows of a layer are rows of the side");
                Layer { index, rows: rows.into(), segments: OnceLock::new() }
            })
            .collect();
        Self { layers, n_rows, norm_ids: OnceLock::new() }
    }

    /// An index as it is.
    #[must_use]
    pub fn whole(index: &SideIndex) -> Self {
        // Rows were counted in 32 bits when the index was built.
        let rows = (0..u32::try_from(index.n_records()).unwrap_or(GONE)).collect();
        Self::new(vec![(index.clone(), rows)], index.n_records())
    }

    /// How many rows it has.
    #[must_use]
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    pub(super) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Length of each scored field in every row, quantised as tantivy stores it; 0 in rows that no
    /// layer holds.
    pub(super) fn norm_ids(&self) -> Result<&Arc<[Vec<u8>; N_SCORED]>, IndexError> {
        if let Some(known) = self.norm_ids.get() {
            return Ok(known);
        }
        let read = terms::norm_ids(self)?;
        Ok(self.norm_ids.get_or_init(|| Arc::new(read)))
    }

    /// Whether it is this index and nothing else.
    pub(super) fn is(&self, index: &SideIndex) -> bool {
        matches!(self.layers.as_slice(), [only] if only.index.is(index)
            && only.rows.len() == self.n_rows
            && !only.rows.contains(&GONE))
    }
}

//! Free-text search over a finished run.

use std::path::Path;

use super::output::names;
use super::{Manifest, PipelineError};
use crate::index::{SearchHit, SideIndex};
use crate::model::Side;

/// What a search found.
#[derive(Debug, Clone)]
pub struct SearchAnswer {
    /// The side that was searched.
    pub side: Side,
    /// The hits, best first.
    pub hits: Vec<SearchHit>,
}

/// Searches one side of the run in `out` for `text`.
///
/// # Errors
/// [`PipelineError::NotARun`] when `out` holds no finished run, [`PipelineError::Index`] when its
/// index cannot be read.
pub fn search(
    out: &Path,
    side: Side,
    text: &str,
    limit: usize,
) -> Result<SearchAnswer, PipelineError> {
    Manifest::read(out)?;
    let index = SideIndex::open(&out.join(names::INDEX), side)?;
    Ok(SearchAnswer { side, hits: index.search(text, limit)? })
}

//! Free-text search over a finished run.

use std::path::Path;

use super::output::names;
use super::synonyms::SynonymList;
use super::{Manifest, PipelineError, SynonymsChoice};
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

/// Searches one side of the run in `out` for `text`, with the run's own synonyms or others.
///
/// # Errors
/// [`PipelineError::NotARun`] when `out` holds no finished run, [`PipelineError::Index`] when its
/// index cannot be read.
pub fn search(
    out: &Path,
    side: Side,
    text: &str,
    limit: usize,
    synonyms: Option<&SynonymsChoice>,
) -> Result<SearchAnswer, PipelineError> {
    Manifest::read(out)?;
    let folder = out.join(names::INDEX);
    let index = SideIndex::open(&folder, side)?;
    let list = match synonyms {
        Some(choice) => choice.open()?,
        None => SynonymList::of_run(&folder.join(names::SYNONYMS))?,
    };
    Ok(SearchAnswer { side, hits: index.search_with_synonyms(text, limit, &list.synonyms)? })
}

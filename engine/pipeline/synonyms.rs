//! Which words a run takes for one another.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::PipelineError;
use crate::text::{Segmenter, Synonyms};

/// The list of synonyms, as shipped.
pub const BUILTIN_SYNONYMS: &str = include_str!("../../corpus/synonyms/synonyms.toml");

/// Which list of synonyms is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SynonymsChoice {
    /// The list that is shipped with the program.
    #[default]
    Builtin,
    /// No list: only equal words match.
    None,
    /// A list in a file.
    File(PathBuf),
}

impl FromStr for SynonymsChoice {
    type Err = Infallible;

    /// `builtin`, `none`, or the path of a list.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "builtin" => Self::Builtin,
            "none" => Self::None,
            path => Self::File(path.into()),
        })
    }
}

/// A list of synonyms with the text it was read from, which is empty for no list.
pub(super) struct SynonymList {
    pub(super) text: String,
    pub(super) synonyms: Synonyms,
}

impl SynonymList {
    fn new(text: String) -> Result<Self, PipelineError> {
        let synonyms = if text.is_empty() {
            Synonyms::default()
        } else {
            Synonyms::from_toml(&text, Segmenter::shared())?
        };
        Ok(Self { text, synonyms })
    }

    /// Reads a list that a run has kept.
    pub(super) fn of_run(path: &Path) -> Result<Self, PipelineError> {
        let text = std::fs::read_to_string(path).map_err(|e| PipelineError::io("read", path, e))?;
        Self::new(text)
    }
}

impl SynonymsChoice {
    /// The name under which a manifest records the choice: no folder, only the file's name.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Builtin => "builtin".to_owned(),
            Self::None => "none".to_owned(),
            Self::File(path) => {
                path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
        }
    }

    /// Reads the list.
    ///
    /// # Errors
    /// [`PipelineError::Io`] and [`PipelineError::Synonyms`].
    pub(super) fn open(&self) -> Result<SynonymList, PipelineError> {
        match self {
            Self::Builtin => SynonymList::new(BUILTIN_SYNONYMS.to_owned()),
            Self::None => SynonymList::new(String::new()),
            Self::File(path) => SynonymList::of_run(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_can_be_read() {
        let list = SynonymsChoice::Builtin.open().expect("the shipped list");
        assert!(list.synonyms.n_groups() >= 300);
        let none = SynonymsChoice::None.open().expect("nothing to read");
        assert_eq!(none.synonyms.n_aliases(), 0);
    }
}

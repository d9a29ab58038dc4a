//! Which model makes the vectors, and how it is opened.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use super::PipelineError;
use crate::embed::{self, Embedder, StaticModel};

/// What makes the vectors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EmbedderChoice {
    /// The model that is shipped with the program.
    #[default]
    Builtin,
    /// A model folder.
    Directory(PathBuf),
}

impl FromStr for EmbedderChoice {
    type Err = Infallible;

    /// `builtin`, or the path of a model folder.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "builtin" => Self::Builtin,
            path => Self::Directory(path.into()),
        })
    }
}

impl EmbedderChoice {
    /// Opens the model.
    ///
    /// # Errors
    /// [`PipelineError::Embed`] when the folder does not hold a model that can be used.
    pub fn open(&self) -> Result<Box<dyn Embedder>, PipelineError> {
        Ok(match self {
            Self::Builtin => Box::new(StaticModel::builtin()?),
            Self::Directory(dir) => embed::open_dir(dir)?,
        })
    }
}

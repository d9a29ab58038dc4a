//! Texts to unit vectors.
//!
//! An [`Embedder`] turns texts into rows of unit length and says who it is, so that vectors of
//! different models never meet in one comparison. [`StaticModel`] reads the Model2Vec layout and
//! carries the model that this project trained (`corpus/model/`); it needs no device and no
//! network. [`TransformerModel`] reads BERT and Qwen3 folders in Hugging Face layout, and
//! [`open_dir`] tells the two apart. This module knows nothing of records: the caller decides which
//! text to embed.

mod download;
mod error;
mod static_model;
mod tensors;
mod tokenizer;
mod transformer;

#[cfg(test)]
mod tests;

pub use download::{
    DownloadError, HashOrigin, KnownFile, KnownModel, MANIFEST_FILE, PullOptions, Pulled,
    PulledFile, Source, known_models, pull, verify,
};
pub use error::{EmbedError, TokenizerPart};
pub use static_model::StaticModel;
pub use transformer::{Architecture, Pooling, Settings, TransformerError, TransformerModel};

use std::path::Path;

use crate::model::Embeddings;

/// Who made a vector: recorded with every vector that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmbedderIdentity {
    /// Name for people, such as `duijie-static-zh-1`.
    pub name: String,
    /// SHA-256 of everything that determines the vectors, 64 hexadecimal digits.
    pub sha256: String,
    /// Numbers per vector.
    pub dim: usize,
}

/// What a text is for: some models put an instruction before the texts that ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextRole {
    /// A text that asks. Demands are embedded so.
    Query,
    /// A text that answers. Supplies are embedded so.
    Document,
}

/// Turns texts into vectors.
pub trait Embedder: Send + Sync {
    /// Who makes the vectors.
    fn identity(&self) -> &EmbedderIdentity;

    /// Embeds `texts`, one row each in the same order, `[texts.len(), dim]`.
    ///
    /// `role` matters only to models with a query instruction of their own.
    ///
    /// Rows are of unit length; a text without any known piece (empty, only blanks) gives a row
    /// of zeros. The same texts give the same bits for any number of threads.
    ///
    /// # Errors
    /// [`EmbedError`] when a vector cannot be computed; no row is then returned.
    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError>;
}

/// Opens the model folder `directory`: a transformer where `config.json` names an architecture, a
/// static model in Model2Vec layout otherwise.
///
/// # Errors
/// [`EmbedError::Directory`] naming the directory, with the cause.
pub fn open_dir(directory: &Path) -> Result<Box<dyn Embedder>, EmbedError> {
    // Where config.json cannot be read, the static model's loader says what such a folder needs.
    match transformer::model_type(directory) {
        Ok(Some(kind)) if kind != "model2vec" => {
            Ok(Box::new(TransformerModel::from_dir(directory)?))
        }
        _ => Ok(Box::new(StaticModel::from_dir(directory)?)),
    }
}

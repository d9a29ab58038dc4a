//! Texts to unit vectors.
//!
//! An [`Embedder`] turns texts into rows of unit length and says who it is, so that vectors of
//! different models never meet in one comparison. [`StaticModel`] reads the Model2Vec layout and
//! carries the model that this project trained (`corpus/model/`); it needs no device and no
//! network. [`TransformerModel`] reads BERT and Qwen3 folders in Hugging Face layout, and
//! [`open_dir`] tells the two apart. [`EndpointEmbedder`] asks a service for vectors,
//! [`CachedEmbedder`] keeps those of any embedder between runs, and [`VectorFile`] reads vectors
//! that somebody else made. This module knows nothing of records: the caller decides which text to
//! embed.

mod array_file;
mod cache;
mod centred;
mod download;
mod endpoint;
mod error;
mod file_bytes;
mod joined;
mod static_model;
mod tensors;
mod tokenizer;
mod transformer;
mod unit;
mod vector_file;
mod windows;

#[cfg(test)]
mod tests;

pub use array_file::{Array, ArrayFile, Number, write_arrays};
pub use cache::{CacheError, CachedEmbedder, VectorCache};
pub use centred::CentredEmbedder;
pub use download::{
    DownloadError, HashOrigin, KnownFile, KnownModel, MANIFEST_FILE, PullOptions, Pulled,
    PulledFile, Source, known_models, pull, verify,
};
pub use endpoint::{
    AddressFault, AnswerFault, ApiKey, EndpointAddress, EndpointEmbedder, EndpointError,
    EndpointLimits, Trouble,
};
pub use error::{EmbedError, TokenizerPart};
pub use joined::JoinedEmbedder;
pub use static_model::StaticModel;
pub use transformer::{Architecture, Pooling, Settings, TransformerError, TransformerModel};
pub use vector_file::{VectorFault, VectorFile, VectorFileError};
pub use windows::Windows;

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

    /// Whether a vector costs so much that it is worth keeping on disk.
    fn is_worth_caching(&self) -> bool {
        true
    }
}

impl<E: Embedder + ?Sized> Embedder for Box<E> {
    fn identity(&self) -> &EmbedderIdentity {
        (**self).identity()
    }

    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
        (**self).embed(texts, role)
    }

    fn is_worth_caching(&self) -> bool {
        (**self).is_worth_caching()
    }
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

//! Static models: a text's vector is the weighted sum of its pieces' vectors.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::file_bytes::FileBytes;
use super::tensors::TokenVectors;
use super::tokenizer::{Scratch, Tokenizer};
use super::unit::normalise;
use super::{EmbedError, Embedder, EmbedderIdentity, TextRole};
use crate::model::Embeddings;

const MODEL_FILE: &str = "model.safetensors";
const TOKENIZER_FILE: &str = "tokenizer.json";
const CONFIG_FILE: &str = "config.json";

/// Texts that one task embeds at least: below this, handing work over costs more than it saves.
const TEXTS_PER_TASK: usize = 32;

/// A static model in Model2Vec layout.
///
/// `model.safetensors` holds `embeddings` (`[rows, dim]`, `f32`, `f16` or `int8`), optionally
/// `weights` (one factor per token) and `mapping` (token to row); `tokenizer.json` is a Hugging
/// Face Unigram or WordPiece tokenizer; `config.json` may name the model (`name`). Unknown tokens
/// are left out and special tokens are not added, as Model2Vec does; unlike Model2Vec, no text is
/// cut off, rows are of unit length whatever `normalize` says, and the names of special tokens
/// have no meaning inside a text.
///
/// In a directory, the tensors of a small model are copied and those of a large one (above 64 MiB)
/// mapped. A mapped file that is replaced by renaming stays as it was; one that is changed in
/// place is noticed by the next call, which then fails.
///
/// Cloning is cheap: the tables are shared.
#[derive(Debug, Clone)]
pub struct StaticModel {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    identity: EmbedderIdentity,
    tokenizer: Tokenizer,
    vectors: TokenVectors,
}

#[derive(Deserialize)]
struct Config {
    name: Option<String>,
}

impl StaticModel {
    /// Loads the model in `directory`; without a name in `config.json` it takes the directory's.
    ///
    /// # Errors
    /// [`EmbedError::Directory`] naming the directory, with the cause: a file is missing or
    /// damaged, tensors and tokenizer do not fit together, a number is not finite, or the
    /// tokenizer uses a part that is not supported.
    pub fn from_dir(directory: &Path) -> Result<Self, EmbedError> {
        let failed = |file| move |source| EmbedError::Read { file, source };
        let read = |file: &'static str| std::fs::read(directory.join(file)).map_err(failed(file));
        let load = || {
            let model = FileBytes::open(&directory.join(MODEL_FILE)).map_err(failed(MODEL_FILE))?;
            let (tokenizer, config) = (read(TOKENIZER_FILE)?, read(CONFIG_FILE)?);
            let name = directory.file_name().map(|name| name.to_string_lossy().into_owned());
            Self::load(name, model, &tokenizer, &config)
        };
        load().map_err(|source| EmbedError::Directory {
            path: directory.to_owned(),
            source: Box::new(source),
        })
    }

    /// Loads a model from the contents of its three files.
    ///
    /// # Errors
    /// As [`from_dir`](Self::from_dir), without the directory.
    pub fn from_bytes(model: &[u8], tokenizer: &[u8], config: &[u8]) -> Result<Self, EmbedError> {
        Self::load(None, FileBytes::Owned(model.to_vec()), tokenizer, config)
    }

    /// The model that comes with this program; loaded once, later calls share it.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes); a test makes sure that the model shipped loads.
    pub fn builtin() -> Result<Self, EmbedError> {
        static LOADED: OnceLock<StaticModel> = OnceLock::new();
        if let Some(model) = LOADED.get() {
            return Ok(model.clone());
        }
        let model = Self::load(
            None,
            FileBytes::Static(include_bytes!("../../corpus/model/model.safetensors")),
            include_bytes!("../../corpus/model/tokenizer.json"),
            include_bytes!("../../corpus/model/config.json"),
        )?;
        Ok(LOADED.get_or_init(|| model).clone())
    }

    fn load(
        name: Option<String>,
        model: FileBytes,
        tokenizer: &[u8],
        config: &[u8],
    ) -> Result<Self, EmbedError> {
        let config: Config = serde_json::from_slice(config)
            .map_err(|source| EmbedError::Json { file: CONFIG_FILE, source })?;
        let hash = || {
            let mut hash = Sha256::new();
            // The length keeps the border between the two files in the hash.
            hash.update((model.len() as u64).to_le_bytes());
            hash.update(&*model);
            hash.update(tokenizer);
            hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        // Together they are most of the time that loading takes.
        let (sha256, tokenizer) = rayon::join(hash, || Tokenizer::from_json(tokenizer));
        let tokenizer = tokenizer?;
        let vectors = TokenVectors::read(model, tokenizer.n_tokens())?;
        let identity = EmbedderIdentity {
            name: config.name.or(name).unwrap_or_else(|| "static".to_owned()),
            sha256,
            dim: vectors.dim(),
        };
        Ok(Self { parts: Arc::new(Parts { identity, tokenizer, vectors }) })
    }

    /// Token ids of `text` in order, unknown pieces left out.
    #[must_use]
    pub fn token_ids(&self, text: &str) -> Vec<u32> {
        let mut scratch = Scratch::default();
        self.parts.tokenizer.encode(text, &mut scratch);
        scratch.ids
    }
}

impl Embedder for StaticModel {
    fn identity(&self) -> &EmbedderIdentity {
        &self.parts.identity
    }

    /// Each text is summed by one thread, piece by piece in the order of the text; the length is
    /// taken in `f64`. So neither threads nor machine change a bit.
    fn embed(&self, texts: &[&str], _role: TextRole) -> Result<Embeddings, EmbedError> {
        let Parts { tokenizer, vectors, .. } = &*self.parts;
        if !vectors.unchanged() {
            return Err(EmbedError::Changed { file: MODEL_FILE });
        }
        let dim = vectors.dim();
        let mut data = vec![0.0; texts.len() * dim];
        data.par_chunks_mut(dim)
            .zip(texts)
            .enumerate()
            .with_min_len(TEXTS_PER_TASK)
            .try_for_each_init(Scratch::default, |scratch, (index, (row, text))| {
                tokenizer.encode(text, scratch);
                for token in &scratch.ids {
                    vectors.add(*token, row);
                }
                normalise(row).ok_or(EmbedError::Overflow { index })
            })?;
        Ok(Embeddings::new(data, dim)?)
    }

    /// Not worth it: a text takes some ten microseconds, and finding its vector on disk would take
    /// one (`benches/embedding.rs`). A hundred thousand texts would save a second and cost a
    /// hundred megabytes to write, check and map.
    fn is_worth_caching(&self) -> bool {
        false
    }
}

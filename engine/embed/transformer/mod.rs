//! Transformers from a local directory in Hugging Face layout.
//!
//! A folder holds `config.json` (`model_type` `bert` or `qwen3`), `tokenizer.json` and
//! `model.safetensors` (or shards with `model.safetensors.index.json`). How states become a vector
//! is read from `modules.json` and `1_Pooling/config.json`, the instructions from
//! `config_sentence_transformers.json`, the window from `sentence_bert_config.json`; see
//! [`Settings`] for what is assumed without them.
//!
//! Sequences lie in a batch one after another, without padding. Matrix products are candle's, each
//! on one thread; batches run side by side. The passes between them are this module's
//! (`elementwise.rs`). For models that take the state of one token, the last layer is computed for
//! that token only.

mod attention;
mod batch;
mod bert;
mod elementwise;
mod error;
mod ops;
mod qwen3;
mod settings;
mod tokens;
mod weights;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Once;

use rayon::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub use error::TransformerError;
pub use settings::{Architecture, Pooling, Settings};

use self::batch::Batch;
use self::bert::{Bert, BertConfig};
use self::qwen3::{Qwen3, Qwen3Config};
use self::settings::{CONFIG_FILE, parse, read_file};
use self::tokens::Windows;
use self::weights::Weights;
use super::{EmbedError, Embedder, EmbedderIdentity, TextRole};
use crate::model::Embeddings;

const TOKENIZER_FILE: &str = "tokenizer.json";

/// Tokens per batch: enough rows that a product reads its weights rarely, few enough that the
/// states of a batch stay in the processor's caches.
const BATCH_TOKENS: usize = 1024;

/// A transformer in a local directory.
///
/// A text of blanks only, or of which the tokenizer keeps nothing, gives a row of zeros. A text
/// longer than the window is cut into overlapping windows of equal length, and its vector is the
/// mean of the windows' unit vectors, at unit length; nothing is left out.
///
/// Rows are the same bits for any number of threads, and do not depend on the other texts of a
/// call: a product adds up each row by itself, in an order that depends on the weights' shape
/// only. Processors with other vector registers may differ in the last bits.
#[derive(Debug)]
pub struct TransformerModel {
    identity: EmbedderIdentity,
    settings: Settings,
    windows: Windows,
    network: Network,
}

#[derive(Debug)]
enum Network {
    Bert(Bert),
    Qwen3(Qwen3),
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    model_type: Option<String>,
}

/// The `model_type` that `config.json` of `directory` states; `None` where it states none.
pub(super) fn model_type(directory: &Path) -> Result<Option<String>, TransformerError> {
    let kind: Kind = parse(CONFIG_FILE, &read_file(directory, CONFIG_FILE)?)?;
    Ok(kind.model_type)
}

impl TransformerModel {
    /// Loads the model in `directory`, whose name becomes the model's.
    ///
    /// # Errors
    /// [`EmbedError::Directory`] naming the directory, with a [`TransformerError`]: a file is
    /// missing or damaged, files do not fit together, a number is not finite, or the model needs
    /// something that is not supported.
    pub fn from_dir(directory: &Path) -> Result<Self, EmbedError> {
        Self::load(directory).map_err(|source| EmbedError::Directory {
            path: directory.to_owned(),
            source: Box::new(source.into()),
        })
    }

    fn load(directory: &Path) -> Result<Self, TransformerError> {
        run_products_on_one_thread();
        let config = read_file(directory, CONFIG_FILE)?;
        let kind: Kind = parse(CONFIG_FILE, &config)?;
        let tokenizer = read_file(directory, TOKENIZER_FILE)?;
        let mut hash = Sha256::new();
        for part in [&config, &tokenizer] {
            // The length keeps the border between the files in the hash.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let weights = |hash: &mut Sha256| Weights::open(directory, hash);
        let (network, rows, max_positions, architecture) = match kind.model_type.as_deref() {
            Some("bert") => {
                let config: BertConfig = parse(CONFIG_FILE, &config)?;
                let network = Network::Bert(Bert::load(&config, weights(&mut hash)?)?);
                (network, config.vocab_size, config.max_position_embeddings, Architecture::Bert)
            }
            Some("qwen3") => {
                let config: Qwen3Config = parse(CONFIG_FILE, &config)?;
                let network = Network::Qwen3(Qwen3::load(&config, weights(&mut hash)?)?);
                (network, config.vocab_size, config.max_position_embeddings, Architecture::Qwen3)
            }
            other => {
                let found = other.unwrap_or("(none)").to_owned();
                return Err(TransformerError::UnknownArchitecture { found });
            }
        };
        let settings = Settings::read(directory, architecture, max_positions)?;
        hash.update(settings.fingerprint());
        let windows = Windows::new(&tokenizer, &settings, rows)?;
        let name = directory
            .canonicalize()
            .ok()
            .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
        let identity = EmbedderIdentity {
            name: name.unwrap_or_else(|| architecture.name().to_owned()),
            sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            dim: network.dim(),
        };
        Ok(Self { identity, settings, windows, network })
    }

    /// What the folder's files say about how to embed.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Vectors of windows, in their order, each of unit length.
    fn embed_windows(&self, windows: &[&[u32]]) -> Result<Vec<f32>, TransformerError> {
        let dim = self.network.dim();
        let batches = batches(windows);
        let rows: Vec<Vec<f32>> = batches
            .par_iter()
            .with_max_len(1)
            .map(|batch| {
                let sequences: Vec<&[u32]> = batch.iter().map(|at| windows[*at]).collect();
                let batch = Batch::new(&sequences, self.settings.pooling);
                let states = match &self.network {
                    Network::Bert(network) => network.states(&batch)?,
                    Network::Qwen3(network) => network.states(&batch)?,
                };
                Ok(batch.pool(states, dim))
            })
            .collect::<Result<_, TransformerError>>()?;
        let mut vectors = vec![0.0; windows.len() * dim];
        for (batch, rows) in batches.iter().zip(&rows) {
            for (at, row) in batch.iter().zip(rows.chunks_exact(dim)) {
                vectors[at * dim..(at + 1) * dim].copy_from_slice(row);
            }
        }
        Ok(vectors)
    }
}

impl Network {
    const fn dim(&self) -> usize {
        match self {
            Self::Bert(network) => network.dim(),
            Self::Qwen3(network) => network.dim(),
        }
    }
}

impl Embedder for TransformerModel {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
        let dim = self.identity.dim;
        let windows: Vec<Vec<Vec<u32>>> = texts
            .par_iter()
            .map(|text| self.windows.cut(text, role))
            .collect::<Result<_, TransformerError>>()?;
        let flat: Vec<&[u32]> = windows.iter().flatten().map(Vec::as_slice).collect();
        let vectors = self.embed_windows(&flat)?;
        let mut rows = vectors.chunks_exact(dim);
        let mut data = Vec::with_capacity(texts.len() * dim);
        for (index, windows) in windows.iter().enumerate() {
            // Windows of one text are equally long, so the mean over tokens is the plain mean.
            let mut sum = vec![0.0_f64; dim];
            for row in rows.by_ref().take(windows.len()) {
                let length = length(row.iter().map(|value| f64::from(*value)));
                if !length.is_finite() {
                    return Err(EmbedError::Overflow { index });
                }
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += f64::from(*value) / length.max(f64::MIN_POSITIVE);
                }
            }
            let length = length(sum.iter().copied()).max(f64::MIN_POSITIVE);
            #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the result")]
            data.extend(sum.iter().map(|value| (value / length) as f32));
        }
        Ok(Embeddings::new(data, dim)?)
    }
}

fn length(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// Numbers of windows, longest first, in batches of about [`BATCH_TOKENS`] tokens.
///
/// Sequences of one batch are about equally long, and the longest, which take longest, start
/// first, so that no thread is left with one of them at the end.
fn batches(windows: &[&[u32]]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..windows.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(windows[*at].len()), *at));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut tokens = BATCH_TOKENS;
    for at in order {
        let length = windows[at].len();
        if tokens + length > BATCH_TOKENS {
            batches.push(Vec::new());
            tokens = 0;
        }
        tokens += length;
        batches.last_mut().expect("one was just begun").push(at);
    }
    batches
}

/// Keeps candle's matrix products on the thread that asks for them.
///
/// Candle splits a product over all threads, which pays for one large product at a time. Here
/// batches already keep all threads busy, and splitting them again only adds waiting.
fn run_products_on_one_thread() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| gemm::set_threading_threshold(usize::MAX));
}

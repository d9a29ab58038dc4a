//! Vectors kept between runs, so that changed lists cost only what is new in them.
//!
//! A vector is found by the SHA-256 of who makes it ([`EmbedderIdentity::sha256`]), the
//! [`TextRole`] and the text exactly as it is handed to the embedder. Another model therefore
//! never meets the vectors of this one, and a changed text is embedded anew.
//!
//! `DIR/<identity>/<checksum>.safetensors`: immutable files that are written beside their place
//! and renamed, checked as a whole when they are opened, and merged when many small ones gathered.
//! Only vectors that the embedder returned without an error are kept. The cache is a convenience:
//! when it fails, vectors are computed and a warning says so.

mod error;
mod segment;
mod size;
mod store;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use error::CacheError;

use self::segment::Key;
use self::store::Store;
use super::{EmbedError, Embedder, EmbedderIdentity, TextRole};
use crate::model::Embeddings;

/// Texts handed to the embedder at once: what it made of them is kept even if it fails on later
/// ones. Enough for every thread and for several requests.
const TEXTS_AT_ONCE: usize = 512;

/// Where vectors are kept, and how much room they may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorCache {
    /// The folder.
    pub dir: PathBuf,
    /// Most bytes of all models together. When a cache is opened, files of the models that were
    /// not used for the longest time are removed until the rest fits; a single run may exceed it.
    pub limit: u64,
}

impl VectorCache {
    /// A cache in `dir` of at most 4 GiB: two million vectors of 512 numbers.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), limit: 4 << 30 }
    }
}

/// An embedder that computes only what its cache lacks.
#[derive(Debug)]
pub struct CachedEmbedder<E> {
    inner: E,
    store: Mutex<Store>,
}

impl<E: Embedder> CachedEmbedder<E> {
    /// Opens the part of `cache` that belongs to `inner`.
    ///
    /// # Errors
    /// [`EmbedError::Cache`] when the folder cannot be made, read or written.
    pub fn open(inner: E, cache: &VectorCache) -> Result<Self, EmbedError> {
        let EmbedderIdentity { sha256, dim, .. } = inner.identity();
        let store = Store::open(&cache.dir, sha256, *dim, cache.limit)?;
        Ok(Self { inner, store: Mutex::new(store) })
    }

    /// The embedder itself.
    pub const fn inner(&self) -> &E {
        &self.inner
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic elsewhere leaves no half-made entry behind: entries are put in whole.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Embedder> Embedder for CachedEmbedder<E> {
    fn identity(&self) -> &EmbedderIdentity {
        self.inner.identity()
    }

    /// As the inner embedder; equal texts are computed once.
    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
        let EmbedderIdentity { sha256, dim, .. } = self.identity();
        let dim = *dim;
        let keys: Vec<Key> = texts.par_iter().map(|text| key(sha256, role, text)).collect();
        let mut data = vec![0.0; texts.len() * dim];
        // The places of each missing key, in the order of the texts.
        let mut missing: Vec<(usize, Vec<usize>)> = Vec::new();
        {
            let mut store = self.store();
            store.check();
            let mut seen: HashMap<&Key, usize> = HashMap::new();
            for (place, (key, row)) in keys.iter().zip(data.chunks_exact_mut(dim)).enumerate() {
                if !store.get(key, row) {
                    let at = *seen.entry(key).or_insert_with(|| {
                        missing.push((place, Vec::new()));
                        missing.len() - 1
                    });
                    missing[at].1.push(place);
                }
            }
        }
        for group in missing.chunks(TEXTS_AT_ONCE) {
            let wanted: Vec<&str> = group.iter().map(|(place, _)| texts[*place]).collect();
            let made = self.inner.embed(&wanted, role)?;
            let mut store = self.store();
            for (row, (first, places)) in group.iter().enumerate() {
                store.put(keys[*first], made.row(row));
                for place in places {
                    data[place * dim..(place + 1) * dim].copy_from_slice(made.row(row));
                }
            }
            store.write_if_due();
        }
        Ok(Embeddings::new(data, dim)?)
    }

    /// Not once more.
    fn is_worth_caching(&self) -> bool {
        false
    }
}

/// What the vector of a text is found by.
fn key(identity: &str, role: TextRole, text: &str) -> Key {
    let mut hash = Sha256::new();
    hash.update(identity.as_bytes());
    hash.update(match role {
        TextRole::Query => b"\0query\0".as_slice(),
        TextRole::Document => b"\0document\0".as_slice(),
    });
    hash.update(text.as_bytes());
    hash.finalize().into()
}

//! What can go wrong with a vector cache.

use std::io;
use std::path::PathBuf;

use crate::model::{Diagnosis, Lang};

/// Why a vector cache could not be used. A cache that fails later only costs time and is told as
/// a warning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The folder cannot be made, read or written.
    #[error("using {} as a cache of vectors: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
}

impl Diagnosis for CacheError {
    fn code(&self) -> &'static str {
        "embed.cache-folder"
    }

    fn message(&self, lang: Lang) -> String {
        let Self::Folder { path, source } = self;
        match lang {
            Lang::Zh => format!("无法把 {} 用作向量缓存目录：{source}", path.display()),
            Lang::En => self.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        lang.pick(
            "用 --vector-cache 换一个可写的目录，或用 --no-vector-cache 不用缓存",
            "name a writable folder with --vector-cache, or do without: --no-vector-cache",
        )
        .to_owned()
    }
}

//! Getting model folders: from a mirror over HTTP, or from a folder that is already here.
//!
//! Nothing here runs unless somebody asks for a model. A pull writes beside its place and renames;
//! an interrupted one goes on where it stopped. Every folder gets a `SHA256SUMS`, in the format of
//! the program of that name, which [`verify`] checks later.

mod error;
mod http;
mod known;
mod manifest;
mod pull;

#[cfg(test)]
mod tests;

pub use error::DownloadError;
pub use known::{KnownFile, KnownModel, known_models};
pub use manifest::{MANIFEST_FILE, verify};
pub use pull::{HashOrigin, PullOptions, Pulled, PulledFile, Source, pull};

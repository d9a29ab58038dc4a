//! The workspace that a command works on, and what the job is told of the world around it.

use super::arguments::WorkspaceArgument;
use super::embedder::{KEY, cache_folder};
use super::match_lists::{fixed_time, run_time};
use super::outcome::Failure;
use crate::embed::ApiKey;
use crate::job::{Surroundings, Workspace};

/// The workspace that was named, or that of the current folder.
pub(super) fn find(argument: &WorkspaceArgument) -> Result<Workspace, Failure> {
    let here = std::env::current_dir()?;
    Ok(Workspace::find(argument.workspace.as_deref(), &here)?)
}

/// Time, key and cache from the environment.
pub(super) fn surroundings() -> Surroundings {
    Surroundings {
        started_at: run_time(),
        fixed: fixed_time().is_some(),
        key: std::env::var(KEY).ok().and_then(|key| ApiKey::new(&key)),
        vector_cache: cache_folder(|name| std::env::var_os(name)),
    }
}

//! From the settings of a workspace to the options of a match.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::{Timestamp, Zoned};

use super::{JobError, Workspace};
use crate::config::{ConfigError, MatchConfig};
use crate::embed::{ApiKey, VectorCache};
use crate::kernel::BackendChoice;
use crate::model::Micro;
use crate::pipeline::{
    AllocationMethod, EmbedderChoice, EmbedderOptions, MatchOptions, SynonymsChoice,
};

/// What the job is told of the world around it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// When the command began.
    pub started_at: Zoned,
    /// Whether that time stands for every time of the command, so that two runs can be compared.
    pub fixed: bool,
    /// The key of an endpoint; it is written nowhere.
    pub key: Option<ApiKey>,
    /// Where vectors are kept between runs.
    pub vector_cache: Option<PathBuf>,
}

impl Surroundings {
    /// The time now, or the fixed one.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        if self.fixed { self.started_at.timestamp() } else { Timestamp::now() }
    }
}

/// The options of tonight's match.
pub(super) fn match_options(
    workspace: &Workspace,
    around: &Surroundings,
    as_of: Date,
) -> Result<MatchOptions, JobError> {
    let config = &workspace.config().matching;
    let mut options =
        MatchOptions::new(Vec::new(), Vec::new(), PathBuf::new(), around.started_at.clone());
    options.as_of = as_of;
    options.lang = config.lang;
    options.show_timings = !around.fixed;
    options.stale_hours = Some(workspace.config().night.stale_hours);
    options.backend = match config.backend.as_str() {
        "cpu" => BackendChoice::Cpu,
        "gpu" => BackendChoice::Gpu,
        _ => BackendChoice::Auto,
    };
    options.per_demand = config.per_demand;
    options.per_supply = config.per_supply;
    options.allocation = match config.allocation.as_str() {
        "stable" => AllocationMethod::Stable,
        _ => AllocationMethod::Flow,
    };
    options.exposure_cost = Micro::from_unit(config.exposure_cost);
    options.n_candidates = config.candidates as usize;
    options.depth = config.depth as usize;
    options.top = config.top as usize;
    let wrong = |key: &str, value: &str, allowed: String| ConfigError::Value {
        path: workspace.path(super::workspace::CONFIG),
        key: format!("match.{key}"),
        value: format!("{value:?}"),
        allowed,
    };
    options.quota = match &config.quota {
        None => None,
        Some(text) => Some(text.parse().map_err(|allowed| wrong("quota", text, allowed))?),
    };
    let root = workspace.root();
    let below = |text: &String| root.join(text);
    options.weights = config.weights.as_ref().map(below);
    options.calibration = config.calibration.as_ref().map(below);
    options.synonyms = match config.synonyms.as_str() {
        "builtin" => SynonymsChoice::Builtin,
        "none" => SynonymsChoice::None,
        path => SynonymsChoice::File(root.join(path)),
    };
    options.embedder = embedder(config, root, around)
        .map_err(|allowed| wrong("embedder", &config.embedder, allowed))?;
    if config.query_instruction.is_some() && options.embedder.choice.endpoint().is_none() {
        let value = config.query_instruction.as_deref().unwrap_or_default();
        let allowed = "\"\"（只用于接口；for endpoints only）".to_owned();
        return Err(wrong("query_instruction", value, allowed).into());
    }
    Ok(options)
}

fn embedder(
    config: &MatchConfig,
    root: &Path,
    around: &Surroundings,
) -> Result<EmbedderOptions, String> {
    let choice: EmbedderChoice =
        config.embedder.parse().map_err(|error: crate::embed::EndpointError| error.to_string())?;
    let choice = match choice {
        EmbedderChoice::Directory(path) => EmbedderChoice::Directory(root.join(path)),
        other => other,
    };
    let key = choice.endpoint().and(around.key.clone());
    Ok(EmbedderOptions {
        choice,
        key,
        query_instruction: config.query_instruction.clone(),
        cache: around.vector_cache.as_deref().map(VectorCache::new),
    })
}

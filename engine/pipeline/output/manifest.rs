//! `manifest.json`: what a run was made of, so that it can be repeated.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::{AllocationFacts, NightMode, PipelineError};
use super::names;
use crate::model::{Part, Side};

/// Name and version of the manifest's shape.
pub(in super::super) const SCHEMA: &str = "duijie.manifest/1";

/// Everything that decided a run's output, and how long it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// `duijie.manifest/1`.
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// When the run began, with time zone.
    pub started_at: String,
    /// Reference date.
    pub as_of: Date,
    /// Latest date of publication in the lists: 数据截至.
    pub data_until: Option<Date>,
    /// The demands.
    pub demands: SideFacts,
    /// The supplies.
    pub supplies: SideFacts,
    /// Name of what made the records' vectors: a model, `model@host`, or two files.
    pub embedder: String,
    /// SHA-256 of everything that determines these vectors, as far as it can be known.
    pub embedder_sha256: String,
    /// Dimensions of the embeddings.
    pub embedder_dim: usize,
    /// `builtin`, `directory`, `endpoint` or `vectors` (read from files).
    #[serde(default)]
    pub embedder_kind: String,
    /// Host and port that texts were sent to, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedder_host: Option<String>,
    /// The model of the passages' vectors, where it is not that of the records' vectors. Vectors
    /// of the two are never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage_embedder: Option<EmbedderFacts>,
    /// SHA-256 of the weights file's text.
    pub weights_sha256: String,
    /// SHA-256 of the calibration file's text.
    pub calibration_sha256: String,
    /// Which list of synonyms: `builtin`, `none`, or the file's name.
    #[serde(default)]
    pub synonyms: String,
    /// SHA-256 of the list's text; of the empty text for none.
    #[serde(default)]
    pub synonyms_sha256: String,
    /// Brokers' answers and what they changed; absent where none were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<AnswerFacts>,
    /// Seeds of everything random; nothing in this job is.
    pub seeds: BTreeMap<String, u64>,
    /// The machine that selected.
    pub backend: BackendFacts,
    /// Options that decide the result.
    pub options: BTreeMap<String, u64>,
    /// What came out: candidate pairs, kept pairs, allocated pairs, verdicts per demand, gaps.
    pub counts: BTreeMap<String, u64>,
    /// How pairs were handed out, beside the other ways; empty in runs of earlier versions.
    #[serde(default)]
    pub allocation: AllocationFacts,
    /// How much a night had to score; absent for a match of two lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub night: Option<NightMode>,
    /// Wall time per stage in seconds.
    pub timings: BTreeMap<String, f64>,
}

/// One side's input and what became of its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideFacts {
    /// The files or sheets read.
    pub files: Vec<FileFacts>,
    /// Rows read; the sum of the next four.
    pub rows_in: usize,
    /// Records kept.
    pub records: usize,
    /// Rows merged into an equal one.
    pub merged: usize,
    /// Rows that are titles, headings, totals or notes.
    pub skipped: usize,
    /// Rows refused, with reasons in `rejected.csv`.
    pub rejected: usize,
    /// Values mended.
    pub repairs: usize,
    /// Groups of near-duplicates.
    pub near_duplicate_groups: usize,
}

/// One file or sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// File name.
    pub file: String,
    /// Sheet, where there are sheets.
    pub sheet: Option<String>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Rows read from it.
    pub rows_in: usize,
}

/// What makes vectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedderFacts {
    /// Its name.
    pub name: String,
    /// SHA-256 of everything that determines the vectors, as far as it can be known.
    pub sha256: String,
    /// Numbers per vector.
    pub dim: usize,
    /// `builtin`, `directory`, `endpoint` or `vectors`.
    pub kind: String,
    /// Host and port that texts were sent to, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// Brokers' answers as they were read, and what they changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AnswerFacts {
    /// The files or sheets read; `rows_in` counts rows with an answer.
    pub files: Vec<FileFacts>,
    /// Answers after this day were left out.
    pub until: Option<Date>,
    /// Answers in force.
    pub in_force: usize,
    /// Answers about records that are in neither list.
    pub unknown: usize,
    /// Answers left out by their date.
    pub left_out: usize,
    /// Answers that a later one replaced.
    pub superseded: usize,
    /// Rows whose answer could not be read.
    pub unreadable: usize,
    /// Refused pairs by reason.
    pub refusals: BTreeMap<String, u32>,
    /// Blocked pairs: id of the demand, id of the supply.
    pub blocked: Vec<[String; 2]>,
    /// Refused pairs that are free again because a record has changed.
    pub lifted: Vec<[String; 2]>,
    /// SHA-256 of the weights before the answers.
    pub weights_before_sha256: String,
    /// Weights that the answers moved.
    pub weight_changes: Vec<WeightChangeFacts>,
}

/// A weight that answers moved, in thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightChangeFacts {
    /// Seen from which side.
    pub side: Side,
    /// The part.
    pub part: Part,
    /// Before.
    pub before: u32,
    /// After.
    pub after: u32,
}

/// The machine that selected the candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendFacts {
    /// `cpu` or `gpu`.
    pub kind: String,
    /// Name of the processor or adapter.
    pub adapter: String,
    /// Driver or instruction set.
    pub driver: String,
    /// Whether the adapter is software.
    pub software: bool,
    /// Why no GPU was taken, where one was looked for.
    pub note: Option<String>,
}

impl Manifest {
    /// Reads the manifest of a finished run.
    ///
    /// # Errors
    /// [`PipelineError::NotARun`] when there is none, or it cannot be read.
    pub fn read(out: &Path) -> Result<Self, PipelineError> {
        let path = out.join(names::MANIFEST);
        let not_a_run = |reason: String| PipelineError::NotARun { path: out.to_owned(), reason };
        let text = std::fs::read_to_string(&path)
            .map_err(|e| not_a_run(format!("{}: {e}", names::MANIFEST)))?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|e| not_a_run(format!("{}: {e}", names::MANIFEST)))?;
        if manifest.schema != SCHEMA {
            return Err(not_a_run(format!("{} is {}", names::MANIFEST, manifest.schema)));
        }
        Ok(manifest)
    }

    pub(in super::super) fn write(&self, path: &Path) -> Result<(), PipelineError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|e| PipelineError::io("write", path, e.into()))?;
        text.push('\n');
        std::fs::write(path, text).map_err(|e| PipelineError::io("write", path, e))
    }
}

//! The main job: two lists in, an explained two-way match out.
//!
//! import → index and embed → candidates → scoring (verdicts and allocation too) → lists → output. This floor chooses the backend and the model, reads the clock for timings, and owns the
//! shapes of the files it writes. It prints nothing: progress goes to a [`Progress`].

mod answers;
mod candidates;
mod choice;
mod clock;
mod defaults;
mod embedder;
mod embedding;
mod error;
mod explain;
mod import;
mod inspect;
mod lists;
mod options;
mod output;
mod progress;
mod run;
mod scoring;
mod search;
mod write;

pub use choice::choose_backend;
pub use defaults::{BUILTIN_CALIBRATION, BUILTIN_WEIGHTS, taxonomy};
pub use embedder::EmbedderChoice;
pub use error::PipelineError;
pub use explain::{Explanation, explain};
pub use inspect::{Inspection, inspect};
pub use options::{MatchOptions, SideOptions};
pub use output::{
    AnswerFacts, BackendFacts, ContradictionRecord, FileFacts, Manifest, PairRecord, PartRecord,
    QualityRecord, QuoteRecord, SideFacts, WeightChangeFacts,
};
pub use progress::{Progress, Silent, Stage};
pub use run::{RunSummary, run_match};
pub use search::{SearchAnswer, search};

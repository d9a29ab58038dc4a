//! The main job: two lists in, an explained two-way match out.
//!
//! import → index and embed → candidates → passages → scoring (verdicts and allocation too) → lists
//! and joint answers → output. This floor chooses the backend and the model, reads the clock for
//! timings, and owns the
//! shapes of the files it writes. It prints nothing: progress goes to a [`Progress`].

mod allocation;
mod answers;
mod back_test;
mod candidates;
mod check_backends;
mod choice;
mod clock;
mod compare;
mod defaults;
mod embedder;
mod embedding;
mod error;
mod evaluate;
mod explain;
mod import;
mod inspect;
mod joint;
mod lists;
mod night;
mod options;
mod output;
mod own_vectors;
mod passages;
mod progress;
mod run;
mod scoring;
mod search;
mod snapshot;
mod synonyms;
mod write;

pub use allocation::{AllocationMethod, DEFAULT_EXPOSURE_COST, QuotaBy, QuotaOption};
pub use back_test::{BackTestJob, BackTestOutcome, run_back_test};
pub use check_backends::{BackendCheck, Checked, check_backends};
pub use choice::choose_backend;
pub use compare::{AllocationFacts, Comparison, ListMeasures};
pub use defaults::{BUILTIN_CALIBRATION, BUILTIN_WEIGHTS, taxonomy};
pub use embedder::{EmbedderChoice, EmbedderOptions};
pub use error::PipelineError;
pub use evaluate::{EvaluateError, EvaluateOptions, Keep, SEED, evaluate};
pub use explain::{Explanation, explain};
pub use inspect::{Inspection, inspect, write_rows_to_return};
pub use night::{
    FullBecause, NightFolders, NightInput, NightMode, NightSummary, Refresh, run_night,
};
pub use options::{MatchOptions, SideOptions};
pub use output::{
    AnswerFacts, BackendFacts, ContradictionRecord, EmbedderFacts, FileFacts, JointMemberRecord,
    JointRecord, Manifest, NumberRecord, PairRecord, PartRecord, PhraseRecord, QualityRecord,
    QuestionRecord, QuoteRecord, SideFacts, WeightChangeFacts,
};
pub use own_vectors::{OwnVectors, OwnVectorsError};
pub use progress::{Progress, Silent, Stage};
pub use run::{RunSummary, run_match};
pub use search::{SearchAnswer, search};
pub use snapshot::{
    Cursor, Draft, Filters, Found, FoundRecord, GapEntry, PairHead, Query, Run, SeenPair,
    SeenRecord, Snapshot, SnapshotFolders, TextAnswer, View,
};
pub use synonyms::{BUILTIN_SYNONYMS, SynonymsChoice};

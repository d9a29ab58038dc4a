//! What the product speaks of: records, pairs, embeddings, and what an import found.
//!
//! Plain data. No file, clock, thread or random number is touched here, and nothing here knows
//! how a record was read or how a score is computed.

mod answer;
mod diagnosis;
mod embeddings;
mod intake;
mod micro;
mod multi_vectors;
mod pair;
mod record;
mod returned;
mod role;
mod sight;
mod standing;
mod vocabulary;

pub use answer::{Answer, BrokerAnswer, Reason};
pub use diagnosis::{Diagnosis, Lang, Wording};
pub use embeddings::{Embeddings, EmbeddingsView, ShapeError};
pub use intake::{
    ColumnUse, FileIntake, FileOutcome, Intake, MergedRow, RejectedRow, Rejection, Repair,
    RepairKind, SkipReason, SkippedRow, TableIntake,
};
pub use micro::Micro;
pub use multi_vectors::{MultiVectors, MultiVectorsView, StartsError};
pub use pair::{
    Match, Part, PartValues, Quote, QuoteField, RatedPair, SynonymKind, SynonymPair, Verdict, Veto,
};
pub use record::{Contact, DemandIdx, Price, Record, RecordId, Side, SourceRef, SupplyIdx};
pub use returned::{ReturnedRow, ReturnedSheet};
pub use role::{Permission, Role};
pub use sight::Sight;
pub use standing::{Contradiction, LegalStatus, StatedField, Supplement};
pub use vocabulary::{CooperationMode, Maturity, SupplyKind, Visibility};

//! What a pair is worth to each side, and who is handed to whom.
//!
//! Pure: texts, vectors and scores come in as arguments; integers go out. Scores are sums of
//! contributions in millionths ([`crate::model::Micro`]), so that what is shown adds up exactly
//! and every machine gets the same bits.

mod allocation;
mod calibration;
mod contradiction;
mod evidence;
mod feedback;
mod field;
mod fingerprint;
mod gap;
mod parts;
mod quality;
mod score;
mod weights;

pub use allocation::{Capacities, Edge, allocate};
pub use calibration::{Calibration, CalibrationError, mutual_score};
pub use contradiction::{contradiction_text, contradictions, legal_status_text};
pub use evidence::{Evidence, PassageVectors, RecordText, Vocabulary};
pub use feedback::{FEWEST_REFUSALS, Feedback, MOST_MOVED, PairAnswer, WeightChange, learn};
pub use field::{FieldPath, Taxonomy, TaxonomyError, code_path, field_similarity};
pub use fingerprint::fingerprint;
pub use gap::{to_verify, typical_values, what_lacks};
pub use parts::{ANSWER_HALF_LIFE_DAYS, PairInputs, confidence, part_values, vetoes};
pub use quality::{
    CANDIDATES_ASKED, Profile, Quality, QualityComponent, Question, Triage, VAGUE_BELOW,
    choose_questions, profile, quality,
};
pub use score::{Scored, contributions, score};
pub use weights::{Weights, WeightsError};

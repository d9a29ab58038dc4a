//! What a pair is worth to each side, and who is handed to whom.
//!
//! Pure: texts, vectors and scores come in as arguments; integers go out. Scores are sums of
//! contributions in millionths ([`crate::model::Micro`]), so that what is shown adds up exactly
//! and every machine gets the same bits.

mod allocation;
mod calibration;
mod evidence;
mod field;
mod gap;
mod parts;
mod score;
mod synonyms;
mod weights;

pub use allocation::{Capacities, Edge, allocate};
pub use calibration::{Calibration, CalibrationError, mutual_score};
pub use evidence::{Evidence, PassageVectors, RecordText, Vocabulary};
pub use field::{FieldPath, Taxonomy, TaxonomyError, code_path, field_similarity};
pub use gap::{VAGUE_BELOW, gap_question, is_vague, to_verify, typical_values, what_lacks};
pub use parts::{ANSWER_HALF_LIFE_DAYS, PairInputs, confidence, part_values, vetoes};
pub use score::{Scored, contributions, score};
pub use weights::{Weights, WeightsError};

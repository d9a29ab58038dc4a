//! What a pair is worth to each side, and who is handed to whom.
//!
//! Pure: texts, vectors and scores come in as arguments; integers go out. Scores are sums of
//! contributions in millionths ([`crate::model::Micro`]), so that what is shown adds up exactly
//! and every machine gets the same bits.

mod calibration;
mod contradiction;
mod deferred_acceptance;
mod evidence;
mod feedback;
mod field;
mod fingerprint;
mod flow;
mod gap;
mod joint;
mod market;
mod news;
mod numbers;
mod optimality;
mod parts;
mod passages;
mod quality;
mod score;
mod spans;
mod synonyms;
mod weights;

pub use calibration::{Calibration, CalibrationError, mutual_score};
pub use contradiction::{contradiction_text, contradictions, legal_status_text};
pub use deferred_acceptance::deferred_acceptance;
pub use evidence::{Evidence, RecordText, Vocabulary};
pub use feedback::{FEWEST_REFUSALS, Feedback, MOST_MOVED, PairAnswer, WeightChange, learn};
pub use field::{FieldPath, Taxonomy, TaxonomyError, code_path, field_similarity, is_cross_field};
pub use fingerprint::fingerprint;
pub use flow::{Flow, max_total_flow};
pub use gap::{to_verify, typical_values, what_lacks};
pub use joint::{
    JOINT_POOL, JointAnswer, JointCandidate, JointMember, JointTerms, joint_answer, owners,
};
pub use market::{Market, Quota};
pub use news::{
    Assignment, Broker, GoneEntry, News, NewsEntry, NewsUnit, Standing, StandingPair, WhyGone,
    WhyNew, assign, news,
};
pub use numbers::{
    CheckedNumber, Doubt, JudgedNumbers, MARGIN_PERCENT, NumberCheck, Outcome, StatedNumbers,
    check_numbers, judge, numbers_value,
};
pub use optimality::{GroupPrice, NotOptimal, Prices, verify_optimal};
pub use parts::{ANSWER_HALF_LIFE_DAYS, PairInputs, confidence, part_values, vetoes};
pub use passages::PassageVectors;
pub use quality::{
    CANDIDATES_ASKED, Profile, Quality, QualityComponent, Question, Triage, VAGUE_BELOW,
    choose_questions, profile, quality,
};
pub use score::{Scored, contributions, score};
pub use spans::{MAX_SPANS, Span, passage_spans, requirement_spans};
pub use weights::{Weights, WeightsError, script_of};

//! The output folder: each file's shape, and the folder that appears whole or not at all.

mod facts;
mod folder;
mod joint;
mod lines;
mod manifest;
mod pairs;
mod quality;
mod rankings;
mod records;

pub use joint::{JointMemberRecord, JointRecord};
pub use manifest::{
    AnswerFacts, BackendFacts, EmbedderFacts, FileFacts, Manifest, SideFacts, WeightChangeFacts,
};
pub use pairs::{ContradictionRecord, NumberRecord, PairRecord, PartRecord, QuoteRecord};
pub use quality::{PhraseRecord, QualityRecord, QuestionRecord};

pub(super) use facts::{backend_facts, counts, decisive_options, sha256, side_facts};
pub(super) use folder::OutputFolder;
pub(super) use joint::{find_joint, write_joint};
pub(super) use lines::read_json_lines;
pub(super) use manifest::SCHEMA as MANIFEST_SCHEMA;
pub(super) use pairs::{SCHEMA as PAIR_SCHEMA, Words, find_pair, pair_record, write_pairs};
pub(super) use quality::{line as quality_record, write_qualities};
pub(super) use rankings::{trec_id, write_ranking};
pub(super) use records::{read_records, record_json, write_records};

/// Names of the files in an output folder.
pub(super) mod names {
    pub(crate) const LISTS: &str = "lists.xlsx";
    pub(crate) const PAIRS: &str = "matches.jsonl";
    pub(crate) const JOINT: &str = "joint.jsonl";
    pub(crate) const RANKING: &str = "ranking.trec";
    pub(crate) const RANKING_REVERSE: &str = "ranking.reverse.trec";
    pub(crate) const BM25: &str = "ranking.bm25.trec";
    pub(crate) const BM25_REVERSE: &str = "ranking.reverse.bm25.trec";
    pub(crate) const QUALITY: &str = "quality.jsonl";
    pub(crate) const REPORT: &str = "report.html";
    pub(crate) const MANIFEST: &str = "manifest.json";
    pub(crate) const REJECTED: &str = "rejected.csv";
    pub(crate) const RETURNED: &str = "退回修改.xlsx";
    pub(crate) const FORECASTS: &str = "forecasts.csv";
    pub(crate) const INDEX: &str = "index";
    pub(crate) const RECORDS: &str = "records.jsonl";
    pub(crate) const SYNONYMS: &str = "synonyms.toml";
    pub(crate) const WEIGHTS: &str = "weights.toml";
    pub(crate) const CALIBRATION: &str = "calibration.toml";
}

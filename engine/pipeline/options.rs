//! What a run of the main job is asked to do.

use std::path::PathBuf;

use jiff::Zoned;
use jiff::civil::Date;

use super::{
    AllocationMethod, DEFAULT_EXPOSURE_COST, EmbedderOptions, OwnVectors, QuotaOption,
    SynonymsChoice,
};
use crate::corpus::ImportOptions;
use crate::kernel::BackendChoice;
use crate::model::{Lang, Micro, Side};

/// Options of `duijie match`; the defaults work for every list.
#[derive(Debug, Clone)]
pub struct MatchOptions {
    /// Files of demands.
    pub demands: Vec<PathBuf>,
    /// Files of supplies.
    pub supplies: Vec<PathBuf>,
    /// Folder to write; replaced whole if it holds an earlier run.
    pub out: PathBuf,
    /// Column choices for each side.
    pub columns: SideOptions,
    /// Share of rejected rows past which a side is refused, in `[0, 1]`.
    pub max_rejected_share: f64,
    /// Reference date: what is expired, how fresh an answer is.
    pub as_of: Date,
    /// Time of the run as it is written on pages.
    pub started_at: Zoned,
    /// Which machine selects.
    pub backend: BackendChoice,
    /// Most supplies in one demand's handed-out list.
    pub per_demand: u32,
    /// Most handed-out lists in which one supply stands.
    pub per_supply: u32,
    /// How pairs are handed out.
    pub allocation: AllocationMethod,
    /// A further limit within each demand's list.
    pub quota: Option<QuotaOption>,
    /// What every list that a supply already stands in takes off the worth of a further one.
    pub exposure_cost: Micro,
    /// Candidates per record, direction and retriever.
    pub n_candidates: usize,
    /// Depth of the rankings, each way.
    pub depth: usize,
    /// Pairs kept with all their parts, each way.
    pub top: usize,
    /// A weights file instead of the built-in one.
    pub weights: Option<PathBuf>,
    /// A calibration file instead of the built-in one.
    pub calibration: Option<PathBuf>,
    /// What makes the vectors: of records and of their passages.
    pub embedder: EmbedderOptions,
    /// Vectors of records from files; the embedder then makes those of passages only.
    pub vectors: Option<OwnVectors>,
    /// Which words are taken for one another.
    pub synonyms: SynonymsChoice,
    /// Files of brokers' answers: lists of this program with the 反馈 column filled, or tables.
    pub answers: Vec<PathBuf>,
    /// Leave out answers after this day, and undated ones.
    pub answers_until: Option<Date>,
    /// Whether wall times stand in the report; without them equal runs have equal reports.
    pub show_timings: bool,
    /// Hours after which the report turns red when it is read.
    pub stale_hours: Option<u32>,
    /// Language of what people read.
    pub lang: Lang,
}

impl MatchOptions {
    /// The defaults for two lists, an output folder and the time of the run.
    #[must_use]
    pub fn new(
        demands: Vec<PathBuf>,
        supplies: Vec<PathBuf>,
        out: PathBuf,
        started_at: Zoned,
    ) -> Self {
        Self {
            demands,
            supplies,
            out,
            columns: SideOptions::default(),
            max_rejected_share: 0.2,
            as_of: started_at.date(),
            started_at,
            backend: BackendChoice::Auto,
            per_demand: 10,
            per_supply: 10,
            allocation: AllocationMethod::default(),
            quota: None,
            exposure_cost: DEFAULT_EXPOSURE_COST,
            n_candidates: 100,
            depth: 100,
            top: 20,
            weights: None,
            calibration: None,
            embedder: EmbedderOptions::default(),
            vectors: None,
            synonyms: SynonymsChoice::default(),
            answers: Vec::new(),
            answers_until: None,
            show_timings: true,
            stale_hours: None,
            lang: Lang::Zh,
        }
    }
}

/// Column choices, some for one side only.
#[derive(Debug, Clone, Default)]
pub struct SideOptions {
    /// (side or both, field, column heading).
    pub map: Vec<(Option<Side>, String, String)>,
    /// (side or both, column heading).
    pub drop: Vec<(Option<Side>, String)>,
    /// Take rows that would be held for review.
    pub accept_held: bool,
}

impl SideOptions {
    /// The import options of one side.
    #[must_use]
    pub fn of(&self, side: Side, max_rejected_share: f64) -> ImportOptions {
        let applies = |to: &Option<Side>| to.is_none_or(|to| to == side);
        ImportOptions {
            map: self
                .map
                .iter()
                .filter(|(to, ..)| applies(to))
                .map(|(_, field, column)| (field.clone(), column.clone()))
                .collect(),
            drop: self
                .drop
                .iter()
                .filter(|(to, _)| applies(to))
                .map(|(_, column)| column.clone())
                .collect(),
            max_rejected_share,
            accept_held: self.accept_held,
        }
    }
}

//! What an evaluation is asked to do.

use std::path::PathBuf;
use std::str::FromStr;

use jiff::Zoned;
use jiff::civil::Date;
use regex::Regex;

use super::EvaluateError;
use crate::kernel::BackendChoice;
use crate::model::{Lang, Side};
use crate::pipeline::{EmbedderOptions, SideOptions, SynonymsChoice};

/// Options of `duijie eval` over two lists; the defaults are those of `match`.
#[derive(Debug, Clone)]
pub struct EvaluateOptions {
    /// Files of demands.
    pub demands: Vec<PathBuf>,
    /// Files of supplies.
    pub supplies: Vec<PathBuf>,
    /// Files of grades, in the TREC format; a pair in several of them has its last grade.
    pub qrels: Vec<PathBuf>,
    /// Column choices for each side.
    pub columns: SideOptions,
    /// Which records take part; a record has to satisfy all that concern its side.
    pub keep: Vec<Keep>,
    /// Share of rejected rows past which a side is refused, in `[0, 1]`.
    pub max_rejected_share: f64,
    /// Which side asks: the queries of the grades are its ids.
    pub asker: Side,
    /// The least grade that counts as relevant; `None` for 2, or the highest given if lower.
    pub relevant_from: Option<i32>,
    /// Ask the graded queries only: other records of the asking side get no vector, candidates
    /// come from one direction, and there are no two-way lists.
    pub only_queries: bool,
    /// Reference date of freshness.
    pub as_of: Date,
    /// Time of the run as it is written on pages.
    pub started_at: Zoned,
    /// Which machine selects.
    pub backend: BackendChoice,
    /// Most supplies in one demand's handed-out list.
    pub per_demand: u32,
    /// Most handed-out lists in which one supply stands.
    pub per_supply: u32,
    /// Candidates per record, direction and retriever.
    pub n_candidates: usize,
    /// A weights file instead of the built-in one.
    pub weights: Option<PathBuf>,
    /// A calibration file instead of the built-in one.
    pub calibration: Option<PathBuf>,
    /// What makes the vectors.
    pub embedder: EmbedderOptions,
    /// Which words are taken for one another.
    pub synonyms: SynonymsChoice,
    /// Folder for the rankings as TREC runs; made if need be.
    pub run_dir: Option<PathBuf>,
    /// Language of what people read.
    pub lang: Lang,
}

impl EvaluateOptions {
    /// The defaults for two lists, their grades and the time of the run.
    #[must_use]
    pub fn new(
        demands: Vec<PathBuf>,
        supplies: Vec<PathBuf>,
        qrels: Vec<PathBuf>,
        started_at: Zoned,
    ) -> Self {
        Self {
            demands,
            supplies,
            qrels,
            columns: SideOptions::default(),
            keep: Vec::new(),
            max_rejected_share: 0.2,
            asker: Side::Demand,
            relevant_from: None,
            only_queries: false,
            as_of: started_at.date(),
            started_at,
            backend: BackendChoice::Auto,
            per_demand: 10,
            per_supply: 10,
            n_candidates: 100,
            weights: None,
            calibration: None,
            embedder: EmbedderOptions::default(),
            synonyms: SynonymsChoice::default(),
            run_dir: None,
            lang: Lang::Zh,
        }
    }
}

/// A condition on records: a field, or a column that no field claims, matches a pattern.
#[derive(Debug, Clone)]
pub struct Keep {
    /// The side it concerns; `None` for both.
    pub side: Option<Side>,
    /// Name of the field, or heading of the column.
    pub field: String,
    /// What one of its values has to contain.
    pub pattern: Regex,
}

impl FromStr for Keep {
    type Err = EvaluateError;

    /// Reads `[demand:|supply:]FIELD~REGEX`.
    fn from_str(text: &str) -> Result<Self, EvaluateError> {
        let wrong = |reason: String| EvaluateError::KeepSyntax { text: text.to_owned(), reason };
        let (side, rest) = match text.split_once(':') {
            Some(("demand", rest)) => (Some(Side::Demand), rest),
            Some(("supply", rest)) => (Some(Side::Supply), rest),
            _ => (None, text),
        };
        let (field, pattern) =
            rest.split_once('~').ok_or_else(|| wrong("there is no ~".to_owned()))?;
        let field = field.trim();
        if field.is_empty() || pattern.is_empty() {
            return Err(wrong("the field or the pattern is empty".to_owned()));
        }
        let pattern = Regex::new(pattern).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { side, field: field.to_owned(), pattern })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let keep: Keep = "supply:organization~大学|学院".parse().expect("well-formed");
        assert_eq!((keep.side, keep.field.as_str()), (Some(Side::Supply), "organization"));
        assert!(keep.pattern.is_match("某某大学"));
        let keep: Keep = "id~^a:b~c$".parse().expect("well-formed");
        assert_eq!((keep.side, keep.field.as_str()), (None, "id"));
        assert!(keep.pattern.is_match("a:b~c"));
        for wrong in ["organization", "~x", "id~", "id~("] {
            assert!(wrong.parse::<Keep>().is_err(), "{wrong}");
        }
    }
}

//! Brokers' answers of a run: read from files, applied to the rules, told in the manifest.

use std::path::PathBuf;

use jiff::civil::Date;

use super::PipelineError;
use super::defaults::Rules;
use super::output::{AnswerFacts, FileFacts, WeightChangeFacts};
use crate::corpus::{AnswerList, read_answers};
use crate::matching::{Feedback, PairAnswer, learn};
use crate::model::{BrokerAnswer, Lang, Reason, Record};

/// The answers given to a run.
#[derive(Debug, Default)]
pub(super) struct Answers {
    lists: Vec<AnswerList>,
    until: Option<Date>,
    /// SHA-256 of the weights before the answers.
    weights_before: String,
}

impl Answers {
    /// Reads the files, in the order given.
    pub(super) fn read(files: &[PathBuf], until: Option<Date>) -> Result<Self, PipelineError> {
        let lists = files.iter().map(|path| read_answers(path)).collect::<Result<_, _>>()?;
        Ok(Self { lists, until, weights_before: String::new() })
    }

    /// Answers that were kept somewhere, in the order in which they were given; `from` names the place.
    pub(super) fn kept(answers: Vec<BrokerAnswer>, from: &str) -> Self {
        if answers.is_empty() {
            return Self::default();
        }
        let list = AnswerList {
            file: from.to_owned(),
            sha256: String::new(),
            answers,
            unread: Vec::new(),
        };
        Self { lists: vec![list], until: None, weights_before: String::new() }
    }

    /// Draws the consequences and puts the weights they leave into `rules`; the text of the
    /// weights stays as it was where none moved.
    pub(super) fn learn(
        &mut self,
        demands: &[Record],
        supplies: &[Record],
        rules: &mut Rules,
    ) -> Feedback {
        self.weights_before = rules.weights_sha256.clone();
        let answers: Vec<BrokerAnswer> =
            self.lists.iter().flat_map(|list| list.answers.iter().cloned()).collect();
        let learned = learn(&answers, self.until, demands, supplies, &rules.weights);
        if !learned.changes.is_empty() {
            rules.replace_weights(learned.weights.clone());
        }
        learned
    }

    /// What the manifest says; `None` where no file was given.
    pub(super) fn facts(
        &self,
        learned: &Feedback,
        demands: &[Record],
        supplies: &[Record],
    ) -> Option<AnswerFacts> {
        if self.lists.is_empty() {
            return None;
        }
        let ids = |pairs: &[PairAnswer]| {
            pairs
                .iter()
                .map(|pair| {
                    [
                        demands[pair.demand.get()].id.0.clone(),
                        supplies[pair.supply.get()].id.0.clone(),
                    ]
                })
                .collect()
        };
        Some(AnswerFacts {
            files: self
                .lists
                .iter()
                .map(|list| FileFacts {
                    file: list.file.clone(),
                    sheet: None,
                    sha256: list.sha256.clone(),
                    rows_in: list.answers.len() + list.unread.len(),
                })
                .collect(),
            until: self.until,
            in_force: learned.blocked.len() + learned.lifted.len() + learned.standing.len(),
            unknown: learned.unknown,
            left_out: learned.left_out,
            superseded: learned.superseded,
            unreadable: self.lists.iter().map(|list| list.unread.len()).sum(),
            refusals: Reason::ALL
                .into_iter()
                .zip(learned.refusals)
                .filter(|(_, n)| *n > 0)
                .map(|(reason, n)| (reason.label(Lang::Zh).to_owned(), n))
                .collect(),
            blocked: ids(&learned.blocked),
            lifted: ids(&learned.lifted),
            weights_before_sha256: self.weights_before.clone(),
            weight_changes: learned
                .changes
                .iter()
                .map(|change| WeightChangeFacts {
                    side: change.side,
                    part: change.part,
                    before: change.before,
                    after: change.after,
                })
                .collect(),
        })
    }
}

//! Why a job could not be done.

use std::io;
use std::path::{Path, PathBuf};

use super::EvaluateError;
use super::OwnVectorsError;
use crate::corpus::{CorpusError, YearlyError};
use crate::embed::EmbedError;
use crate::index::IndexError;
use crate::kernel::BackendError;
use crate::matching::{CalibrationError, TaxonomyError, WeightsError};
use crate::model::{Diagnosis, Lang};
use crate::report::ReportError;
use crate::simulation::SimulationError;
use crate::text::SynonymsError;

/// Why a job could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// A list could not be read.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The model failed.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A document could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The weights file is wrong.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The calibration file is wrong.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// Vectors from files do not fit the lists.
    #[error(transparent)]
    OwnVectors(#[from] OwnVectorsError),
    /// A shipped taxonomy is wrong.
    #[error(transparent)]
    Taxonomy(#[from] TaxonomyError),
    /// The grades or conditions of an evaluation do not fit the lists.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The list of synonyms is wrong.
    #[error(transparent)]
    Synonyms(#[from] SynonymsError),
    /// Yearly series could not be read.
    #[error(transparent)]
    Yearly(#[from] YearlyError),
    /// The simulation refused.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A file or folder could not be used.
    #[error("could not {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The output folder holds something that is not a run.
    #[error("{path} is not empty and holds no earlier run", path = path.display())]
    OutNotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that should hold a run does not.
    #[error("{path} holds no finished run: {reason}", path = path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is missing or unreadable.
        reason: String,
    },
    /// A run was made with another embedding model.
    #[error("the run was made with the embedding model {wanted}, not with {found}")]
    OtherModel {
        /// Name of the run's model.
        wanted: String,
        /// Name of the model at hand.
        found: String,
    },
    /// More candidate pairs than can be numbered.
    #[error("{n_records} records with {n} candidates each make too many pairs")]
    TooManyCandidates {
        /// Records of both sides.
        n_records: usize,
        /// Candidates per record, direction and retriever.
        n: usize,
    },
    /// No record has this id or number.
    #[error("no {side} has the id or number {wanted}")]
    UnknownRecord {
        /// `demand` or `supply`.
        side: &'static str,
        /// What was asked for.
        wanted: String,
    },
}

impl PipelineError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    fn inner(&self) -> Option<&dyn Diagnosis> {
        match self {
            Self::Corpus(e) => Some(e),
            Self::Index(e) => Some(e),
            Self::Embed(e) => Some(e),
            Self::Backend(e) => Some(e),
            Self::Report(e) => Some(e),
            Self::Weights(e) => Some(e),
            Self::Calibration(e) => Some(e),
            Self::Taxonomy(e) => Some(e),
            Self::OwnVectors(e) => Some(e),
            Self::Evaluate(e) => Some(e),
            Self::Synonyms(e) => Some(e),
            Self::Yearly(e) => Some(e),
            Self::Simulation(e) => Some(e),
            _ => None,
        }
    }
}

impl Diagnosis for PipelineError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "pipeline.io",
            Self::OutNotOurs { .. } => "pipeline.out-not-ours",
            Self::NotARun { .. } => "pipeline.not-a-run",
            Self::UnknownRecord { .. } => "pipeline.unknown-record",
            Self::OtherModel { .. } => "pipeline.other-model",
            Self::TooManyCandidates { .. } => "pipeline.too-many-candidates",
            _ => self.inner().map_or("pipeline", Diagnosis::code),
        }
    }

    fn message(&self, lang: Lang) -> String {
        if let Some(inner) = self.inner() {
            return inner.message(lang);
        }
        match (lang, self) {
            (Lang::Zh, Self::Io { action, path, source }) => {
                let action = match *action {
                    "read" => "读取",
                    "write" => "写入",
                    "create" => "创建",
                    "rename" => "改名",
                    "remove" => "删除",
                    other => other,
                };
                format!("无法{action} {}：{source}", path.display())
            }
            (Lang::Zh, Self::OutNotOurs { path }) => {
                format!("输出目录 {} 里有别的文件，不是本程序的结果", path.display())
            }
            (Lang::Zh, Self::NotARun { path, reason }) => {
                format!("{} 里没有完整的运行结果：{reason}", path.display())
            }
            (Lang::Zh, Self::UnknownRecord { side, wanted }) => {
                let side = if *side == "demand" { "需求" } else { "供给" };
                format!("没有编号为 {wanted} 的{side}")
            }
            (Lang::Zh, Self::OtherModel { wanted, found }) => {
                format!("这次运行用的是向量模型 {wanted}，不是 {found}")
            }
            (Lang::Zh, Self::TooManyCandidates { n_records, n }) => {
                format!("{n_records} 条记录、每条 {n} 个候选，配对太多")
            }
            (_, error) => error.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        if let Some(inner) = self.inner() {
            return inner.remedy(lang);
        }
        match self {
            Self::Io { .. } => lang.pick(
                "检查路径是否存在、磁盘是否已满、有没有读写权限，文件是否正被其他程序打开",
                "check that the path exists, the disk has room, and no other program holds the file",
            ),
            Self::OutNotOurs { .. } => lang.pick(
                "换一个空目录或新目录作 --out，以免覆盖您的文件",
                "give --out an empty or a new folder, so that no file of yours is overwritten",
            ),
            Self::NotARun { .. } => {
                lang.pick("先运行 duijie match … --out 该目录", "run `duijie match … --out` first")
            }
            Self::OtherModel { .. } => lang.pick(
                "用 --embedder（及 --query-instruction）指定当时的模型；模型若已改变，重新运行 duijie match",
                "name that model with --embedder (and --query-instruction); if it has changed \
                 since, run `duijie match` again",
            ),
            Self::TooManyCandidates { .. } => lang.pick(
                "减小 --candidates、--depth 或 --top，或把清单分成几份",
                "lower --candidates, --depth or --top, or split the lists",
            ),
            Self::UnknownRecord { .. } => lang.pick(
                "编号见 lists.xlsx 的 需求编号／供给编号 列，也可用 duijie search 查找",
                "numbers are in lists.xlsx; `duijie search` finds them too",
            ),
            _ => "",
        }
        .to_owned()
    }
}

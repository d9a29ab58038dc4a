//! What can go wrong with a forecast.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Diagnosis, Lang, Wording};
use crate::report::{Missing, ReportError};
use crate::scenario::ScenarioError;
use crate::simulation::SimulationError;

/// Why a forecast was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// A scenario was not taken.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The model stopped.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// A document could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A chart could not be drawn.
    #[error(transparent)]
    Chart(#[from] Missing),
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, `create` or `rename`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds something that is no forecast.
    #[error("{} is not empty and holds no forecast", path.display())]
    OutNotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds results of other inputs or of another version.
    #[error("{} holds results of other inputs, or of another version", path.display())]
    OtherInputs {
        /// The folder.
        path: PathBuf,
        /// What differs.
        what: Wording,
    },
    /// A part of the results is damaged.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Scenarios that cannot be shown together.
    #[error("{}", what.en)]
    Incomparable {
        /// Which ones, and why.
        what: Wording,
    },
}

impl ForecastError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    fn inner(&self) -> Option<&dyn Diagnosis> {
        match self {
            Self::Scenario(error) => Some(error),
            Self::Simulation(error) => Some(error),
            Self::Report(error) => Some(error),
            Self::Chart(error) => Some(error),
            _ => None,
        }
    }
}

impl Diagnosis for ForecastError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "forecast.io",
            Self::OutNotOurs { .. } => "forecast.out-not-ours",
            Self::OtherInputs { .. } => "forecast.other-inputs",
            Self::Damaged { .. } => "forecast.damaged",
            Self::Incomparable { .. } => "forecast.incomparable",
            _ => self.inner().map_or("forecast", Diagnosis::code),
        }
    }

    fn message(&self, lang: Lang) -> String {
        if let Some(inner) = self.inner() {
            return inner.message(lang);
        }
        if lang == Lang::En {
            return match self {
                Self::OtherInputs { what, .. } => format!("{self}: {}", what.en),
                _ => self.to_string(),
            };
        }
        match self {
            Self::Io { action, path, source } => {
                let action = match *action {
                    "read" => "读取",
                    "write" => "写入",
                    "rename" => "改名",
                    _ => "创建",
                };
                format!("无法{action} {}：{source}", path.display())
            }
            Self::OutNotOurs { path } => {
                format!("输出目录 {} 里有别的文件，不是推演结果", path.display())
            }
            Self::OtherInputs { path, what } => {
                format!("{} 里是别的输入或别的版本的结果：{}", path.display(), what.zh)
            }
            Self::Damaged { path } => format!("{} 已损坏", path.display()),
            Self::Incomparable { what } => what.zh.clone(),
            _ => self.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        if let Some(inner) = self.inner() {
            return inner.remedy(lang);
        }
        match self {
            Self::Io { .. } => lang.pick(
                "检查路径是否存在、磁盘是否已满、有没有读写权限",
                "check that the path exists, the disk has room, and you may write there",
            ),
            Self::OutNotOurs { .. } => {
                lang.pick("换一个空目录或新目录作 --out", "give --out an empty or a new folder")
            }
            Self::OtherInputs { .. } => lang.pick(
                "换一个新目录作 --out，或删去这个目录；不同输入的结果不能混在一起",
                "give --out a new folder, or remove this one: results of other inputs are not mixed",
            ),
            Self::Damaged { .. } => lang.pick(
                "删去这个文件后重新运行：只会重算这一批",
                "remove the file and run again: only its batch is computed anew",
            ),
            Self::Incomparable { .. } => lang.pick(
                "分开运行，或让各情景的起止、种子和数据一致",
                "run them apart, or give them the same period, seed and data",
            ),
            _ => "",
        }
        .to_owned()
    }
}

//! What can go wrong with an index.

use std::path::PathBuf;

use crate::model::{Diagnosis, Lang};

/// Why an index could not be built, opened or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The folder for a new index holds something already.
    #[error("index folder {} is not empty", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// There is no index where one was expected.
    #[error("no index in {}", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The index was written by another version of this program.
    #[error("index in {} has format {found}, this program reads {expected}", path.display())]
    Version {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format of this program.
        expected: u32,
    },
    /// The index's own description is unreadable or contradicts the index.
    #[error("index in {} is damaged: {reason}", path.display())]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// More records than rows can be numbered.
    #[error("{n_records} records are more than an index can number")]
    TooMany {
        /// How many were given.
        n_records: usize,
    },
    /// A file could not be read or written.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The search library failed.
    #[error("{doing} failed: {source}")]
    Engine {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl IndexError {
    /// Names what was being done when the search library or the system failed.
    pub(super) fn engine<E>(doing: &'static str) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        move |source| Self::Engine { doing, source: Box::new(source) }
    }
}

impl Diagnosis for IndexError {
    fn code(&self) -> &'static str {
        match self {
            Self::Occupied { .. } => "index.occupied",
            Self::Missing { .. } => "index.missing",
            Self::Version { .. } => "index.version",
            Self::Damaged { .. } => "index.damaged",
            Self::TooMany { .. } => "index.too-many",
            Self::Io { .. } => "index.io",
            Self::Engine { .. } => "index.engine",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, Self::Occupied { path }) => format!("索引目录 {} 不是空的", path.display()),
            (Lang::Zh, Self::Missing { path }) => format!("{} 中没有索引", path.display()),
            (Lang::Zh, Self::Version { path, found, expected }) => {
                format!("{} 的索引格式为 {found}，本程序读取 {expected}", path.display())
            }
            (Lang::Zh, Self::Damaged { path, reason }) => {
                format!("{} 的索引已损坏：{reason}", path.display())
            }
            (Lang::Zh, Self::TooMany { n_records }) => {
                format!("{n_records} 条记录超出一个索引的容量")
            }
            (Lang::Zh, Self::Io { path, source, .. }) => {
                format!("读写索引 {} 失败：{source}", path.display())
            }
            (Lang::Zh, Self::Engine { source, .. }) => format!("全文索引出错：{source}"),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Occupied { .. } => {
                lang.pick("请换一个空目录，或先移走其中的文件", "choose an empty folder")
            }
            Self::Missing { .. } => lang.pick(
                "请确认 --in 指向一次 duijie match 的输出目录",
                "point --in at the output folder of a `duijie match`",
            ),
            Self::Version { .. } | Self::Damaged { .. } => lang.pick(
                "索引可由清单重建：请重新运行 duijie match",
                "the index is derived from the lists: run `duijie match` again",
            ),
            Self::TooMany { .. } => {
                lang.pick("请把清单分成几次运行", "split the list into several runs")
            }
            Self::Io { .. } | Self::Engine { .. } => lang.pick(
                "请检查磁盘空间和目录权限，然后重新运行",
                "check free disk space and permissions, then run again",
            ),
        }
        .to_owned()
    }
}

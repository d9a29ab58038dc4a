//! Why the work on a workspace could not be done.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::ConfigError;
use crate::corpus::CorpusError;
use crate::model::{Diagnosis, Lang};
use crate::pipeline::PipelineError;
use crate::report::ReportError;
use crate::store::StoreError;

use super::lock::Holder;

/// Why the work on a workspace could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A list could not be read.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// Matching failed.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A document could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file or folder could not be used.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no workspace.
    #[error("{} is in no workspace: there is no duijie.toml", path.display())]
    NoWorkspace {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The workspace has lost its store.
    #[error("the store {} is missing", path.display())]
    NoStore {
        /// Where it should be.
        path: PathBuf,
    },
    /// Another process builds.
    #[error("another process is at work on this workspace{}", holder.as_ref().map(by).unwrap_or_default())]
    Locked {
        /// Who, where that is known.
        holder: Option<Holder>,
    },
    /// A side has no live record.
    #[error("the workspace has no live {}", side.label(Lang::En))]
    NothingToMatch {
        /// The side.
        side: crate::model::Side,
    },
    /// Nothing has been published yet.
    #[error("nothing has been published in {}", path.display())]
    NothingPublished {
        /// The workspace.
        path: PathBuf,
    },
    /// A file of the workspace was written by a newer version of the program.
    #[error("{} is {found}; this version reads {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Name and version of its shape.
        found: String,
        /// The one that is known.
        known: &'static str,
    },
    /// A file of the workspace cannot be understood.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A backup is incomplete or altered.
    #[error("the backup {} is damaged: {reason}", path.display())]
    BadBackup {
        /// The backup.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A list that is asked for does not exist.
    #[error("there is no list or set called {name}")]
    UnknownList {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

fn by(holder: &Holder) -> String {
    format!(
        ": {} on {}, process {}, since {}",
        holder.command, holder.host, holder.pid, holder.since
    )
}

impl JobError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    fn inner(&self) -> Option<&dyn Diagnosis> {
        match self {
            Self::Config(e) => Some(e),
            Self::Store(e) => Some(e),
            Self::Corpus(e) => Some(e),
            Self::Pipeline(e) => Some(e),
            Self::Report(e) => Some(e),
            _ => None,
        }
    }
}

impl Diagnosis for JobError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "job.disk-full",
                io::ErrorKind::ReadOnlyFilesystem => "job.read-only",
                _ => "job.io",
            },
            Self::NoWorkspace { .. } => "job.no-workspace",
            Self::NoStore { .. } => "job.no-store",
            Self::Locked { .. } => "job.locked",
            Self::NothingToMatch { .. } => "job.nothing-to-match",
            Self::NothingPublished { .. } => "job.nothing-published",
            Self::Newer { .. } => "job.newer",
            Self::Damaged { .. } => "job.damaged",
            Self::BadBackup { .. } => "job.bad-backup",
            Self::UnknownList { .. } => "job.unknown-list",
            _ => self.inner().map_or("job", Diagnosis::code),
        }
    }

    fn message(&self, lang: Lang) -> String {
        if let Some(inner) = self.inner() {
            return inner.message(lang);
        }
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Io { action, path, source } => {
                let action = match *action {
                    "read" => "读取",
                    "write" => "写入",
                    "create" => "创建",
                    "open" => "打开",
                    "lock" => "锁定",
                    "move" => "移动",
                    "remove" => "删除",
                    other => other,
                };
                format!("无法{action} {}：{source}", path.display())
            }
            Self::NoWorkspace { path } => {
                format!("{} 不在工作区里：没有找到 duijie.toml", path.display())
            }
            Self::NoStore { path } => format!("工作区缺少数据库 {}", path.display()),
            Self::Locked { holder } => {
                let by = holder.as_ref().map_or_else(String::new, |holder| {
                    format!(
                        "：{}（主机 {}，进程 {}，自 {}）",
                        holder.command, holder.host, holder.pid, holder.since
                    )
                });
                format!("另一个进程正在这个工作区里工作{by}")
            }
            Self::NothingToMatch { side } => {
                format!("工作区里没有有效的{}", side.label(Lang::Zh))
            }
            Self::NothingPublished { path } => format!("{} 还没有发布过结果", path.display()),
            Self::Newer { path, found, known } => {
                format!("{} 是 {found}，由更新的版本写成；本版本只认得 {known}", path.display())
            }
            Self::Damaged { path, reason } => format!("{} 已损坏：{reason}", path.display()),
            Self::BadBackup { path, reason } => {
                format!("备份 {} 不完整或被改动：{reason}", path.display())
            }
            Self::UnknownList { name, .. } => format!("没有叫“{name}”的清单或清单套"),
            other => other.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        if let Some(inner) = self.inner() {
            return inner.remedy(lang);
        }
        match self {
            Self::Io { .. } => match self.code() {
                "job.disk-full" => lang.pick(
                    "清出磁盘空间后再运行；已发布的结果不受影响（duijie gc 可删去旧的几代）",
                    "free some space and run again; what is published is untouched (`duijie gc` \
                     removes old generations)",
                ),
                "job.read-only" => lang.pick(
                    "磁盘是只读的：把工作区放在可写的地方；status、export 在只读盘上仍可用",
                    "the disk is read-only: put the workspace where it can be written; `status` \
                     and `export` still work",
                ),
                _ => lang.pick(
                    "检查路径、权限和磁盘空间，文件是否正被其他程序打开",
                    "check the path, permissions and free space, and whether another program holds the file",
                ),
            }
            .to_owned(),
            Self::NoWorkspace { .. } => lang
                .pick(
                    "在要作工作区的目录里运行 duijie init，或用 --workspace 指定工作区",
                    "run `duijie init` in the folder that is to be one, or name it with --workspace",
                )
                .to_owned(),
            Self::NoStore { .. } => lang
                .pick(
                    "用 duijie restore 备份 恢复；确实要从空白开始，运行 duijie init",
                    "bring it back with `duijie restore BACKUP`; to begin anew, run `duijie init`",
                )
                .to_owned(),
            Self::Locked { .. } => lang
                .pick(
                    "等它结束再运行；该进程若已不在（同一台主机上会自动识别），直接重试；清单也可先放进 inbox，下次夜间运行时读入",
                    "wait until it ends; lists can be put into the inbox meanwhile. A dead process \
                     of this host is recognised by itself",
                )
                .to_owned(),
            Self::NothingToMatch { .. } => lang
                .pick(
                    "用 duijie import 读入清单，或把文件放进 inbox/demands、inbox/supplies",
                    "take lists in with `duijie import`, or put files into inbox/demands and inbox/supplies",
                )
                .to_owned(),
            Self::NothingPublished { .. } => {
                lang.pick("运行 duijie nightly", "run `duijie nightly`").to_owned()
            }
            Self::Newer { .. } => {
                lang.pick("请升级 duijie", "use a newer version of duijie").to_owned()
            }
            Self::Damaged { .. } => lang
                .pick(
                    "运行 duijie verify 查看坏了什么；索引和结果可由 duijie nightly 从数据库重建，数据库损坏用 duijie restore",
                    "`duijie verify` says what is broken; `duijie nightly` rebuilds index and \
                     results from the store, `duijie restore` brings back a store",
                )
                .to_owned(),
            Self::BadBackup { .. } => lang
                .pick("换另一份备份；现有数据没有改动", "use another backup; nothing was changed")
                .to_owned(),
            Self::UnknownList { known, .. } => {
                format!("{}{}", lang.pick("已有：", "there are: "), known.join("、"))
            }
            _ => String::new(),
        }
    }
}

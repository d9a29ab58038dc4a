//! What can go wrong while a model is fetched or verified.

use std::io;
use std::path::PathBuf;

use crate::model::{Diagnosis, Lang};

/// Why a model could not be fetched or verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The name cannot be a folder's.
    #[error("{name:?} cannot be the name of a model")]
    Name {
        /// What was given.
        name: String,
    },
    /// A model without a known address and without `--from`.
    #[error("{name} is no known model, and no source was given")]
    UnknownModel {
        /// What was asked for.
        name: String,
    },
    /// The place is taken by a folder that was not pulled.
    #[error("{} is there already and has no SHA256SUMS", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error("{step} {}: {source}", path.display())]
    File {
        /// `reading`, `writing` or `renaming`.
        step: &'static str,
        /// Which one.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The server cannot be reached, or broke off too often.
    #[error("fetching {url}: {cause}")]
    Request {
        /// Address.
        url: String,
        /// Cause.
        cause: String,
    },
    /// The server refused.
    #[error("fetching {url}: the server answers {status}")]
    Status {
        /// Address.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// The source lacks a file that the model needs.
    #[error("{source_name} has no {file}")]
    Missing {
        /// Address or folder.
        source_name: String,
        /// Path of the file within it.
        file: String,
    },
    /// Fewer or more bytes came than were announced.
    #[error("{file} has {found} bytes, {expected} were announced")]
    Size {
        /// Path of the file within the folder.
        file: String,
        /// Bytes that came.
        found: u64,
        /// Bytes announced.
        expected: u64,
    },
    /// The content is not what it should be.
    #[error("{file} has sha256 {found}, expected {expected}")]
    Hash {
        /// Path of the file within the folder.
        file: String,
        /// Hash of the content.
        found: String,
        /// Hash that is known or was recorded.
        expected: String,
    },
    /// A list of files cannot be used.
    #[error("{file} is not usable: {what}")]
    List {
        /// Name of the list.
        file: String,
        /// What is wrong.
        what: String,
    },
}

impl Diagnosis for DownloadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "model.name",
            Self::UnknownModel { .. } => "model.unknown",
            Self::Occupied { .. } => "model.occupied",
            Self::File { .. } => "model.file",
            Self::Request { .. } => "model.request",
            Self::Status { .. } => "model.status",
            Self::Missing { .. } => "model.missing_file",
            Self::Size { .. } => "model.size",
            Self::Hash { .. } => "model.hash",
            Self::List { .. } => "model.list",
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Name { name } => format!("{name:?} 不能用作模型名"),
            Self::UnknownModel { name } => format!("不认识模型 {name}，也没有给出来源"),
            Self::Occupied { path } => {
                format!("{} 已存在，且其中没有 SHA256SUMS", path.display())
            }
            Self::File { step, path, source } => {
                let step = match *step {
                    "reading" => "读取",
                    "writing" => "写入",
                    _ => "改名",
                };
                format!("{step} {} 失败：{source}", path.display())
            }
            Self::Request { url, cause } => format!("下载 {url} 失败：{cause}"),
            Self::Status { url, status } => format!("下载 {url} 失败：服务器返回 {status}"),
            Self::Missing { source_name, file } => format!("{source_name} 中没有 {file}"),
            Self::Size { file, found, expected } => {
                format!("{file} 有 {found} 字节，应为 {expected} 字节")
            }
            Self::Hash { file, found, expected } => {
                format!("{file} 的 sha256 为 {found}，应为 {expected}")
            }
            Self::List { file, what } => format!("{file} 无法使用：{what}"),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::Name { .. } => (
                "名称只含字母、数字、点、横线、下划线，如 bge-small-zh-v1.5。",
                "Use letters, digits, dots, dashes and underscores, such as bge-small-zh-v1.5.",
            ),
            Self::UnknownModel { .. } => (
                "用 duijie model list 看已知的模型，或用 --from 给出镜像地址或目录。",
                "See duijie model list for the known ones, or give a mirror or a folder with \
                 --from.",
            ),
            Self::Occupied { .. } => (
                "请先移走该目录，或换一个名称。",
                "Move that folder away first, or choose another name.",
            ),
            Self::File { .. } => (
                "请检查目录是否存在、可读写、空间是否足够。",
                "Check that the folder exists, can be read and written, and has room.",
            ),
            Self::Request { .. } | Self::Size { .. } => (
                "请检查网络和代理，再运行同一条命令：已下载的部分会接着用；也可用 --from 换一个镜像，\
                 或先在别处下载再给出目录。",
                "Check the network and its proxy and run the same command again: what came is \
                 kept. Or give another mirror with --from, or a folder downloaded elsewhere.",
            ),
            Self::Status { .. } | Self::Missing { .. } => (
                "请检查地址：应能在其后加 /config.json 取得文件，如 https://镜像/仓库/resolve/main。",
                "Check the address: with /config.json after it the file should come, as in \
                 https://mirror/repository/resolve/main.",
            ),
            Self::Hash { .. } => (
                "文件损坏或已被改动：请删除模型目录后重新取得；若来源确有新版本，请换一个名称。",
                "The file is damaged or was changed: delete the model's folder and pull again; \
                 if the source has a new version, use another name.",
            ),
            Self::List { .. } => (
                "请从来源重新取得该文件，或删除它。",
                "Fetch that file from the source again, or delete it.",
            ),
        };
        lang.pick(zh, en).to_owned()
    }
}

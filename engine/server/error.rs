//! Why a server could not be started or went down.

use std::io;
use std::net::SocketAddr;

use crate::job::JobError;
use crate::model::{Diagnosis, Lang};
use crate::store::StoreError;

/// Why a server could not be started or went down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The workspace could not be used.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The store could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address could not be listened at.
    #[error("could not listen at {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no threads or sockets.
    #[error("the server could not {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl Diagnosis for ServerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Job(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Bind { .. } => "server.bind",
            Self::System { .. } => "server.system",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (_, Self::Job(e)) => e.message(lang),
            (_, Self::Store(e)) => e.message(lang),
            (Lang::Zh, Self::Bind { address, source }) => {
                format!("无法在 {address} 上监听：{source}")
            }
            (Lang::Zh, Self::System { source, .. }) => format!("服务无法启动：{source}"),
            (Lang::En, error) => error.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Job(e) => e.remedy(lang),
            Self::Store(e) => e.remedy(lang),
            Self::Bind { .. } => lang
                .pick(
                    "该端口可能已被占用（也许已经有一个 duijie 在运行）；换一个端口，例如 --bind 127.0.0.1:8788",
                    "the port may be taken (perhaps another duijie is running); take another one, for \
                     example --bind 127.0.0.1:8788",
                )
                .to_owned(),
            Self::System { .. } => lang
                .pick("检查系统的线程数和打开文件数限制", "check the system's limits of threads and open files")
                .to_owned(),
        }
    }
}

//! How a command fails: what is printed, and the exit code.

use std::io::{self, Write};

use crate::embed::{DownloadError, EmbedError};
use crate::job::JobError;
use crate::model::{Diagnosis, Lang};
use crate::pipeline::PipelineError;
use crate::server::ServerError;
use crate::store::StoreError;

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The input or the environment: exit code 1.
    Input(Box<dyn Diagnosis + Send + Sync>),
    /// The command was used wrongly: message and remedy, exit code 2.
    Usage(String, String),
    /// Writing to stdout failed.
    Output(io::Error),
    /// The command has told it already: exit code 1.
    Told,
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Usage(message.into(), remedy.into())
    }

    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) | Self::Output(_) | Self::Told => 1,
            Self::Usage(..) => 2,
        }
    }

    /// Whether the reader of our output closed it, which is no failure of ours.
    pub(super) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl From<EmbedError> for Failure {
    fn from(error: EmbedError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Prints a failure to stderr: message with its code, causes, remedy.
pub(super) fn report_failure(failure: &Failure, lang: Lang) {
    let (message, remedy) = match failure {
        Failure::Input(error) => {
            (format!("{}  [{}]", error.message(lang), error.code()), error.remedy(lang))
        }
        Failure::Usage(message, remedy) => (message.clone(), remedy.clone()),
        Failure::Told => return,
        Failure::Output(error) => (
            format!("{}: {error}", lang.pick("无法写出结果", "cannot write the result")),
            String::new(),
        ),
    };
    tell(&format!("{}{message}", lang.pick("错误：", "error: ")));
    if !remedy.is_empty() {
        tell(&format!("{}{remedy}", lang.pick("办法：", "remedy: ")));
    }
}

/// Writes a line to stderr. If nobody can read it there, the exit code still tells; `eprintln!`
/// would panic.
pub(super) fn tell(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

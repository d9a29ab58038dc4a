//! Telling somebody that a night failed: a command of the workspace's owner.

use std::io;
use std::process::{Command, ExitStatus, Stdio};

use super::Workspace;
use crate::model::{Diagnosis, Lang};

/// Environment variables that hold secrets of ours; the command does not get them.
const SECRETS: [&str; 1] = ["DUIJIE_API_KEY"];

/// What the command is told, as environment variables.
#[derive(Debug, Clone)]
pub struct FailureCommand<'a> {
    /// The command line, given to the system's shell.
    pub command: &'a str,
    /// `DUIJIE_WORKSPACE`.
    pub workspace: Option<&'a Workspace>,
    /// `DUIJIE_CODE`, such as `store.full`.
    pub code: String,
    /// `DUIJIE_MESSAGE`.
    pub message: String,
    /// `DUIJIE_REMEDY`.
    pub remedy: String,
}

impl<'a> FailureCommand<'a> {
    /// The command for an error.
    #[must_use]
    pub fn of(
        command: &'a str,
        workspace: Option<&'a Workspace>,
        error: &dyn Diagnosis,
        lang: Lang,
    ) -> Self {
        Self {
            command,
            workspace,
            code: error.code().to_owned(),
            message: error.message(lang),
            remedy: error.remedy(lang),
        }
    }
}

/// Runs the command and waits for it. What is said of the failure goes into its environment and
/// not into its command line, where a message with a quotation mark would be read as shell.
///
/// # Errors
/// What the system said when the shell could not be started.
pub fn run_on_failure(failure: &FailureCommand<'_>) -> io::Result<ExitStatus> {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.arg("/C");
        command
    } else {
        let mut command = Command::new("/bin/sh");
        command.arg("-c");
        command
    };
    command
        .arg(failure.command)
        .env("DUIJIE_CODE", &failure.code)
        .env("DUIJIE_MESSAGE", &failure.message)
        .env("DUIJIE_REMEDY", &failure.remedy)
        .stdin(Stdio::null())
        // Standard output is the summary's.
        .stdout(Stdio::from(io::stderr()));
    if let Some(workspace) = failure.workspace {
        command.env("DUIJIE_WORKSPACE", workspace.root()).current_dir(workspace.root());
    }
    for name in SECRETS {
        command.env_remove(name);
    }
    command.status()
}

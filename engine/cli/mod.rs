//! The command line: arguments, one file per command, exit codes.
//!
//! Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 the input or the
//! environment was at fault, 2 wrong usage, 255 our own fault.

mod arguments;
mod back_test;
mod backends;
mod embedder;
mod eval;
mod explain;
mod export;
mod import;
mod import_lists;
mod init;
mod judge;
mod keeping;
mod localise;
mod match_lists;
mod model;
mod nightly;
mod outcome;
mod progress;
mod search;
mod serve;
mod simulate;
mod status;
mod table;
mod template;
mod token;
mod user;
mod workspace;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;

use crate::model::Lang;
use arguments::{Arguments, Command};
use outcome::{Failure, report_failure, tell};

/// Runs the program with the process's arguments and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match catch_unwind(AssertUnwindSafe(|| run(&arguments))) {
        Ok(code) => ExitCode::from(code),
        Err(_) => {
            let lang = localise::wanted_language(&arguments);
            tell(lang.pick(
                "程序内部错误（上面是细节）。请把这段文字和使用的命令发给维护者。",
                "internal error, details above; please report it with the command you ran",
            ));
            ExitCode::from(255)
        }
    }
}

fn run(arguments: &[OsString]) -> u8 {
    let lang = localise::wanted_language(arguments);
    let parsed = localise::command(lang)
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked_for =
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            if asked_for {
                // A reader that closed the pipe has seen enough.
                error.print().ok();
                return 0;
            }
            tell(localise::usage_error(&error, lang).trim_end());
            return 2;
        }
    };
    let unattended = matches!(arguments.command, Some(Command::Nightly(_) | Command::Serve(_)));
    start_log(arguments.verbose, unattended);
    let Some(command) = &arguments.command else {
        if serve::somebody_is_there() {
            return ended(serve::run_local(lang), lang);
        }
        tell(localise::command(lang).render_help().to_string().trim_end());
        return 2;
    };
    let result = match command {
        Command::Match(options) => match_lists::run(options, lang),
        Command::Init(options) => init::run(options, lang),
        Command::Import(options) => import::run(options, lang),
        Command::Status(options) => status::run(options, lang),
        Command::Nightly(options) => nightly::run(options, lang),
        Command::Export(options) => export::run(options, lang),
        Command::Gc(options) => keeping::gc(options, lang),
        Command::Verify(options) => keeping::verify(options, lang),
        Command::Backup(options) => keeping::backup(options, lang),
        Command::Restore(options) => keeping::restore(options, lang),
        Command::Search(options) => search::run(options, lang),
        Command::Explain(options) => explain::run(options, lang),
        Command::Backends(options) => backends::run(options, lang),
        Command::Eval(options) => eval::run(options, lang),
        Command::Backtest(options) => back_test::run(options, lang),
        Command::Model(options) => model::run(options, lang),
        Command::User(options) => user::run(options, lang),
        Command::Token(options) => token::run(options, lang),
        Command::Serve(options) => serve::run(options, lang),
        Command::Judge(options) => judge::run(options, lang),
        Command::Simulate(options) => simulate::run(options, lang),
        Command::Template(options) => template::run(options, lang),
    };
    ended(result, lang)
}

/// The exit code of a command that ended; a failure is told.
fn ended(result: CommandResult, lang: Lang) -> u8 {
    match result {
        Ok(()) => 0,
        Err(failure) if failure.is_broken_pipe() => 0,
        Err(failure) => {
            report_failure(&failure, lang);
            failure.exit_code()
        }
    }
}

/// Sends the log to stderr: warnings, or what `DUIJIE_LOG` asks for, or more with `-v`. A command
/// that runs `unattended` tells its steps too, as lines of JSON where nobody watches a terminal.
fn start_log(verbose: u8, unattended: bool) {
    use tracing_subscriber::EnvFilter;

    let structured = unattended && !std::io::stderr().is_terminal();
    let default = match verbose {
        0 if structured => "duijie=info",
        0 => "duijie=warn",
        1 => "duijie=info",
        _ => "duijie=debug",
    };
    let filter = EnvFilter::try_from_env("DUIJIE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would report them on the same stderr, and panic when that is closed.
        .log_internal_errors(false);
    // Only fails if a log was started before, which then goes on.
    if structured {
        log.json().flatten_event(true).try_init().ok()
    } else {
        log.try_init().ok()
    };
}

/// What a command returns.
type CommandResult = Result<(), Failure>;

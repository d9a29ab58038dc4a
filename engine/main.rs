//! The `duijie` program: everything is in [`duijie::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    duijie::cli::main()
}

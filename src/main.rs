//! Runs one command.

use std::process::ExitCode;

fn main() -> ExitCode {
    loquat::cli::run()
}

//! `spike config print`: what is in effect.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use clap::Subcommand;

use crate::{
    config::{Config, DEFAULTS},
    error::StartError,
};

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Command {
    /// Print the configuration in effect, with secrets hidden
    Print,
    /// Print the defaults with what each key is for: a file to begin with
    Defaults,
}

#[expect(clippy::unnecessary_wraps, reason = "a command like the others")]
pub(super) fn run(command: Command, config: &Config) -> Result<(), StartError> {
    match command {
        Command::Print => print!("{}", config.show()),
        Command::Defaults => print!("{DEFAULTS}"),
    }
    Ok(())
}

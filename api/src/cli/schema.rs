//! `spike schema export`: the GraphQL schema as text.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use std::{fs, path::PathBuf};

use clap::Subcommand;

use crate::error::StartError;

/// The file of the whole graph.
const FILE: &str = "schema.graphql";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the schema in SDL, or write it to DIR/schema.graphql
    Export {
        /// The directory to write to
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(command: Command) -> Result<(), StartError> {
    let Command::Export { out } = command;
    let sdl = schema::sdl();
    let Some(dir) = out else {
        print!("{sdl}");
        return Ok(());
    };
    let path = dir.join(FILE);
    fs::create_dir_all(&dir)
        .and_then(|()| fs::write(&path, sdl))
        .map_err(|cause| StartError::File { path: path.clone(), cause })?;
    println!("{}", path.display());
    Ok(())
}

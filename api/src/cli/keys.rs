//! `spike keys rotate`: a new key to sign access tokens with.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use clap::Subcommand;

use super::offline::Offline;
use crate::{config::Config, error::StartError};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add a key. It is published at once and signs soon; tokens that older keys signed stay good
    Rotate,
}

pub(super) async fn run(command: Command, config: &Config) -> Result<(), StartError> {
    let Command::Rotate = command;
    let offline = Offline::open(config).await?;
    let key = offline.world.keys.rotate().await?;
    offline.close().await?;
    println!("new signing key {key}; a running server takes it up by itself");
    Ok(())
}

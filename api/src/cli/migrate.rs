//! `spike migrate`: bring the database up to date and exit.
#![expect(clippy::print_stdout, reason = "the command line talks to its user")]

use crate::{config::Config, data_dir, error::StartError, wiring};

pub(super) async fn run(config: &Config) -> Result<(), StartError> {
    if config.database.url.starts_with("sqlite:") {
        data_dir::make(&config.data_dir)?;
    }
    wiring::migrate(config).await?;
    println!("the database is up to date");
    Ok(())
}

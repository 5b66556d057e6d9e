//! The binary `spike`. What it does is in the library; here is how it ends.

use std::process::ExitCode;

use api::{cli::Cli, error::StartError};
use clap::Parser;
use mimalloc::MiMalloc;

/// Requests come by the thousand and are made of small pieces. The C library's allocator gets slower as they mix, by half
/// within minutes under load.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Only where the crash tests compiled them in; see `domain::crash_point`.
    let _points = fail::has_failpoints().then(fail::FailScenario::setup);
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the last word of a process that failed")]
            {
                eprintln!("spike: {error}");
            }
            ExitCode::from(if matches!(error, StartError::Usage(_)) { 2 } else { 1 })
        }
    }
}

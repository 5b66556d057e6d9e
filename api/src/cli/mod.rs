//! The command line: what each command is called, and what it is told. One module a command; these are the
//! only places that print to standard output.

mod admin;
mod config;
mod demo;
mod demo_data;
mod keys;
mod migrate;
mod offline;
mod reconcile;
mod schema;
mod serve;
mod watch;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{Config, Flags, load},
    error::StartError,
    telemetry,
};

/// A flash-sale backend: thousands of people, a few units, nothing sold twice.
///
/// Without a command it serves: `spike` is `spike serve`. It needs nothing else: the database is a file in
/// the data dir.
#[derive(Debug, Parser)]
#[command(
    name = "spike",
    version,
    after_help = "Every setting can also be given in a file (--config) or in the environment \
                  (SPIKE__SECTION__KEY). `spike config print` shows all of them.\n\n\
                  First steps:\n  \
                  spike                       serve on http://127.0.0.1:8080\n  \
                  spike demo                  load a sample sale into the data dir\n  \
                  spike admin create --phone +8613800000000 --username boss"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(flatten)]
    serve: serve::Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Global {
    /// A TOML file with settings
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Where the embedded database and the files of this process live [default: .spike]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests until asked to stop (the default)
    Serve(serve::Options),
    /// Bring the database up to date and exit
    Migrate,
    /// The GraphQL schema
    #[command(subcommand)]
    Schema(schema::Command),
    /// Administrators
    #[command(subcommand)]
    Admin(admin::Command),
    /// The keys that sign access tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Load a sample: products, campaigns, an administrator and customers with balances
    Demo,
    /// Hold the stock store, the queue and the database against each other, repair what differs, and check the ledgers
    Reconcile(reconcile::Options),
    /// Show changes of orders as a server pushes them
    Watch(watch::Options),
    /// The configuration
    #[command(subcommand)]
    Config(config::Command),
}

impl Cli {
    /// Does what was asked for.
    pub async fn run(self) -> Result<(), StartError> {
        let (command, listen) = match self.command {
            None => (Command::Serve(self.serve.clone()), self.serve.listen),
            Some(Command::Serve(options)) => {
                let options = options.or(self.serve);
                let listen = options.listen;
                (Command::Serve(options), listen)
            }
            Some(command) if self.serve.is_empty() => (command, None),
            Some(_) => return Err(StartError::Usage("--listen and --roles belong to `spike serve`".to_owned())),
        };
        let config = settings(self.global, listen)?;
        match command {
            Command::Serve(options) => {
                telemetry::init(&config.log);
                Box::pin(serve::run(&config, &options)).await
            }
            // These need no database.
            Command::Schema(command) => schema::run(command),
            Command::Config(command) => config::run(command, &config),
            Command::Watch(options) => watch::run(&options).await,
            command => {
                telemetry::init_for_command();
                match command {
                    // Boxed, like serving: what a command waits for nests deeper than the compiler follows.
                    Command::Admin(command) => Box::pin(admin::run(command, &config)).await,
                    Command::Keys(command) => Box::pin(keys::run(command, &config)).await,
                    Command::Demo => Box::pin(demo::run(&config)).await,
                    Command::Reconcile(options) => Box::pin(reconcile::run(&config, options)).await,
                    _ => migrate::run(&config).await,
                }
            }
        }
    }
}

fn settings(global: Global, listen: Option<SocketAddr>) -> Result<Config, StartError> {
    let flags = Flags { file: global.config, data_dir: global.data_dir, listen };
    // A variable that is not text is none of ours.
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(load(&flags, environment)?)
}

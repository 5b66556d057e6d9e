//! What is to be measured, and how long.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueEnum};

use crate::{baseline::BaselineOptions, error::BenchError};

/// Starts engines, spike and baselines on loopback, and prints how spike compares with each baseline: the ratio of what
/// both do in a second, within one run, as a median of pairs.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub(crate) struct Cli {
    /// How long each run of a pair lasts
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    seconds: Duration,
    /// Pairs of each ratio
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    pairs: u16,
    /// Connections of the load generator, each with one request at a time
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [64, 512, 2048],
          value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: Vec<u16>,
    /// What to measure [default: all]
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    only: Vec<Subject>,
    /// Small numbers, to see that everything still works: the figures mean nothing
    #[arg(long)]
    smoke: bool,
    /// Settings of spike that are to differ from its defaults, such as `SPIKE__LOG__FILTER=warn`
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// The spike binary [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    spike: Option<PathBuf>,
    /// Another build of spike, or another way to start it: grabs are measured against those of it, as a second replica of
    /// the same sale, and not against the baselines
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What this program runs as a process of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a baseline, until asked to stop
    #[command(hide = true)]
    Baseline(BaselineOptions),
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Grabs that get a unit, while the orders of those before are being written.
    Grabs,
    /// Grabs that get a unit, while nobody writes orders: they are written afterwards.
    Later,
    /// Grabs that get a unit in a campaign with an access rule, while orders are being written.
    Rule,
    /// Grabs of a campaign that is sold out.
    SoldOut,
    /// Orders that the consumers write.
    Orders,
}

/// The options, with what follows from them.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How long a run lasts.
    pub(crate) run: Duration,
    /// How long something runs before it is measured.
    pub(crate) warm_up: Duration,
    /// How long a run waits for the machine to have nothing else to do.
    pub(crate) patience: Duration,
    /// Pairs of each ratio.
    pub(crate) pairs: usize,
    /// Levels of concurrency.
    pub(crate) connections: Vec<usize>,
    /// People who may grab: each grabs once in a run, which ends with the last of them.
    pub(crate) users: usize,
    /// Orders of a drained queue.
    pub(crate) orders: usize,
    /// The spike binary.
    pub(crate) spike: PathBuf,
    /// Another one to compare it with.
    pub(crate) against: Option<PathBuf>,
    /// Settings of spike that differ from its defaults.
    pub(crate) settings: Vec<(String, String)>,
    only: Vec<Subject>,
}

/// Longer than a database takes to write what a run left behind.
const PATIENCE: Duration = Duration::from_secs(30);
/// More grabs in a second than two cores do.
const USERS_PER_SECOND: u32 = 30_000;

impl Plan {
    /// Reads the options.
    pub(crate) fn of(cli: Cli) -> Result<Self, BenchError> {
        let spike = match cli.spike {
            Some(path) => path,
            None => beside_this_program()?,
        };
        if let Some(missing) = cli.against.iter().chain([&spike]).find(|path| !path.is_file()) {
            return Err(BenchError::Usage(format!("there is no {}; build it, or name another", missing.display())));
        }
        let (only, settings, against) = (cli.only, cli.set, cli.against);
        if cli.smoke {
            return Ok(Self {
                run: Duration::from_millis(300),
                warm_up: Duration::ZERO,
                patience: Duration::ZERO,
                pairs: 1,
                connections: vec![16],
                users: 2_000,
                orders: 1_500,
                spike,
                against,
                settings,
                only,
            });
        }
        let users = (cli.seconds * USERS_PER_SECOND).as_secs();
        Ok(Self {
            run: cli.seconds,
            warm_up: cli.seconds / 4,
            patience: PATIENCE,
            pairs: cli.pairs.into(),
            connections: cli.connections.into_iter().map(usize::from).collect(),
            users: usize::try_from(users).unwrap_or(usize::MAX),
            orders: 20_000,
            spike,
            against,
            settings,
            only,
        })
    }

    /// Whether this is to be measured.
    pub(crate) fn has(&self, subject: Subject) -> bool {
        self.only.is_empty() || self.only.contains(&subject)
    }
}

fn beside_this_program() -> Result<PathBuf, BenchError> {
    let this = std::env::current_exe().map_err(BenchError::io("looking for this program"))?;
    Ok(this.with_file_name("spike"))
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if name.starts_with("SPIKE__") => Ok((name.to_owned(), value.to_owned())),
        _ => Err("not of the form SPIKE__SECTION__KEY=VALUE".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if !(0.1..=600.0).contains(&seconds) {
        return Err("a run lasts 0.1 to 600 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

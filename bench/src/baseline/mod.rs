//! What spike is compared with: the least that a server could do.
//!
//! | baseline | what it does with a request |
//! |---|---|
//! | [`Kind::Answer`] | parses the same JSON and answers the same number of bytes |
//! | [`Kind::Hold`] | also takes the unit by one script call to Redis and publishes one confirmed message to RabbitMQ |
//! | [`insert`] | (no server) inserts the rows of orders in batches |
//!
//! The servers are processes of their own, as spike is, on the same web framework and runtime.

mod hold;
pub(crate) mod insert;
mod server;

use clap::{Args, ValueEnum};

pub(crate) use self::hold::Counter;
pub(crate) use self::server::serve;

/// The two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// It only answers.
    Answer,
    /// It holds a unit first.
    Hold,
}

/// Where [`Kind::Hold`] finds Redis. In the environment, because it holds a password.
pub(crate) const REDIS: &str = "BENCH_REDIS_URL";
/// Where [`Kind::Hold`] finds RabbitMQ.
pub(crate) const RABBITMQ: &str = "BENCH_RABBITMQ_URL";

/// What a baseline is told.
#[derive(Debug, Args)]
pub(crate) struct BaselineOptions {
    /// Which one
    kind: Kind,
    /// Bytes of an answer's body
    #[arg(long)]
    bytes: usize,
    /// Redis, for the one that holds
    #[arg(long, env = REDIS, hide_env_values = true)]
    redis: Option<String>,
    /// RabbitMQ, for the one that holds
    #[arg(long, env = RABBITMQ, hide_env_values = true)]
    rabbitmq: Option<String>,
}

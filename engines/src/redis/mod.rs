//! Redis: one server, a cluster, and servers behind Sentinel.

mod cluster;
mod sentinel;
mod server;
mod single;

pub use self::{
    cluster::{RedisCluster, RedisClusterOptions},
    sentinel::{RedisSentinel, RedisSentinelOptions},
    single::{DataCopy, Redis, RedisOptions},
};

use crate::program::Program;

const SERVER: Program = Program { name: "redis-server", package: "redis-server", directory: "/usr/bin" };
const CLI: Program = Program { name: "redis-cli", package: "redis-tools", directory: "/usr/bin" };

/// What of Redis survives its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persistence {
    /// Nothing.
    Off,
    /// An append-only file that is synced once a second: a kill loses nothing, a power cut up to a second.
    #[default]
    EverySecond,
    /// An append-only file that is synced before each answer.
    Always,
}

impl Persistence {
    /// As lines of a configuration.
    fn lines(self) -> Vec<String> {
        match self {
            Self::Off => vec!["appendonly no".to_owned()],
            Self::EverySecond => vec!["appendonly yes".to_owned(), "appendfsync everysec".to_owned()],
            Self::Always => vec!["appendonly yes".to_owned(), "appendfsync always".to_owned()],
        }
    }
}

/// The part of a URL before the host: `:password@`.
fn credentials(password: Option<&str>) -> String {
    password.map(|password| format!(":{password}@")).unwrap_or_default()
}

//! Which engines the shops of a run stand on.
//!
//! The same tests run on each stack: what a client of the graph sees must not depend on it. The environment says
//! which: `SPIKE_TEST_STACK=mariadb cargo test -p api --test graph`.

use std::env::VarError;

const VARIABLE: &str = "SPIKE_TEST_STACK";

/// The engines behind the ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// SQLite, stock in memory, the queue table.
    Embedded,
    /// MariaDB, Redis, RabbitMQ.
    MariaDb,
    /// PostgreSQL, Redis Cluster of three masters, RabbitMQ.
    PostgreSql,
}

impl Stack {
    /// What a run that says nothing gets is the embedded default.
    pub fn of_this_run() -> Self {
        match std::env::var(VARIABLE).as_deref() {
            Err(VarError::NotPresent) | Ok("embedded") => Self::Embedded,
            Ok("mariadb") => Self::MariaDb,
            Ok("postgresql") => Self::PostgreSql,
            other => panic!("{VARIABLE} is embedded, mariadb or postgresql, and not {other:?}"),
        }
    }

    /// What it consists of.
    pub const fn engines(self) -> &'static str {
        match self {
            Self::Embedded => "SQLite + memory + queue table",
            Self::MariaDb => "MariaDB + Redis + RabbitMQ",
            Self::PostgreSql => "PostgreSQL + Redis Cluster + RabbitMQ",
        }
    }
}

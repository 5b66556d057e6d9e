//! Why a database did not open.

use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::sql::error::{is_away, is_server_away};

/// Why a database did not open. None of the texts holds its URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no engine that the stores run on.
    #[error("the URL must begin with sqlite:, mysql://, mariadb://, postgres:// or postgresql://")]
    Scheme,
    /// The URL cannot be read.
    #[error("the URL cannot be read: {0}")]
    Url(#[source] sqlx::Error),
    /// The server or the file cannot be reached, or refuses who connects.
    #[error("{0}")]
    Connect(#[source] DbErr),
    /// The schema is older than this program, which was told not to change it.
    #[error("the schema is behind this program by {} of its migrations, first {}", .pending.len(), first(.pending))]
    Behind {
        /// The names of the migrations that are still to run, in their order.
        pending: Vec<String>,
    },
    /// The schema was changed by a newer program: this one does not know what it would write into.
    #[error("the schema is newer than this program: it has the unknown migration {}", first(.unknown))]
    Newer {
        /// The names of the migrations that this program does not know, in their order.
        unknown: Vec<String>,
    },
    /// Another process changes the schema and did not finish in time.
    #[error("another process is migrating this database and has not finished in {0:?}")]
    Migrating(std::time::Duration),
    /// The schema could not be read or brought up to date.
    #[error("the schema: {0}")]
    Migration(#[source] DbErr),
}

fn first(names: &[String]) -> &str {
    names.first().map_or("", String::as_str)
}

impl OpenError {
    /// Whether the same may work in a while, without anybody changing anything: a server that is still starting
    /// or cannot be reached, or another process that migrates. Not a wrong password or a schema that does not fit.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Migrating(_) => true,
            Self::Connect(error) => is_server_away(error),
            Self::Migration(error) => is_away(error),
            Self::Scheme | Self::Url(_) | Self::Behind { .. } | Self::Newer { .. } => false,
        }
    }

    /// What a driver said when it connected.
    pub(super) fn connect(error: sqlx::Error) -> Self {
        Self::Connect(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
    }
}

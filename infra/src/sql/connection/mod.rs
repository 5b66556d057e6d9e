//! Connections, transactions and snapshots, on each engine by its own means.
//!
//! | module | what it does |
//! |---|---|
//! | [`engine`] | which engine a URL names |
//! | [`sqlite`], [`server`] | the pools, and what a session must be |
//! | [`bounded`] | no statement waits for ever |
//! | [`schema`] | whether the schema is the one that this program knows, and bringing it there |
//!
//! **Isolation is set and not assumed.** A transaction that writes reads what is committed, and locks what it
//! depends on (`lock_exclusive`, or an update before the read); a snapshot reads one state for as long as it
//! takes. On SQLite a transaction that writes is alone, and every transaction reads one state.

mod bounded;
mod engine;
mod open_error;
mod schema;
mod server;
mod sqlite;

use std::time::Duration;

use domain::error::Fault;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

pub(in crate::sql) use self::bounded::Silence;
use self::engine::as_mysql;
pub use self::{bounded::Bounded, engine::Engine, open_error::OpenError};
use super::error::fault;

/// Where the database is and how it is used.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// `sqlite:PATH` (the file is created if it is missing), `mysql://…`, `mariadb://…`, `postgres://…` or
    /// `postgresql://…`. It may hold a password.
    pub url: String,
    /// Connections at the same time. On SQLite those that read: writing takes one of its own.
    pub connections: u32,
    /// How long a caller waits for a connection or a lock. What is waited for in all stays within a few times
    /// that.
    pub patience: Duration,
    /// What to do with a schema that is older than this program.
    pub migrate: Migrate,
}

/// What to do with a schema that is older than this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// Bring it up to date. Of several processes that do so at once, one works and the others wait for it.
    Yes,
    /// Leave it alone and refuse to open: somebody else migrates, at a moment of their choice.
    No,
}

/// A database that is connected and has the schema that this program knows.
#[derive(Clone)]
pub struct Database {
    engine: Engine,
    patience: Duration,
    silence: Silence,
    reader: Bounded<DatabaseConnection>,
    writer: DatabaseConnection,
}

impl Database {
    /// Connects, and sees to the schema.
    pub async fn open(options: &DatabaseOptions) -> Result<Self, OpenError> {
        // In a box: it is run once, and what the drivers nest would weigh on whatever holds this future.
        Box::pin(Self::connect(options)).await
    }

    async fn connect(options: &DatabaseOptions) -> Result<Self, OpenError> {
        let engine = Engine::of(&options.url)?;
        let silence = Silence::default();
        let (reader, writer) = if engine == Engine::Sqlite {
            let pools = sqlite::connect(options).await?;
            (pools.reader, pools.writer)
        } else {
            let pool = server::connect(engine, options, options.connections, &silence).await?;
            (pool.clone(), pool)
        };
        schema::check(engine, options, &writer).await?;
        let reader = Bounded::new(reader, statement_bound(options.patience), silence.clone());
        Ok(Self { engine, patience: options.patience, silence, reader, writer })
    }

    /// Which engine it runs on.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// How long a caller waits for a connection or a lock.
    pub(super) const fn patience(&self) -> Duration {
        self.patience
    }

    /// What notes that the server did not answer.
    pub(super) const fn silence(&self) -> &Silence {
        &self.silence
    }

    /// For statements that only read. Each sees what was committed when it began.
    #[must_use]
    pub const fn reader(&self) -> &Bounded<DatabaseConnection> {
        &self.reader
    }

    /// A transaction that reads one state of the database, however long it takes, and cannot write.
    pub async fn snapshot(&self) -> Result<Bounded<DatabaseTransaction>, Fault> {
        let pool = self.reader.inner();
        let begin = async {
            match self.engine {
                // Every transaction is one there.
                Engine::Sqlite => pool.begin().await,
                Engine::MySql | Engine::Postgres => {
                    pool.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await
                }
            }
        };
        let transaction = self.silence.within(statement_bound(self.patience), begin).await.flatten();
        Ok(Bounded::new(transaction.map_err(fault)?, report_bound(self.patience), self.silence.clone()))
    }

    /// A transaction that writes. On SQLite it has the write lock from its first moment: one that read
    /// first and then wanted to write would be refused at once if another wrote in between.
    pub async fn begin(&self) -> Result<DatabaseTransaction, Fault> {
        // The isolation level is that of the session, which was set when it was connected.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await.map_err(fault)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.reader.execute_unprepared("SELECT 1").await.map_err(fault).map(|_| ())
    }

    /// Closes all connections, after what is in flight.
    pub async fn close(self) -> Result<(), Fault> {
        self.reader.inner().close_by_ref().await.map_err(fault)?;
        self.writer.close().await.map_err(fault)
    }
}

/// How long one statement may take, or one run of a transaction that writes: the wait for a connection, the
/// wait for a lock and the work.
pub(super) fn statement_bound(patience: Duration) -> Duration {
    patience * 3
}

/// How long a statement of a report may take, which may sum over millions of rows.
fn report_bound(patience: Duration) -> Duration {
    patience * 24
}

/// How long the server keeps a transaction, with its locks, whose owner sends nothing: nobody here is silent
/// for as long and alive.
fn idle_bound(patience: Duration) -> Duration {
    patience * 4
}

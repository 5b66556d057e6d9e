//! Connections: many that read, and for SQLite one that writes.

use std::{future::ready, time::Duration};

use domain::error::Fault;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait, sqlx::Connection,
};

use super::error::fault;

/// Where the database is and how it is used.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// `sqlite:PATH`. The file is created if it is missing.
    pub url: String,
    /// Connections that read at the same time.
    pub readers: u32,
    /// How long a caller waits for a connection or a lock.
    pub patience: Duration,
}

/// A database that is connected and migrated.
#[derive(Clone)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

impl Database {
    /// Connects, and brings the schema up to date.
    pub async fn open(options: &DatabaseOptions) -> Result<Self, DbErr> {
        // The writer first: it makes the file and turns the write-ahead log on.
        let writer = sea_orm::Database::connect(Self::connect_options(options, 1)).await?;
        Migrator::up(&writer, None).await?;
        let reader = sea_orm::Database::connect(Self::connect_options(options, options.readers)).await?;
        Ok(Self { reader, writer })
    }

    fn connect_options(options: &DatabaseOptions, connections: u32) -> ConnectOptions {
        let separator = if options.url.contains('?') { '&' } else { '?' };
        let mut connect = ConnectOptions::new(format!("{}{separator}mode=rwc", options.url));
        let patience = options.patience;
        connect
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(patience)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(move |sqlite| {
                // FULL: an accepted grab outlives a power cut, not only a crash. Group commit pays for it.
                sqlite
                    .busy_timeout(patience)
                    .pragma("journal_mode", "WAL")
                    .pragma("synchronous", "FULL")
                    .pragma("foreign_keys", "ON")
                    .pragma("temp_store", "MEMORY")
            })
            // An engine that runs out of space rolls back by itself; the driver then believes that the
            // transaction is still open, and what is begun next would be a savepoint in it that is never
            // committed. Such a connection is thrown away.
            .map_sqlx_sqlite_pool_opts(|pool| {
                pool.before_acquire(|connection, _| Box::pin(ready(Ok(!connection.is_in_transaction()))))
            });
        connect
    }

    /// For statements that only read. Each sees what was committed when it began.
    #[must_use]
    pub const fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// A transaction that reads one state of the database, however long it takes.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, Fault> {
        self.reader.begin().await.map_err(fault)
    }

    /// A transaction that writes. On SQLite it has the write lock from its first moment: one that read
    /// first and then wanted to write would be refused at once if another wrote in between.
    pub async fn begin(&self) -> Result<DatabaseTransaction, Fault> {
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
        self.reader.close().await.map_err(fault)?;
        self.writer.close().await.map_err(fault)
    }
}

//! Connections to SQLite: one that writes, because it has one writer, and some that read beside it.

use std::{future::ready, time::Duration};

use sea_orm::{ConnectOptions, DatabaseConnection, sqlx::Connection};
use tokio::time::{Instant, sleep};

use super::{DatabaseOptions, OpenError};
use crate::sql::error::is_busy;

/// How long a process waits that another one was ahead of.
const PAUSE: Duration = Duration::from_millis(10);

/// The pool that reads and the pool that writes.
pub(super) struct Pools {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
}

/// Connects. The file is created if it is missing.
pub(super) async fn connect(options: &DatabaseOptions) -> Result<Pools, OpenError> {
    // The writer first: it makes the file and turns the write-ahead log on.
    let writer = connected(options, 1).await?;
    let reader = connected(options, options.connections).await?;
    Ok(Pools { reader, writer })
}

/// Connects, and again while another process is about to. Of two that turn the write-ahead log on at the same moment
/// SQLite refuses one at once, however long it may wait for locks.
async fn connected(options: &DatabaseOptions, connections: u32) -> Result<DatabaseConnection, OpenError> {
    let late = Instant::now() + options.patience;
    loop {
        match sea_orm::Database::connect(pool(options, connections)).await {
            Err(error) if is_busy(&error) && Instant::now() < late => sleep(PAUSE).await,
            connected => return connected.map_err(OpenError::Connect),
        }
    }
}

fn pool(options: &DatabaseOptions, connections: u32) -> ConnectOptions {
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

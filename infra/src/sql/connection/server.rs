//! Connections to a database server: one pool that reads and writes.
//!
//! What a session must be is set on every connection, whatever the server's defaults are: the isolation level,
//! the time zone, that a value which does not fit is an error, and how long it waits for a lock. A connection on
//! which that fails is not used.
//!
//! The drivers offer no keep-alive for their sockets. A connection that has been idle for a moment is tried
//! before it is handed out, and every statement has a bound (see [`super::bounded`]).

use std::time::Duration;

use sea_orm::{
    DatabaseConnection, SqlxMySqlConnector, SqlxPostgresConnector,
    sqlx::{
        self, ConnectOptions, Connection, Executor,
        mysql::{MySqlConnectOptions, MySqlPoolOptions},
        pool::{PoolConnectionMetadata, PoolOptions},
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use tokio::time::timeout;

use super::{DatabaseOptions, Engine, OpenError, Silence, as_mysql, idle_bound};

/// A connection that was idle for as long is tried before it is used. Under load none is; after a quiet time
/// the server may have closed it.
const TRIED_AFTER: Duration = Duration::from_secs(1);

/// How long a connection rests in the pool unused.
const RESTS: Duration = Duration::from_mins(1);

/// Connects, with at most `connections` at the same time. Waits for a server that is just starting, as long as
/// a caller would.
pub(super) async fn connect(
    engine: Engine,
    options: &DatabaseOptions,
    connections: u32,
    silence: &Silence,
) -> Result<DatabaseConnection, OpenError> {
    if engine == Engine::Postgres {
        let server: PgConnectOptions = options.url.parse().map_err(OpenError::Url)?;
        let server = server.application_name("spike").disable_statement_logging();
        let pool = sized(PgPoolOptions::new(), options, connections, silence, postgres_session(options.patience));
        let pool = explained(pool.connect_with(server.clone()).await, &server, options.patience).await?;
        return Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool));
    }
    let server: MySqlConnectOptions = as_mysql(&options.url).parse().map_err(OpenError::Url)?;
    // What the driver would set by itself is set below, all of it.
    let server = server
        .charset("utf8mb4")
        .collation("utf8mb4_bin")
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None::<String>)
        .disable_statement_logging();
    let pool = sized(MySqlPoolOptions::new(), options, connections, silence, mysql_session(options.patience));
    let pool = explained(pool.connect_with(server.clone()).await, &server, options.patience).await?;
    Ok(SqlxMySqlConnector::from_sqlx_mysql_pool(pool))
}

fn sized<DB>(
    pool: PoolOptions<DB>,
    options: &DatabaseOptions,
    connections: u32,
    silence: &Silence,
    session: String,
) -> PoolOptions<DB>
where
    DB: sqlx::Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let (silence, patience) = (silence.clone(), options.patience);
    pool.max_connections(connections)
        .min_connections(1)
        .acquire_timeout(options.patience)
        .idle_timeout(RESTS)
        .test_before_acquire(false)
        .before_acquire(|connection: &mut DB::Connection, seen: PoolConnectionMetadata| {
            Box::pin(async move {
                if seen.idle_for >= TRIED_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_release(move |connection: &mut DB::Connection, _| {
            let silence = silence.clone();
            Box::pin(async move { silence.may_stay(connection, patience).await })
        })
        .after_connect(move |connection: &mut DB::Connection, _| {
            let session = sqlx::AssertSqlSafe(session.clone());
            Box::pin(async move { connection.execute(session).await.map(|_| ()) })
        })
}

/// Writing transactions see what was committed before each of their statements, and lock the rows that they
/// depend on by themselves: the locks of a range that MySQL takes under its default level make those who insert
/// next to each other wait in circles.
fn mysql_session(patience: Duration) -> String {
    // A transaction whose owner died without a word keeps its locks until the server ends it. MySQL can only end
    // a connection that is silent for as long as none is here; MariaDB reads the comment and ends it sooner.
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION time_zone = '+00:00', \
         sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,\
         NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY', \
         innodb_lock_wait_timeout = {lock}, lock_wait_timeout = {lock}, wait_timeout = {rests} \
         /*M!100300 , idle_transaction_timeout = {idle} */",
        lock = lock_wait(patience).as_secs().max(1),
        rests = RESTS.as_secs() * 2,
        idle = idle_bound(patience).as_secs().max(1),
    )
}

fn postgres_session(patience: Duration) -> String {
    format!(
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; \
         SET TIME ZONE 'UTC'; SET client_min_messages = warning; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {idle}",
        lock = lock_wait(patience).as_millis().max(1),
        idle = idle_bound(patience).as_millis().max(1),
    )
}

/// Half of what a caller waits: after a lock that did not come in time there is time for a second try.
fn lock_wait(patience: Duration) -> Duration {
    patience / 2
}

/// A pool that did not open in time does not say what it tried in vain all the time. The server is asked once
/// more, for the reason.
async fn explained<T, O: ConnectOptions<Connection: Sized>>(
    pool: Result<T, sqlx::Error>,
    server: &O,
    patience: Duration,
) -> Result<T, OpenError> {
    match pool {
        Ok(pool) => Ok(pool),
        Err(sqlx::Error::PoolTimedOut) => {
            let reason = match timeout(patience, server.connect()).await {
                Ok(Err(reason)) => reason,
                Ok(Ok(_)) => sqlx::Error::PoolTimedOut,
                Err(_) => std::io::Error::from(std::io::ErrorKind::TimedOut).into(),
            };
            Err(OpenError::connect(reason))
        }
        Err(error) => Err(OpenError::connect(error)),
    }
}

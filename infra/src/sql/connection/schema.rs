//! Whether the schema is the one that this program knows, and bringing it there.
//!
//! Processes may be started together, and be told to migrate all of them. One at a time does: on SQLite by the
//! lock of the file, on a server by a lock of the session that is there for such use and goes with the session
//! if its process dies.

use std::time::Duration;

use migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    sea_query::{Alias, Query},
};

use super::{DatabaseOptions, Engine, Migrate, OpenError, Silence, server};
use crate::sql::error::is_interrupted;

/// How long a process waits for another one that migrates. Whoever supervises it starts it again.
const WAIT: Duration = Duration::from_mins(1);

/// What this program and the schema have in common, by the names of migrations in their order.
struct State {
    pending: Vec<String>,
    unknown: Vec<String>,
}

/// Refuses a schema that this program does not know, and brings one that is older up to date if it may.
pub(super) async fn check(engine: Engine, options: &DatabaseOptions, db: &DatabaseConnection) -> Result<(), OpenError> {
    let state = state(db).await.map_err(OpenError::Migration)?;
    if !state.unknown.is_empty() {
        return Err(OpenError::Newer { unknown: state.unknown });
    }
    match (state.pending.is_empty(), options.migrate) {
        (true, _) => Ok(()),
        (false, Migrate::No) => Err(OpenError::Behind { pending: state.pending }),
        (false, Migrate::Yes) if engine == Engine::Sqlite => migrate_file(db).await,
        (false, Migrate::Yes) => {
            // A pool of one connection is one session: the lock stays where it was taken.
            let patient = DatabaseOptions { patience: WAIT * 2, ..options.clone() };
            let session = server::connect(engine, &patient, 1, &Silence::default()).await?;
            let migrated = migrate_server(engine, &session).await;
            // The lock goes with the session.
            session.close().await.map_err(OpenError::Migration)?;
            migrated
        }
    }
}

async fn migrate_file(db: &DatabaseConnection) -> Result<(), OpenError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let migrated = async {
        let tx = db.begin_with_options(options).await?;
        // Those that another process ran in between are not pending any more.
        Migrator::up(&tx, None).await?;
        tx.commit().await
    };
    migrated.await.map_err(OpenError::Migration)
}

async fn migrate_server(engine: Engine, session: &DatabaseConnection) -> Result<(), OpenError> {
    lock(engine, session).await?;
    Migrator::up(session, None).await.map_err(OpenError::Migration)
}

/// Waits for the lock under which one process at a time migrates this database.
async fn lock(engine: Engine, session: &DatabaseConnection) -> Result<(), OpenError> {
    if engine == Engine::Postgres {
        // The number is that of this use, among those that a database has. The session waits for it as long as
        // for any lock.
        let lock = session.execute_unprepared("SELECT pg_advisory_lock(7746891620371)").await;
        return match lock {
            Err(error) if is_interrupted(&error) => Err(OpenError::Migrating(WAIT)),
            other => other.map(|_| ()).map_err(OpenError::Migration),
        };
    }
    // Names of locks are the server's and not the database's, and no longer than 64 characters.
    let lock = format!("SELECT GET_LOCK(CONCAT('spike ', SHA1(DATABASE())), {})", WAIT.as_secs());
    let row = session.query_one_raw(Statement::from_string(session.get_database_backend(), lock)).await;
    let got: Option<i64> =
        row.and_then(|row| row.map(|row| row.try_get_by_index(0)).transpose()).map_err(OpenError::Migration)?.flatten();
    if got == Some(1) { Ok(()) } else { Err(OpenError::Migrating(WAIT)) }
}

/// Compares without changing anything: this also runs for those who may not.
async fn state(db: &DatabaseConnection) -> Result<State, DbErr> {
    let table = Migrator::migration_table_name();
    let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let mut applied: Vec<String> = Vec::new();
    if SchemaManager::new(db).has_table(table.to_string()).await? {
        let select = Query::select().column(Alias::new("version")).from(table).to_owned();
        for row in db.query_all(&select).await? {
            applied.push(row.try_get_by_index(0)?);
        }
        applied.sort_unstable();
    }
    Ok(State {
        pending: known.iter().filter(|name| !applied.contains(name)).cloned().collect(),
        unknown: applied.into_iter().filter(|name| !known.contains(name)).collect(),
    })
}

//! An empty database on each engine that the stores run on, migrated. The servers are started by the first test that
//! asks and end with the test binary.
//!
//! Making a database and its tables takes a server much longer than most tests do, so a database is used again by
//! a later test: all that is connected to it is cut off, and all rows are deleted.
#![allow(dead_code, reason = "not every suite needs all of it")]

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use engines::{MariaDb, MariaDbOptions, PostgreSql, PostgreSqlOptions};
use infra::sql::{Database, DatabaseOptions, Migrate};
use sea_orm::{ConnectionTrait, Statement};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Runs a suite on each engine, each in a module of its name. `$suite` is a macro that takes what opens a database.
macro_rules! on_every_engine {
    ($suite:ident) => {
        mod sqlite {
            $suite!(crate::contract::databases::sqlite);
        }
        mod mariadb {
            $suite!(crate::contract::databases::mariadb);
        }
        mod postgresql {
            $suite!(crate::contract::databases::postgresql);
        }
    };
}

/// A database of a test's own.
pub(crate) struct Opened {
    pub(crate) db: Database,
    /// How it was opened, to open it once more.
    pub(crate) options: DatabaseOptions,
    _kept: Kept,
}

impl Opened {
    async fn at(url: String, kept: Kept) -> Self {
        let options = options(url);
        Self { db: Database::open(&options).await.unwrap(), options, _kept: kept }
    }

    /// The same database as another process has it: over connections of its own.
    pub(crate) async fn once_more(&self) -> Database {
        Database::open(&self.options).await.unwrap()
    }
}

/// What a database needs as long as it is used.
enum Kept {
    Directory(#[expect(dead_code, reason = "removed when dropped")] TempDir),
    Place(Place),
}

/// How tests open a database: patient, because they share a machine.
pub(crate) fn options(url: String) -> DatabaseOptions {
    DatabaseOptions { url, connections: 8, patience: Duration::from_secs(20), migrate: Migrate::Yes }
}

/// A file in a directory that goes away with the test. In memory where there is such a place: every commit is
/// synced, which on a busy disk takes longer than all else.
pub(crate) async fn sqlite() -> Opened {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let url = format!("sqlite:{}", dir.path().join("spike.db").display());
    Opened::at(url, Kept::Directory(dir)).await
}

/// A database on the MariaDB that all tests of this binary share.
pub(crate) async fn mariadb() -> Opened {
    static USED: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());
    if let Some(place) = Place::again(&USED) {
        let others = "SELECT CONCAT('KILL ', id) FROM information_schema.processlist \
             WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        let tables = "SELECT CONCAT('DELETE FROM `', table_name, '`') FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_name <> 'seaql_migrations'";
        return emptied(place, [others, tables]).await;
    }
    let url = mariadb_server().await.database(&name()).await.unwrap();
    Opened::at(url.clone(), Kept::Place(Place { url, used: &USED })).await
}

/// A database on the PostgreSQL that all tests of this binary share.
pub(crate) async fn postgresql() -> Opened {
    static USED: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());
    if let Some(place) = Place::again(&USED) {
        let others = "SELECT format('SELECT pg_terminate_backend(%s)', pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let tables = "SELECT format('DELETE FROM %I', tablename) FROM pg_tables \
             WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'";
        return emptied(place, [others, tables]).await;
    }
    let url = postgresql_server().await.database(&name()).await.unwrap();
    Opened::at(url.clone(), Kept::Place(Place { url, used: &USED })).await
}

/// A database on a server. It can be used again some time after it was dropped.
struct Place {
    url: String,
    used: &'static Mutex<VecDeque<String>>,
}

impl Place {
    /// Databases that are left alone after their test, in case that something of it still runs.
    const RESTING: usize = 4;

    fn again(used: &'static Mutex<VecDeque<String>>) -> Option<Self> {
        let mut rested = used.lock().unwrap_or_else(PoisonError::into_inner);
        let url = if rested.len() > Self::RESTING { rested.pop_front() } else { None };
        url.map(|url| Self { url, used })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let url = std::mem::take(&mut self.url);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).push_back(url);
    }
}

/// Opens a database that was used, and empties it by statements that `lists` of statements give.
async fn emptied(place: Place, lists: [&str; 2]) -> Opened {
    let one = DatabaseOptions { connections: 1, ..options(place.url.clone()) };
    let db = Database::open(&one).await.unwrap();
    let backend = db.reader().get_database_backend();
    for list in lists {
        for row in db.reader().query_all_raw(Statement::from_string(backend, list)).await.unwrap() {
            let statement: String = row.try_get_by_index(0).unwrap();
            let done = db.reader().execute_unprepared(&statement).await;
            // Who was connected may have gone by itself.
            assert!(done.is_ok() || statement.starts_with("KILL"), "{statement}: {done:?}");
        }
    }
    db.close().await.unwrap();
    Opened::at(place.url.clone(), Kept::Place(place)).await
}

/// The MariaDB that all tests of this binary share. It does not sync: nothing here pulls a plug.
pub(crate) async fn mariadb_server() -> &'static MariaDb {
    static SERVER: OnceCell<MariaDb> = OnceCell::const_new();
    let start = || MariaDb::start(MariaDbOptions { lazy: true, ..MariaDbOptions::default() });
    SERVER.get_or_try_init(start).await.unwrap()
}

/// The PostgreSQL that all tests of this binary share. It does not sync either.
pub(crate) async fn postgresql_server() -> &'static PostgreSql {
    static SERVER: OnceCell<PostgreSql> = OnceCell::const_new();
    let start = || PostgreSql::start(PostgreSqlOptions { lazy: true, ..PostgreSqlOptions::default() });
    SERVER.get_or_try_init(start).await.unwrap()
}

/// A name that no other test of this binary has.
pub(crate) fn name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

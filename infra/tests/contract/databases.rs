//! A new database on each engine that the stores run on, migrated. The servers are started by the first test that
//! asks and end with the test binary.
#![allow(dead_code, reason = "not every suite needs all of it")]

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use engines::{MariaDb, MariaDbOptions, PostgreSql, PostgreSqlOptions};
use infra::sql::{Database, DatabaseOptions, Migrate};
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
    _kept: Option<TempDir>,
}

impl Opened {
    async fn at(url: String, kept: Option<TempDir>) -> Self {
        let options = options(url);
        Self { db: Database::open(&options).await.unwrap(), options, _kept: kept }
    }

    /// The same database as another process has it: over connections of its own.
    pub(crate) async fn once_more(&self) -> Database {
        Database::open(&self.options).await.unwrap()
    }
}

/// How tests open a database: patient, because they share a machine.
pub(crate) fn options(url: String) -> DatabaseOptions {
    DatabaseOptions { url, connections: 8, patience: Duration::from_secs(20), migrate: Migrate::Yes }
}

/// A file in a directory that goes away with the test.
pub(crate) async fn sqlite() -> Opened {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("spike.db").display());
    Opened::at(url, Some(dir)).await
}

/// A database on the MariaDB that all tests of this binary share.
pub(crate) async fn mariadb() -> Opened {
    let url = mariadb_server().await.database(&name()).await.unwrap();
    Opened::at(url, None).await
}

/// A database on the PostgreSQL that all tests of this binary share.
pub(crate) async fn postgresql() -> Opened {
    let url = postgresql_server().await.database(&name()).await.unwrap();
    Opened::at(url, None).await
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

//! The schema: who may bring it up to date, when, and what is said of one that does not fit.

use futures_util::future::join_all;
use infra::sql::{Database, DatabaseOptions, Engine, Migrate, OpenError};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use crate::{
    ask,
    contract::{
        databases::{self, mariadb_server, name, options, postgresql_server},
        order::{Shop, user},
    },
    until, waiting,
};

/// The number of migrations that there are.
const ALL: i64 = 5;

/// Options for an empty database without any table.
async fn empty(engine: Engine) -> (DatabaseOptions, Option<TempDir>) {
    match engine {
        Engine::Sqlite => {
            let dir = tempfile::tempdir().unwrap();
            (options(format!("sqlite:{}", dir.path().join("spike.db").display())), Some(dir))
        }
        Engine::MySql => (options(mariadb_server().await.database(&name()).await.unwrap()), None),
        Engine::Postgres => (options(postgresql_server().await.database(&name()).await.unwrap()), None),
    }
}

const ENGINES: [Engine; 3] = [Engine::Sqlite, Engine::MySql, Engine::Postgres];

async fn not_opened(options: &DatabaseOptions) -> OpenError {
    match Database::open(options).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

async fn migrations(db: &Database) -> i64 {
    ask(db.reader(), "SELECT COUNT(*) FROM seaql_migrations").await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_migrate_once() {
    for engine in ENGINES {
        let (options, _kept) = empty(engine).await;
        let starts = (0..6).map(|_| {
            let options = options.clone();
            tokio::spawn(async move { Database::open(&options).await })
        });
        for started in join_all(starts).await {
            let db = started.unwrap().unwrap_or_else(|error| panic!("{engine:?}: {error}"));
            assert_eq!(migrations(&db).await, ALL, "{engine:?}");
        }
    }
}

#[tokio::test]
async fn an_old_schema_is_left_alone_by_who_may_not_migrate() {
    for engine in ENGINES {
        let (options, _kept) = empty(engine).await;
        let no = DatabaseOptions { migrate: Migrate::No, ..options.clone() };
        for _ in 0..2 {
            let error = not_opened(&no).await;
            let OpenError::Behind { pending } = &error else { panic!("{error:?}") };
            assert_eq!(i64::try_from(pending.len()).unwrap(), ALL);
            assert!(error.to_string().contains("m20261123_000001_user"), "{error}");
        }
        Database::open(&options).await.unwrap().close().await.unwrap();
        Database::open(&no).await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    for engine in ENGINES {
        let (options, _kept) = empty(engine).await;
        let db = Database::open(&options).await.unwrap();
        let tx = db.begin().await.unwrap();
        let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20991231_000001_later', 0)";
        tx.execute_unprepared(newer).await.unwrap();
        tx.commit().await.unwrap();
        for migrate in [Migrate::Yes, Migrate::No] {
            let error = not_opened(&DatabaseOptions { migrate, ..options.clone() }).await;
            let OpenError::Newer { unknown } = &error else { panic!("{error:?}") };
            assert_eq!(unknown, &["m20991231_000001_later"]);
        }
    }
}

/// MySQL cannot undo the making of tables.
#[tokio::test]
async fn a_migration_that_was_killed_half_way_is_run_again() {
    let opened = databases::mariadb().await;
    let db = &opened.db;
    for undone in [
        "DELETE FROM seaql_migrations WHERE version >= 'm20261123_000004'",
        "DROP TABLE postings, wallets, queue_messages",
    ] {
        db.reader().execute_unprepared(undone).await.unwrap();
    }
    let db = opened.once_more().await;
    assert_eq!(migrations(&db).await, ALL);
    let shop = Shop::over(db);
    shop.fill(user(1), 1).await;
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_migrates_waits_for_who_is_migrating() {
    for engine in [Engine::MySql, Engine::Postgres] {
        let (options, _kept) = empty(engine).await;
        // Another process, in the middle of it. (Migrated already as far as this program can tell: it must wait
        // before it looks at what is left to do.)
        let other = Database::open(&options).await.unwrap();
        let tx = other.begin().await.unwrap();
        // The server may still be about to take it back from the session that migrated just now.
        let lock = match engine {
            Engine::MySql => "SELECT GET_LOCK(CONCAT('spike ', SHA1(DATABASE())), 20)",
            _ => "SELECT pg_advisory_lock(7746891620371)",
        };
        tx.execute_unprepared(lock).await.unwrap();
        other.reader().execute_unprepared("DELETE FROM seaql_migrations").await.unwrap();

        let waits = { tokio::spawn(async move { Database::open(&options).await.map(|_| ()) }) };
        until("it waits for the lock", async || match engine {
            Engine::MySql => {
                let locks =
                    "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND state = 'User lock'";
                ask::<i64>(other.reader(), locks).await.unwrap() == 1
            }
            _ => waiting(&other).await == 1,
        })
        .await;
        assert!(!waits.is_finished());

        // The other one finishes.
        let all = ["1_user", "2_admin", "3_access", "4_order", "5_queue"]
            .map(|name| format!("('m20261123_00000{name}', 0)"))
            .join(", ");
        let done = format!("INSERT INTO seaql_migrations (version, applied_at) VALUES {all}");
        other.reader().execute_unprepared(&done).await.unwrap();
        let unlock = match engine {
            Engine::MySql => "SELECT RELEASE_ALL_LOCKS()",
            _ => "SELECT pg_advisory_unlock_all()",
        };
        tx.execute_unprepared(unlock).await.unwrap();
        tx.commit().await.unwrap();
        waits.await.unwrap().unwrap();
        assert_eq!(migrations(&other).await, ALL);
    }
}

//! What is the SQL engines' own: isolation, deadlocks, the schema, outages, and two processes on one database.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
mod contract {
    #[macro_use]
    #[allow(unused_macros, reason = "what is here is not a suite")]
    pub(crate) mod databases;
    #[macro_use]
    #[allow(dead_code, unused_macros, reason = "the shop is all that is needed here")]
    pub(crate) mod order;
}

mod sql {
    mod deadlock;
    mod isolation;
    mod opening;
    mod outage;
    mod rivals;
    mod schema;
    mod silence;
    mod texts;
}

use std::time::Duration;

use infra::sql::Database;
use sea_orm::{ConnectionTrait, Statement, TryGetable};

/// The first column of the first row.
pub(crate) async fn ask<T: TryGetable>(db: &impl ConnectionTrait, sql: &str) -> Option<T> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_one_raw(statement).await.unwrap().map(|row| row.try_get_by_index(0).unwrap())
}

/// Polls until it is so. Fails the test instead of hanging it. Not often: MariaDB shows its transactions as they were
/// when nobody had looked for a tenth of a second.
pub(crate) async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let all = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), all).await.unwrap_or_else(|_| panic!("not so in a minute: {what}"));
}

/// How many transactions of this database wait for a lock of another one.
pub(crate) async fn waiting(db: &Database) -> i64 {
    let sql = match db.engine() {
        infra::sql::Engine::MySql => {
            "SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
             ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()"
        }
        _ => "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    };
    ask(db.reader(), sql).await.unwrap()
}

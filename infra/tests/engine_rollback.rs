//! An engine that rolls back by itself, as SQLite does when the disk is full: what is told to be committed
//! afterwards is committed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

use std::time::Duration;

use domain::{
    id::{AuditEntryId, TypedId},
    testing::id,
};
use entity::audit_entries;
use infra::sql::{Database, DatabaseOptions, Migrate};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait};

async fn write(db: &impl ConnectionTrait, number: u128) {
    let row = audit_entries::ActiveModel {
        id: Set(id::<AuditEntryId>(number).uuid()),
        at: Set(0),
        actor: Set(None),
        action: Set("test".to_owned()),
        subject: Set("test".to_owned()),
        detail: Set(String::new()),
    };
    audit_entries::Entity::insert(row).exec_without_returning(db).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_after_the_engine_rolled_back_by_itself_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("shop.db").display());
    let options = DatabaseOptions { url, connections: 1, patience: Duration::from_secs(5), migrate: Migrate::Yes };
    let db = Database::open(&options).await.unwrap();

    // The engine ends the transaction and the driver does not know: it is dropped as if it were open.
    let tx = db.begin().await.unwrap();
    write(&tx, 1).await;
    tx.execute_unprepared("ROLLBACK").await.unwrap();
    drop(tx);
    // The next one fails as any may. Were it a savepoint by now, it would be left open.
    let tx = db.begin().await.unwrap();
    write(&tx, 2).await;
    drop(tx);
    let tx = db.begin().await.unwrap();
    write(&tx, 3).await;
    tx.commit().await.unwrap();

    // Another process sees what was told to be committed, nothing else, and may write itself.
    let other = Database::open(&options).await.unwrap();
    let seen = |number| audit_entries::Entity::find_by_id(id::<AuditEntryId>(number).uuid()).count(other.reader());
    assert_eq!((seen(1).await.unwrap(), seen(2).await.unwrap(), seen(3).await.unwrap()), (0, 0, 1));
    let tx = other.begin().await.unwrap();
    write(&tx, 4).await;
    tx.commit().await.unwrap();
}

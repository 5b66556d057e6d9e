//! Isolation is what the stores rely on, whatever the server's defaults are.

use entity::audit_entries;
use infra::sql::Database;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait};
use uuid::Uuid;

use crate::{
    ask,
    contract::databases::{Opened, mariadb, mariadb_server, postgresql, postgresql_server, sqlite},
};

/// A transaction that writes sees what others committed meanwhile; a snapshot does not, and cannot write.
async fn is_as_the_stores_need_it(db: &Database) {
    // One after the other on the same connections: what was set for one transaction is not left for the next.
    for round in 0..3 {
        let snapshot = db.snapshot().await.unwrap();
        assert_eq!(count(&snapshot).await, 3 * round);
        let tx = db.begin().await.unwrap();
        assert_eq!(count(&tx).await, 3 * round);
        write(db, u128::from(3 * round)).await;
        assert_eq!((count(&tx).await, count(&snapshot).await), (3 * round + 1, 3 * round));
        write(db, u128::from(3 * round + 1)).await;
        insert(&tx, u128::from(3 * round + 2)).await.unwrap();
        assert_eq!((count(&tx).await, count(&snapshot).await), (3 * round + 3, 3 * round));
        tx.commit().await.unwrap();
        assert_eq!(count(&snapshot).await, 3 * round);
        let refused = insert(&snapshot, 99).await.unwrap_err().to_string();
        assert!(refused.to_lowercase().contains("read-only") || refused.contains("READ ONLY"), "{refused}");
    }
}

#[tokio::test]
async fn mariadb_is_told_its_isolation() {
    let server = mariadb_server().await;
    let worse = "SET GLOBAL tx_isolation = 'SERIALIZABLE', GLOBAL sql_mode = '', GLOBAL time_zone = '+09:00'";
    server.sql(worse).await.unwrap();
    let opened = mariadb().await;
    let db = opened.once_more().await;
    is_as_the_stores_need_it(&db).await;
    let tx = db.begin().await.unwrap();
    let session: String = ask(&tx, "SELECT CONCAT_WS(' ', @@SESSION.tx_isolation, @@SESSION.time_zone)").await.unwrap();
    assert_eq!(session, "READ-COMMITTED +00:00");
    let mode: String = ask(&tx, "SELECT @@SESSION.sql_mode").await.unwrap();
    assert!(mode.contains("STRICT_ALL_TABLES") && mode.contains("NO_ENGINE_SUBSTITUTION"), "{mode}");
}

#[tokio::test]
async fn postgresql_is_told_its_isolation() {
    let server = postgresql_server().await;
    let opened = postgresql().await;
    let name: String = ask(opened.db.reader(), "SELECT current_database()::text").await.unwrap();
    for worse in [
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "timezone = 'Asia/Tokyo'",
    ] {
        server.sql(&format!("ALTER DATABASE {name} SET {worse}")).await.unwrap();
    }
    let db = opened.once_more().await;
    is_as_the_stores_need_it(&db).await;
    for (begun, expected) in [(true, "read committed off UTC"), (false, "repeatable read on UTC")] {
        let settings = "SELECT concat_ws(' ', current_setting('transaction_isolation'), \
                        current_setting('transaction_read_only'), current_setting('timezone'))";
        let said: String = if begun {
            ask(&db.begin().await.unwrap(), settings).await.unwrap()
        } else {
            ask(&db.snapshot().await.unwrap(), settings).await.unwrap()
        };
        assert_eq!(said, expected);
    }
    server.sql(&format!("ALTER DATABASE {name} RESET ALL")).await.unwrap();
}

async fn write(db: &Database, number: u128) {
    let tx = db.begin().await.unwrap();
    insert(&tx, number).await.unwrap();
    tx.commit().await.unwrap();
}

async fn insert(tx: &impl ConnectionTrait, number: u128) -> Result<(), DbErr> {
    let row = audit_entries::ActiveModel {
        id: Set(Uuid::from_u128(number)),
        at: Set(0),
        actor: Set(None),
        action: Set("test".to_owned()),
        subject: Set("test".to_owned()),
        detail: Set(String::new()),
    };
    audit_entries::Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

async fn count(db: &impl ConnectionTrait) -> u64 {
    audit_entries::Entity::find().count(db).await.unwrap()
}

async fn a_snapshot_stands_still(opened: Opened) {
    let db = &opened.db;
    write(db, 1).await;
    let snapshot = db.snapshot().await.unwrap();
    assert_eq!(count(&snapshot).await, 1);
    write(db, 2).await;
    assert_eq!((count(&snapshot).await, count(db.reader()).await), (1, 2));
    drop(snapshot);
    assert_eq!(count(&db.snapshot().await.unwrap()).await, 2);
}

#[tokio::test]
async fn a_snapshot_of_sqlite_stands_still() {
    a_snapshot_stands_still(sqlite().await).await;
}

#[tokio::test]
async fn a_snapshot_of_mariadb_stands_still() {
    a_snapshot_stands_still(mariadb().await).await;
}

#[tokio::test]
async fn a_snapshot_of_postgresql_stands_still() {
    a_snapshot_stands_still(postgresql().await).await;
}

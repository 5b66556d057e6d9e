//! A real deadlock: the store's transaction is the one that the engine stops, and it is begun again.

use std::sync::Arc;

use domain::{
    id::TypedId,
    order::ports::{Paid, Payment},
    testing::id,
};
use entity::{audit_entries, orders, wallets};
use infra::sql::{Database, Engine};
use sea_orm::{ActiveValue::Set, EntityTrait, QuerySelect};

use crate::{
    ask,
    contract::{
        databases::{Opened, mariadb, postgresql},
        order::{PRICE, Shop, in_time, user},
    },
    until, waiting,
};

/// Deadlocks that the engine ended so far.
async fn deadlocks(db: &Database) -> i64 {
    match db.engine() {
        Engine::MySql => {
            let sql = "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status \
                       WHERE variable_name = 'Innodb_deadlocks'";
            ask(db.reader(), sql).await.unwrap()
        }
        _ => {
            ask(db.reader(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await.unwrap()
        }
    }
}

async fn a_payment_survives_a_deadlock(opened: Opened) {
    let db = &opened.db;
    let shop = Shop::over(db.clone());
    let sale = shop.sell(10).await;
    let buyer = user(1);
    shop.fill(buyer, PRICE).await;
    let order = shop.order(sale, buyer).await;
    let before = deadlocks(db).await;

    // The other one holds the wallet. It has written much: MySQL stops the one that wrote less.
    let other = db.begin().await.unwrap();
    let entries = (0..200_u128).map(|n| audit_entries::ActiveModel {
        id: Set(uuid::Uuid::from_u128(0xFF_0000 + n)),
        at: Set(0),
        actor: Set(None),
        action: Set("weight".to_owned()),
        subject: Set(String::new()),
        detail: Set(String::new()),
    });
    audit_entries::Entity::insert_many(entries).exec_without_returning(&other).await.unwrap();
    wallets::Entity::find_by_id(buyer.uuid()).lock_exclusive().one(&other).await.unwrap().unwrap();

    // The payment holds the order and waits for the wallet.
    let orders = Arc::clone(&shop.orders);
    let payment = Payment { order: order.id, user: buyer, request_key: None, at: in_time(), entry: id(1) };
    let paid = tokio::spawn(async move { orders.pay(&payment).await });
    until("the payment waits for the wallet", async || waiting(db).await == 1).await;

    // The other one wants the order: nobody can go on. PostgreSQL stops the one that has waited for a second.
    let locked = orders::Entity::find_by_id(order.id.uuid()).lock_exclusive().one(&other).await;
    assert!(locked.unwrap().is_some(), "the payment was to be stopped");
    other.commit().await.unwrap();

    let paid = paid.await.unwrap().unwrap();
    assert!(matches!(paid, Paid::Now(_)), "{paid:?}");
    until("the engine counted a deadlock", async || deadlocks(db).await > before).await;
    assert_eq!(shop.balance(buyer).await, Some(0));
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_survives_a_deadlock_on_mariadb() {
    a_payment_survives_a_deadlock(mariadb().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_survives_a_deadlock_on_postgresql() {
    a_payment_survives_a_deadlock(postgresql().await).await;
}

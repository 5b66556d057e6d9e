//! A server that goes away: nothing but `Unavailable`, and all is well once it is back.

use std::{future::Future, time::Duration};

use domain::{error::Fault, order::OrderStatus};
use engines::{EngineError, MariaDb, MariaDbOptions, PostgreSql, PostgreSqlOptions};
use infra::sql::{Database, DatabaseOptions};

use crate::{
    contract::{
        databases::options,
        order::{Shop, start, user},
    },
    until,
};

/// A server of this test alone.
trait Server {
    fn kill(&mut self) -> impl Future<Output = Result<(), EngineError>>;
    fn start_again(&mut self) -> impl Future<Output = Result<(), EngineError>>;
}

impl Server for MariaDb {
    async fn kill(&mut self) -> Result<(), EngineError> {
        Self::kill(self).await
    }

    async fn start_again(&mut self) -> Result<(), EngineError> {
        Self::start_again(self).await
    }
}

impl Server for PostgreSql {
    async fn kill(&mut self) -> Result<(), EngineError> {
        Self::kill(self).await
    }

    async fn start_again(&mut self) -> Result<(), EngineError> {
        Self::start_again(self).await
    }
}

fn unavailable<T: std::fmt::Debug>(result: &Result<T, Fault>) -> bool {
    matches!(result, Err(Fault::Unavailable { part: "database", .. }))
}

async fn a_killed_server_is_unavailable_until_it_is_back(mut server: impl Server, url: String) {
    let impatient = DatabaseOptions { patience: Duration::from_secs(2), ..options(url) };
    let db = Database::open(&impatient).await.unwrap();
    let shop = Shop::over(db.clone());
    let sale = shop.sell(100).await;
    let kept = shop.order(sale, user(1)).await;

    // Killed in the middle of a transaction, and of a crowd that writes.
    let open = db.begin().await.unwrap();
    let crowd: Vec<_> = (2..40).map(|n| (std::sync::Arc::clone(&shop.orders), shop.hold(sale, user(n)))).collect();
    let holds: Vec<_> = crowd.iter().map(|(_, hold)| hold.clone()).collect();
    let crowd: Vec<_> = crowd
        .into_iter()
        .map(|(orders, hold)| tokio::spawn(async move { orders.place(&[hold], start()).await }))
        .collect();
    server.kill().await.unwrap();
    for placed in crowd {
        let placed = placed.await.unwrap();
        assert!(placed.is_ok() || unavailable(&placed), "{placed:?}");
    }
    assert!(open.commit().await.is_err());

    // Every way to the database says the same.
    assert!(unavailable(&db.ping().await));
    assert!(unavailable(&db.begin().await.map(|_| ())));
    assert!(unavailable(&db.snapshot().await.map(|_| ())));
    assert!(unavailable(&shop.orders.by_ids(&[kept.id]).await));
    assert!(unavailable(&shop.orders.place(&holds, start()).await));

    // The pool heals by itself, and what was committed is there.
    server.start_again().await.unwrap();
    until("the database answers", async || db.ping().await.is_ok()).await;
    assert_eq!(shop.stored(kept.id).await.status, OrderStatus::PendingPayment);
    // What was not acknowledged is asked for again and is there once.
    shop.orders.place(&holds, start()).await.unwrap();
    assert_eq!(shop.allocated(sale).await, 39);
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_mariadb_is_unavailable_until_it_is_back() {
    // Synced: what was acknowledged before the kill is asked for after it.
    let server = MariaDb::start(MariaDbOptions::default()).await.unwrap();
    let url = server.database("spike").await.unwrap();
    a_killed_server_is_unavailable_until_it_is_back(server, url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgresql_is_unavailable_until_it_is_back() {
    let server = PostgreSql::start(PostgreSqlOptions::default()).await.unwrap();
    let url = server.database("spike").await.unwrap();
    a_killed_server_is_unavailable_until_it_is_back(server, url).await;
}

//! A network between the store and Redis that breaks at the worst moments.

use std::{net::SocketAddr, time::Duration};

use domain::{
    error::Fault,
    spike::{
        ports::StockStore,
        stock::{Reserved, StockAdjusted},
    },
};
use engines::{Proxy, Redis, RedisOptions as Engine};
use infra::redis::RedisOptions;

use crate::{
    contract::redis::{answered, apart},
    sale::{Sale, ask, campaign},
};

const PATIENCE: Duration = Duration::from_millis(800);

async fn behind_a_proxy(patience: Duration) -> (Redis, Proxy, Sale) {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let proxy = Proxy::start(SocketAddr::from(([127, 0, 0, 1], engine.port()))).await.unwrap();
    let sale = Sale::open(RedisOptions { patience, ..apart(&proxy.url(&engine.url())) }).await;
    (engine, proxy, sale)
}

/// The script ran, its answer did not arrive.
#[tokio::test]
async fn a_grab_whose_answer_was_lost_is_taken_once() {
    let (_engine, proxy, sale) = behind_a_proxy(PATIENCE).await;
    sale.hold(1).await;
    proxy.drop_responses().await;
    let lost = sale.grab(2).await;
    assert!(matches!(lost, Err(Fault::Unavailable { part: "stock", .. })), "{lost:?}");
    proxy.resume().await;

    // Found by whoever asks again, and by the relay.
    let again = answered(|| sale.grab(2)).await;
    assert!(matches!(again, Reserved::Held { .. }), "{again:?}");
    assert_eq!(sale.available().await, Some(8));
    assert_eq!(sale.unpublished().await.len(), 2);

    proxy.drop_responses().await;
    assert!(sale.store.release(campaign(), domain::testing::id(2)).await.is_err());
    proxy.resume().await;
    answered(|| sale.store.release(campaign(), domain::testing::id(2))).await;
    assert_eq!(sale.available().await, Some(9), "given back once");
}

/// A partition: nothing is refused, nothing comes. New connections do not help until it is over.
#[tokio::test]
async fn a_partition_is_told_in_time_and_ends_by_itself() {
    let (_engine, proxy, sale) = behind_a_proxy(PATIENCE).await;
    proxy.freeze().await;
    for order in 1..4 {
        let begun = std::time::Instant::now();
        let cut = sale.grab(order).await;
        assert!(matches!(cut, Err(Fault::Unavailable { part: "stock", .. })), "{cut:?}");
        assert!(begun.elapsed() < PATIENCE * 4, "{:?}", begun.elapsed());
    }
    proxy.resume().await;
    for order in 1..4 {
        assert!(matches!(sale.grab_when_back(order).await, Reserved::Held { .. }));
    }
    assert_eq!(sale.available().await, Some(7));
}

#[tokio::test]
async fn connections_that_are_refused_are_made_again_when_they_can() {
    let (_engine, proxy, sale) = behind_a_proxy(PATIENCE).await;
    proxy.cut().await;
    for order in 1..20 {
        assert!(sale.grab(order).await.is_err());
    }
    proxy.resume().await;
    assert!(matches!(sale.grab_when_back(1).await, Reserved::Held { .. }));
    proxy.reset_all().await;
    assert!(matches!(sale.grab_when_back(2).await, Reserved::Held { .. }));
    assert_eq!(sale.available().await, Some(8));
}

/// Slow, but within what a command may take: everything is answered, groups only grow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_is_no_fault() {
    let (_engine, proxy, sale) = behind_a_proxy(Duration::from_secs(20)).await;
    proxy.delay(Duration::from_millis(20)).await;
    let grabs = (0..300).map(|order| {
        let store = std::sync::Arc::clone(&sale.store);
        tokio::spawn(async move { store.reserve(&ask(order)).await.unwrap() })
    });
    let answers = futures_util::future::join_all(grabs).await;
    let held = answers.into_iter().filter(|answer| matches!(answer, Ok(Reserved::Held { .. }))).count();
    assert_eq!(held, 10);
    assert!(matches!(sale.store.adjust(campaign(), 5).await.unwrap(), StockAdjusted::Adjusted(_)));
}

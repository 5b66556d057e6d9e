//! A Redis that does not answer: whoever waits is told so in time, and what it does when it goes on is done once.

use std::time::{Duration, Instant};

use domain::{
    error::Fault,
    spike::{ports::StockStore, stock::Reserved},
};
use engines::{Redis, RedisOptions as Engine};
use infra::redis::RedisOptions;

use crate::{
    contract::redis::{answered, apart},
    sale::{Sale, UNITS, ask_named},
};

const PATIENCE: Duration = Duration::from_millis(800);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_is_told_in_time_and_nothing_is_taken_twice() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let sale = Sale::open(RedisOptions { patience: PATIENCE, ..apart(&engine.url()) }).await;
    engine.ask(&["CLIENT", "PAUSE", "6000", "ALL"]).await.unwrap();

    let begun = Instant::now();
    // More than one group has, so that some wait behind others.
    let grabs = (0..1_000_u128).map(|n| {
        let store = std::sync::Arc::clone(&sale.store);
        let ask = ask_named(n, n % 5, &format!("attempt-{}", n % 5));
        tokio::spawn(async move { store.reserve(&ask).await })
    });
    for answer in futures_util::future::join_all(grabs).await {
        let answer = answer.unwrap();
        assert!(matches!(answer, Err(Fault::Unavailable { part: "stock", .. })), "{answer:?}");
    }
    // Twice the patience, and what a slow machine adds.
    assert!(begun.elapsed() < PATIENCE * 6, "{:?}", begun.elapsed());

    // The same attempts again get one unit each, whether those before were done late or not at all.
    for user in 0..5 {
        let ask = ask_named(2_000 + user, user, &format!("attempt-{user}"));
        let again = answered(|| sale.store.reserve(&ask)).await;
        assert!(matches!(again, Reserved::Held { .. } | Reserved::Known { .. }), "{again:?}");
        let ask = ask_named(3_000 + user, user, &format!("attempt-{user}"));
        let once_more = answered(|| sale.store.reserve(&ask)).await;
        assert!(matches!(once_more, Reserved::Known { .. }), "{once_more:?}");
    }
    assert_eq!(sale.available().await, Some(UNITS - 5));
    assert_eq!(sale.unpublished().await.len(), 5);
}

/// Connections that are cut under the store are replaced.
#[tokio::test]
async fn a_connection_that_is_cut_is_replaced() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let sale = Sale::open(apart(&engine.url())).await;
    for n in 0..5 {
        sale.hold(n).await;
        engine.ask(&["CLIENT", "KILL", "TYPE", "normal"]).await.unwrap();
        // Sent or not: the same order is taken once.
        sale.hold(n + 100).await;
    }
    assert_eq!(sale.available().await, Some(0));
}

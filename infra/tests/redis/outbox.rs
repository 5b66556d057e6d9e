//! What was taken and not noted as published.

use domain::{
    error::Fault,
    spike::{ports::StockStore, stock::Reserved},
};
use engines::{Redis, RedisOptions as Engine};
use infra::redis::RedisOptions;

use crate::{
    contract::redis::{answered, apart, impatient},
    sale::{Sale, ask_named, campaign},
};

#[tokio::test]
async fn it_is_kept_over_a_restart_and_a_close() {
    let mut engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let sale = Sale::open(impatient(&engine.url())).await;
    let (first, second) = (sale.hold(1).await, sale.hold(2).await);
    answered(|| sale.store.published(std::slice::from_ref(&first))).await;
    engine.kill().await.unwrap();
    engine.start_again().await.unwrap();
    assert_eq!(sale.unpublished().await, [second.order_id]);

    assert!(sale.load(2, vec![first]).await);
    let third = sale.hold(3).await;
    answered(|| sale.store.unload(campaign())).await;
    assert_eq!(sale.available().await, None);
    assert_eq!(sale.unpublished().await, [third.order_id], "of the life that was closed, and not of the one before");
}

/// More than one call reads, many of the same moment.
#[tokio::test]
async fn all_of_it_is_told_however_much_it_is() {
    let engine = engines::shared::redis().await.unwrap();
    let bench = crate::contract::redis::bench(apart(&engine.url())).await;
    bench.take(3_500).await;
    let left = bench.store.unpublished(chrono::Duration::zero(), usize::MAX).await.unwrap();
    assert_eq!(left.len(), 3_500);
    assert_eq!(bench.store.unpublished(chrono::Duration::zero(), 10).await.unwrap().len(), 10);
}

#[tokio::test]
async fn with_a_full_one_grabs_are_refused_and_known_attempts_are_answered() {
    let engine = engines::shared::redis().await.unwrap();
    let sale = Sale::open(RedisOptions { outbox_limit: 2, ..apart(&engine.url()) }).await;
    let named = match sale.store.reserve(&ask_named(1, 1, "a")).await.unwrap() {
        Reserved::Held { hold, .. } => hold,
        other => panic!("{other:?}"),
    };
    sale.hold(2).await;
    let full = sale.grab(3).await;
    assert!(matches!(full, Err(Fault::Unavailable { part: "queue", .. })), "{full:?}");
    assert_eq!(sale.available().await, Some(8), "nothing was taken");
    let known = sale.store.reserve(&ask_named(4, 1, "a")).await.unwrap();
    assert!(matches!(known, Reserved::Known { unpublished: Some(_), .. }), "{known:?}");

    sale.store.published(std::slice::from_ref(&named)).await.unwrap();
    sale.hold(5).await;
    assert!(sale.grab(6).await.is_err(), "full again");
    sale.store.release(campaign(), domain::testing::id(2)).await.unwrap();
    sale.hold(7).await;
}

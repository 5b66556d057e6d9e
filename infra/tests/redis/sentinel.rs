//! Redis behind sentinels: another server becomes the master.

use engines::{RedisSentinel, RedisSentinelOptions as Engine};
use infra::redis::{OpenError, RedisStock};

use crate::{
    contract::{
        feed::{Ear, change},
        redis::{impatient, replicas, until_heard},
    },
    sale::{Sale, assert_opens_again, assert_over},
};

#[tokio::test]
async fn the_next_master_sells_nothing_of_the_life_before_and_carries_the_feed_on() {
    let mut engine = RedisSentinel::start(Engine::with_password().unwrap()).await.unwrap();
    let options = impatient(&engine.url());
    let sale = Sale::open(options.clone()).await;
    let hold = sale.hold(1).await;
    let replicas = replicas(&options).await;
    let mut ear = Ear::of(&replicas.there, 1).await;
    replicas.here.publish(&[change(1, 1)]).await;
    assert_eq!(ear.order().await, Some(domain::testing::id(1)));

    let was = engine.kill_master().await.unwrap();
    // Before, while and after the sentinels agree: no grab is answered with units of the old life.
    assert_over(&sale, &hold).await;
    engine.until_failed_over(was).await.unwrap();
    assert_opens_again(&sale, 2, vec![hold]).await;
    ear.until_missed().await;
    until_heard(&replicas.here, &replicas.there).await;

    // The old master comes back as a master of its own for a while. Nobody asks it.
    engine.start_again(was).await.unwrap();
    assert_eq!(sale.hold(2).await.epoch, 2);
    assert_eq!(Sale::closed(options).await.hold(3).await.epoch, 2);
}

#[tokio::test]
async fn a_master_that_no_sentinel_knows_is_told() {
    let engine = RedisSentinel::start(Engine::with_password().unwrap()).await.unwrap();
    let url = engine.url();
    let (sentinels, _) = url.rsplit_once('/').unwrap();
    let error = RedisStock::open(&impatient(&format!("{sentinels}/another"))).await.err().expect("refused");
    assert!(matches!(error, OpenError::NotReady { .. }), "{error:?}");

    let sentinel = sentinels.rsplit_once(',').unwrap().1;
    let error = RedisStock::open(&impatient(&format!("redis://{sentinel}"))).await.err().expect("refused");
    assert!(matches!(error, OpenError::Form { .. }), "{error:?}");
}

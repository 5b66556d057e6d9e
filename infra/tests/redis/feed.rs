//! The feed when Redis, or the way to it, is gone for a while; and what it costs Redis while it is there.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{order::ports::StatusFeed, testing::id};
use engines::{Redis, RedisOptions as Engine};
use infra::redis::RedisFeed;

use crate::contract::{
    feed::{Ear, change},
    redis::{apart, replicas, until_heard},
};

#[tokio::test]
async fn a_listener_that_was_cut_off_says_that_it_may_have_missed_something() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let replicas = replicas(&apart(&engine.url())).await;
    let mut ear = Ear::of(&replicas.there, 1).await;
    replicas.here.publish(&[change(1, 1)]).await;
    assert_eq!(ear.order().await, Some(id(1)));

    engine.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
    ear.until_missed().await;
    replicas.here.publish(&[change(1, 2)]).await;
    assert_eq!(ear.order().await, Some(id(2)));
}

#[tokio::test]
async fn without_redis_a_process_still_tells_itself_and_others_learn_that_they_missed() {
    let mut engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let replicas = replicas(&apart(&engine.url())).await;
    let (mut here, mut there) = (Ear::of(&replicas.here, 1).await, Ear::of(&replicas.there, 1).await);
    engine.stop().await.unwrap();
    replicas.here.publish(&[change(1, 1)]).await;
    assert_eq!(here.order().await, Some(id(1)));

    engine.start_again().await.unwrap();
    there.until_missed().await;
    until_heard(&replicas.here, &replicas.there).await;
}

/// The publisher alone was cut off: the listener's connection is fine, so it must be told.
#[tokio::test]
async fn what_could_not_be_published_is_told_as_missed() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let replicas = replicas(&apart(&engine.url())).await;
    let mut there = Ear::of(&replicas.there, 1).await;
    // Redis takes no PUBLISH for a while, and listeners stay.
    engine.ask(&["ACL", "SETUSER", "default", "-publish"]).await.unwrap();
    replicas.here.publish(&[change(1, 1)]).await;
    // It was tried once the other process hears nothing of it and the right is back.
    let refused = async || {
        let log = engine.ask(&["ACL", "LOG"]).await.unwrap();
        log.contains("publish")
    };
    let begun = Instant::now();
    while !refused().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing was published");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    engine.ask(&["ACL", "SETUSER", "default", "+publish"]).await.unwrap();
    there.until_missed().await;
    until_heard(&replicas.here, &replicas.there).await;
}

/// It may have told anything: another build said it.
#[tokio::test]
async fn what_cannot_be_read_is_told_as_missed() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let options = apart(&engine.url());
    let replicas = replicas(&options).await;
    let mut there = Ear::of(&replicas.there, 1).await;
    engine.ask(&["PUBLISH", &format!("{}:changes", options.prefix), "{}"]).await.unwrap();
    assert_eq!(there.order().await, None);
    replicas.here.publish(&[change(1, 1)]).await;
    assert_eq!(there.order().await, Some(id(1)));
}

/// What comes right after a message waits for a moment and goes with what comes meanwhile.
#[tokio::test]
async fn a_stream_of_changes_is_told_in_few_messages() {
    const CHANGES: u128 = 200;
    const REST: Duration = Duration::from_millis(20);
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let replicas = replicas(&apart(&engine.url())).await;
    let mut there = Ear::of(&replicas.there, 1).await;
    engine.ask(&["CONFIG", "RESETSTAT"]).await.unwrap();
    let begun = Instant::now();
    let publishing = async {
        for order in 0..CHANGES {
            replicas.here.publish(&[change(1, order)]).await;
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
    };
    let hearing = async {
        for order in 0..CHANGES {
            assert_eq!(there.order().await, Some(id(order)));
        }
    };
    tokio::join!(publishing, hearing);
    let elapsed = begun.elapsed();
    let calls = engine.ask(&["INFO", "commandstats"]).await.unwrap();
    let told: u128 = calls
        .split_once("cmdstat_publish:calls=")
        .and_then(|(_, rest)| rest.split_once(',')?.0.parse().ok())
        .unwrap_or_else(|| panic!("no PUBLISH in {calls}"));
    // Each of the two processes may say as well that it is there.
    let signs = 2 * (elapsed.as_secs() + 1);
    let most = elapsed.as_micros() / REST.as_micros() + 1 + u128::from(signs);
    assert!(told <= most, "{told} messages in {elapsed:?}");
}

#[tokio::test]
async fn what_waits_for_the_next_message_is_told_when_the_process_ends() {
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let options = apart(&engine.url());
    let here = RedisFeed::open(&options).await.unwrap();
    let there: Arc<dyn StatusFeed> = Arc::new(RedisFeed::open(&options).await.unwrap());
    let mut ear = Ear::of(&there, 1).await;
    here.publish(&[change(1, 1)]).await;
    assert_eq!(ear.order().await, Some(id(1)));
    // The first was sent a moment ago, so this one waits.
    here.publish(&[change(1, 2)]).await;
    here.close().await;
    drop(here);
    assert_eq!(ear.order().await, Some(id(2)));
}

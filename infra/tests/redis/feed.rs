//! The feed when Redis, or the way to it, is gone for a while.

use domain::testing::id;
use engines::{Redis, RedisOptions as Engine};

use crate::contract::{
    feed::{Ear, Replicas, change},
    redis::{apart, replicas},
};

/// Publishes until the other replica hears it, which takes some tries while connections come back.
pub(crate) async fn until_heard(replicas: &Replicas, ear: &mut Ear) {
    let publishing = async {
        for order in 1_000.. {
            replicas.here.publish(&[change(1, order)]).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let hearing = async { while ear.order().await.is_none() {} };
    tokio::select! {
        () = publishing => {}
        () = hearing => {}
    }
}

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
    until_heard(&replicas, &mut there).await;
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
    let begun = std::time::Instant::now();
    while !refused().await {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "nothing was published");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    engine.ask(&["ACL", "SETUSER", "default", "+publish"]).await.unwrap();
    there.until_missed().await;
    until_heard(&replicas, &mut there).await;
}

//! Redis under test: a prefix for each test of those that share an engine, and what waits until an engine is back.
#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{
    error::Fault,
    order::ports::StatusFeed,
    testing::{ManualClock, instant},
};
use infra::redis::{RedisFeed, RedisOptions, RedisStock};

use super::{
    feed::{Ear, Replicas, change},
    stock::Bench,
};

/// The moment at which the clock of a test stands.
pub(crate) const START: &str = "2026-01-01T10:00:00Z";

/// How a test uses the Redis at an address that others may use too. Nothing is too slow for it.
pub(crate) fn apart(url: &str) -> RedisOptions {
    static TESTS: AtomicU32 = AtomicU32::new(0);
    let number = TESTS.fetch_add(1, Ordering::Relaxed);
    let patience = Duration::from_secs(20);
    RedisOptions { prefix: format!("test-{number}"), patience, ..RedisOptions::new(url) }
}

/// How a test uses a Redis that will be away or slow. What does not answer in time is asked again ([`answered`]).
pub(crate) fn impatient(url: &str) -> RedisOptions {
    RedisOptions { patience: Duration::from_secs(1), ..apart(url) }
}

/// A store, and the clock that it reads instead of Redis's own.
pub(crate) async fn bench(options: RedisOptions) -> Bench {
    let clock = Arc::new(ManualClock::at(instant(START)));
    let options = RedisOptions { clock: Some(clock.clone()), ..options };
    Bench { store: Arc::new(RedisStock::open(&options).await.unwrap()), clock }
}

/// Two replicas of a feed, which hear each other: nodes of a cluster that is new may still be finding each other.
pub(crate) async fn replicas(options: &RedisOptions) -> Replicas {
    let feed = async || Arc::new(RedisFeed::open(options).await.unwrap());
    let replicas = Replicas { here: feed().await, there: feed().await };
    until_heard(&replicas.here, &replicas.there).await;
    until_heard(&replicas.there, &replicas.here).await;
    replicas
}

/// Publishes until one replica hears the other, which takes some tries while connections are made. Of a user of whom
/// nobody else wants to hear.
pub(crate) async fn until_heard(from: &Arc<dyn StatusFeed>, to: &Arc<dyn StatusFeed>) {
    const NOBODY: u128 = 1 << 100;
    let mut ear = Ear::of(to, NOBODY).await;
    let publishing = async {
        for order in 0.. {
            from.publish(&[change(NOBODY, order)]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let hearing = async { while ear.order().await.is_none() {} };
    tokio::select! {
        () = publishing => {}
        () = hearing => {}
    }
}

/// The first answer of a store whose engine may be away at first.
pub(crate) async fn answered<T, W: Future<Output = Result<T, Fault>>>(ask: impl Fn() -> W) -> T {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(Fault::Unavailable { .. }) if begun.elapsed() < Duration::from_mins(2) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(fault) => panic!("{fault:?} after {:?}", begun.elapsed()),
        }
    }
}

//! Redis under test: the engines that the tests of a binary share, and a prefix for each test.
#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use domain::testing::{ManualClock, instant};
use infra::redis::{RedisOptions, RedisStock};

use super::stock::Bench;

/// The moment at which the clock of a test stands.
pub(crate) const START: &str = "2026-01-01T10:00:00Z";

/// How a test uses the Redis at an address that others may use too.
pub(crate) fn apart(url: &str) -> RedisOptions {
    static TESTS: AtomicU32 = AtomicU32::new(0);
    let number = TESTS.fetch_add(1, Ordering::Relaxed);
    RedisOptions { prefix: format!("test-{number}"), ..RedisOptions::new(url) }
}

/// A store, and the clock that it reads instead of Redis's own.
pub(crate) async fn bench(options: RedisOptions) -> Bench {
    let clock = Arc::new(ManualClock::at(instant(START)));
    let options = RedisOptions { clock: Some(clock.clone()), ..options };
    Bench { store: Arc::new(RedisStock::open(&options).await.unwrap()), clock }
}

//! The contract of counting attempts to sign in, on everything that counts them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "what a test relies on must be there"
)]

mod contract {
    pub(crate) mod attempts;
}

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use contract::attempts::{Bench, quotas};
use domain::{
    testing::{ManualClock, instant},
    user::ports::{Attempt, AttemptLimiter},
};
use infra::{
    memory::MemoryAttempts,
    redis::{RedisAttempts, RedisOptions},
};

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(instant("2026-01-01T10:00:00Z")))
}

async fn in_memory() -> Bench {
    let clock = clock();
    let here: Arc<dyn AttemptLimiter> = Arc::new(MemoryAttempts::new(quotas(), clock.clone()));
    Bench { there: here.clone(), here, clock }
}

async fn on_redis(url: &str) -> Bench {
    static TESTS: AtomicU32 = AtomicU32::new(0);
    let clock = clock();
    let prefix = format!("attempts-{}", TESTS.fetch_add(1, Ordering::Relaxed));
    let options = RedisOptions { prefix, clock: Some(clock.clone()), ..RedisOptions::new(url) };
    let open = async || Arc::new(RedisAttempts::open(&options, quotas(), clock.clone()).await.unwrap());
    Bench { here: open().await, there: open().await, clock: clock.clone() }
}

async fn on_one_redis() -> Bench {
    on_redis(&engines::shared::redis().await.unwrap().url()).await
}

async fn on_a_cluster() -> Bench {
    on_redis(&engines::shared::redis_cluster().await.unwrap().url()).await
}

macro_rules! on {
    ($module:ident, $bench:path, [$($case:ident),* $(,)?]) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::attempts::$case($bench().await).await;
            })*
        }
    };
}

macro_rules! everywhere {
    ($cases:tt) => {
        on!(memory, crate::in_memory, $cases);
        on!(redis, crate::on_one_redis, $cases);
        on!(cluster, crate::on_a_cluster, $cases);
    };
}

everywhere!([
    an_address_runs_out_before_an_account,
    what_is_refused_is_not_counted,
    what_succeeds_is_taken_back,
    replicas_count_together,
]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_each_process_counts_by_itself() {
    let mut redis = engines::Redis::start(engines::RedisOptions::with_password().unwrap()).await.unwrap();
    let clock = clock();
    let options = RedisOptions { clock: Some(clock.clone()), ..RedisOptions::new(redis.url()) };
    let limiter = RedisAttempts::open(&options, quotas(), clock).await.unwrap();
    let tried = Attempt { account: "+100".to_owned(), from: None };
    assert_eq!(limiter.begin(&tried).await.unwrap(), Ok(()));
    redis.kill().await.unwrap();
    for _ in 0..3 {
        assert_eq!(limiter.begin(&tried).await.unwrap(), Ok(()), "nobody is kept out by that");
    }
    assert_eq!(limiter.begin(&tried).await.unwrap(), Err(Duration::from_secs(10)), "and nobody guesses for ever");
}

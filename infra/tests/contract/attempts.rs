//! What counting attempts to sign in means, whoever counts.

use std::{net::IpAddr, sync::Arc, time::Duration};

use domain::{
    testing::ManualClock,
    user::ports::{Attempt, AttemptLimiter, AttemptQuotas},
};

/// A limiter, the clock that it reads, and whether it counts together with another one.
pub(crate) struct Bench {
    pub(crate) here: Arc<dyn AttemptLimiter>,
    pub(crate) there: Arc<dyn AttemptLimiter>,
    pub(crate) clock: Arc<ManualClock>,
}

/// What the cases count by.
pub(crate) fn quotas() -> AttemptQuotas {
    AttemptQuotas { of_account: "6/60s".parse().unwrap(), of_account_and_address: "3/30s".parse().unwrap() }
}

fn attempt(account: &str, from: &str) -> Attempt {
    Attempt { account: account.to_owned(), from: from.parse::<IpAddr>().ok() }
}

impl Bench {
    async fn wait(&self, attempt: &Attempt) -> Option<Duration> {
        self.here.begin(attempt).await.unwrap().err()
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(chrono::Duration::seconds(seconds));
    }
}

pub(crate) async fn an_address_runs_out_before_an_account(bench: Bench) {
    for (from, tries) in [("10.0.0.1", 3), ("10.0.0.2", 3)] {
        for _ in 0..tries {
            assert_eq!(bench.wait(&attempt("+100", from)).await, None, "{from}");
        }
    }
    assert_eq!(bench.wait(&attempt("+100", "10.0.0.1")).await, Some(Duration::from_secs(10)));
    assert_eq!(bench.wait(&attempt("+100", "10.0.0.3")).await, Some(Duration::from_secs(10)), "six are six");
    assert_eq!(bench.wait(&attempt("+100", "nowhere")).await, Some(Duration::from_secs(10)));
    assert_eq!(bench.wait(&attempt("+101", "10.0.0.1")).await, None, "another account");
}

pub(crate) async fn what_is_refused_is_not_counted(bench: Bench) {
    let tried = attempt("+100", "10.0.0.1");
    for _ in 0..3 {
        assert_eq!(bench.wait(&tried).await, None);
    }
    for _ in 0..20 {
        assert_eq!(bench.wait(&tried).await, Some(Duration::from_secs(10)));
    }
    bench.pass(4);
    assert_eq!(bench.wait(&tried).await, Some(Duration::from_secs(6)));
    bench.pass(6);
    assert_eq!(bench.wait(&tried).await, None);
    assert!(bench.wait(&tried).await.is_some());
}

pub(crate) async fn what_succeeds_is_taken_back(bench: Bench) {
    let tried = attempt("+100", "10.0.0.1");
    for _ in 0..50 {
        assert_eq!(bench.wait(&tried).await, None);
        bench.here.succeeded(&tried).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(bench.wait(&tried).await, None);
    }
    assert!(bench.wait(&tried).await.is_some(), "and no more than was counted");
    bench.pass(600);
    bench.here.succeeded(&tried).await.unwrap();
    for _ in 0..3 {
        assert_eq!(bench.wait(&tried).await, None);
    }
    assert!(bench.wait(&tried).await.is_some());
}

pub(crate) async fn replicas_count_together(bench: Bench) {
    let tried = attempt("+100", "10.0.0.1");
    for limiter in [&bench.here, &bench.there, &bench.here] {
        assert_eq!(limiter.begin(&tried).await.unwrap(), Ok(()));
    }
    for limiter in [&bench.here, &bench.there] {
        assert_eq!(limiter.begin(&tried).await.unwrap(), Err(Duration::from_secs(10)));
    }
}

//! The contract of the stock store, on every store that there is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "what a test relies on must be there"
)]

mod contract {
    pub(crate) mod feed;
    pub(crate) mod redis;
    pub(crate) mod stock;
}

use std::sync::Arc;

use contract::{
    redis,
    stock::{self, Bench},
};
use domain::testing::{ManualClock, instant};
use infra::memory::MemoryStock;
use proptest::prelude::*;

fn memory() -> Bench {
    let clock = Arc::new(ManualClock::at(instant("2026-01-01T10:00:00Z")));
    Bench { store: Arc::new(MemoryStock::new(clock.clone())), clock }
}

async fn one_redis() -> Bench {
    let engine = engines::shared::redis().await.unwrap();
    redis::bench(redis::apart(&engine.url())).await
}

async fn redis_cluster() -> Bench {
    let engine = engines::shared::redis_cluster().await.unwrap();
    redis::bench(redis::apart(&engine.url())).await
}

macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::stock::$case(super::memory()).await;
            })*
        }

        mod in_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::stock::$case(super::one_redis().await).await;
            })*
        }

        mod in_redis_cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::stock::$case(super::redis_cluster().await).await;
            })*
        }
    };
}

contract!(
    a_closed_campaign_answers_not_loaded,
    a_hold_carries_the_terms_of_its_moment,
    refusals_come_in_their_order,
    older_terms_never_replace_newer_ones,
    units_come_back_once,
    the_same_attempt_is_one_attempt,
    a_refused_attempt_leaves_no_trace,
    an_attempt_is_remembered_when_its_order_was_closed_early,
    a_key_is_one_campaigns,
    opening_takes_holds_and_attempts_in,
    an_opening_whose_claim_has_ended_does_nothing,
    what_is_open_cannot_be_claimed,
    a_hold_of_a_life_that_is_over_is_not_confirmed,
    all_holds_are_told,
    what_was_not_published_is_told,
    adjusting_never_goes_below_what_is_held,
    a_crowd_takes_what_there_is,
    the_same_attempt_at_the_same_moment_is_one,
    the_same_order_is_taken_once,
    a_key_is_never_two_campaigns,
);

/// A step is a round trip or more, so there are fewer cases than in memory.
fn in_redis(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(in_redis(24))]

    #[test]
    fn redis_does_what_the_model_does(steps in stock::model::steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { stock::model::does_what_the_model_does(one_redis().await, steps).await });
    }
}

proptest! {
    #[test]
    fn memory_does_what_the_model_does(steps in stock::model::steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(stock::model::does_what_the_model_does(memory(), steps));
    }
}

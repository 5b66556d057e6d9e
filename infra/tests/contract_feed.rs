//! The contract of the feed, on every feed that there is.

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

use contract::{feed::Replicas, redis};
use infra::memory::MemoryFeed;

fn memory() -> Replicas {
    let feed = Arc::new(MemoryFeed::default());
    Replicas { here: feed.clone(), there: feed }
}

async fn one_redis() -> Replicas {
    redis::replicas(&redis::apart(&engines::shared::redis().await.unwrap().url())).await
}

async fn redis_cluster() -> Replicas {
    redis::replicas(&redis::apart(&engines::shared::redis_cluster().await.unwrap().url())).await
}

macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::feed::$case(super::memory()).await;
            })*
        }

        mod in_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::feed::$case(super::one_redis().await).await;
            })*
        }

        mod in_redis_cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::contract::feed::$case(super::redis_cluster().await).await;
            })*
        }
    };
}

contract!(
    every_subscriber_is_told_each_change_in_order,
    a_change_is_told_as_it_is,
    others_are_told_nothing,
    who_is_too_slow_is_told_so,
    who_left_is_in_nobodys_way,
);

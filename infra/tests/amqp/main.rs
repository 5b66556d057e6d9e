//! The contract of the message bus on RabbitMQ, and what is its own: groups, fences, replicas, outages, and what is said
//! at start.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
#[path = "../contract"]
mod contract {
    #[macro_use]
    pub(crate) mod queue;
}
mod broker;
mod consuming;
mod inquiry;
mod opening;
mod outages;
mod publishing;
mod scene;
mod suite;

use self::suite::post;

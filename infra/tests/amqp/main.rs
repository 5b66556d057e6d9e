//! What is the message bus's own on RabbitMQ: groups, fences, replicas, outages, and what is said at start.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod broker;
mod consuming;
mod inquiry;
mod opening;
mod outages;
mod proxy;
mod publishing;
mod scene;

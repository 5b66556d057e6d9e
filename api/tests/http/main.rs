//! HTTP and WebSocket as a client meets them: what is read and how it is answered, who is who, what is too much, and the
//! end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod basics;
mod documents;
mod forms;
mod limits;
mod live;
mod protocol;
mod rates;
mod sockets;
mod wire;

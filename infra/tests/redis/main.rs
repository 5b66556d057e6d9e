//! What is Redis's own: lives that end, engines that fall over, starts that are refused, and what calls cost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "what a test relies on must be there"
)]

#[path = "../contract"]
mod contract {
    pub(crate) mod feed;
    pub(crate) mod redis;
    pub(crate) mod stock;
}

mod cluster;
mod crowd;
mod cut;
mod feed;
mod fence;
mod frozen;
mod outbox;
mod sale;
mod sentinel;
mod start;
mod tls;

//! The contract of the store of access rules and lists, on every engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod databases;
    #[macro_use]
    pub(crate) mod stores;
    pub(crate) mod seed;
    #[macro_use]
    pub(crate) mod access;
}

on_every_engine!(access_suite);

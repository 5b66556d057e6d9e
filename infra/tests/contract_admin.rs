//! The contract of the stores of those who run sales, on every engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod databases;
    #[macro_use]
    pub(crate) mod stores;
    pub(crate) mod seed;
    #[macro_use]
    pub(crate) mod admin;
}

on_every_engine!(admin_suite);

//! The contract of the reader of campaigns, on every engine.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod databases;
    #[macro_use]
    pub(crate) mod stores;
    pub(crate) mod seed;
    #[macro_use]
    pub(crate) mod spike;
}

on_every_engine!(spike_suite);

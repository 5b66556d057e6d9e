//! The contract of the reader of campaigns, on SQLite.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod stores;
    pub(crate) mod seed;
    pub(crate) mod sqlite;
    #[macro_use]
    pub(crate) mod spike;
}

spike_suite!(contract::sqlite::open);

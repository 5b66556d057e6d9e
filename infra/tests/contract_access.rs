//! The contract of the store of access rules and lists, on SQLite.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod stores;
    pub(crate) mod seed;
    pub(crate) mod sqlite;
    #[macro_use]
    pub(crate) mod access;
}

access_suite!(contract::sqlite::open);

//! The contract of the stores of those who run sales, on SQLite.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod stores;
    pub(crate) mod seed;
    pub(crate) mod sqlite;
    #[macro_use]
    pub(crate) mod admin;
}

admin_suite!(contract::sqlite::open);

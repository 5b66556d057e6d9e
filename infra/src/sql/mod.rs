//! Every store of the domain on SQL, and the queue table.
//!
//! One struct a port (`SqlAccounts`, `SqlOrders`, …), each over a shared [`Database`]. A method that writes
//! runs within [`retry`]: it begins one transaction with [`Database::begin`] and commits it; dropping it rolls
//! back. What it calls on the way returns a [`retry::Setback`], so that a deadlock on any statement has the
//! whole transaction begun again. A method that only reads uses [`Database::reader`], or a
//! [`Database::snapshot`] where several reads must agree. Guards stand in the `WHERE` of an update whose
//! affected rows are counted, or in a read that locks; never in a read that does not.
//!
//! The same statements run on SQLite, MySQL, MariaDB and PostgreSQL. Where engines differ there is one place
//! that knows: [`connection`] (sessions, isolation), [`codes`] and [`error`] (what they say), [`mod@write`] (how
//! much fits into a statement).

mod codes;
mod connection;
mod convert;
mod error;
mod gather;
mod paging;
mod retry;
mod write;

pub mod access;
pub mod admin;
pub mod order;
pub mod queue;
pub mod spike;
pub mod user;

pub use connection::{Bounded, Database, DatabaseOptions, Engine, Migrate, OpenError};

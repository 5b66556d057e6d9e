//! Every store of the domain on SQL, and the queue table.
//!
//! One struct a port (`SqlAccounts`, `SqlOrders`, …), each over a shared [`Database`]. A method that writes
//! begins one transaction with [`Database::begin`] and commits it; dropping it rolls back. A method that
//! only reads uses [`Database::reader`]. Guards stand in the `WHERE` of an update whose affected rows are
//! counted, never in a read before it.

mod connection;
mod convert;
mod error;
mod paging;
mod write;

pub mod access;
pub mod admin;
pub mod order;
pub mod queue;
pub mod spike;
pub mod user;

pub use connection::{Database, DatabaseOptions};

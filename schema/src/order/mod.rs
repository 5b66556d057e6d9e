//! What follows a grab, in the graph: orders, payment, balances, live status.

pub mod entity;
pub mod errors;
pub mod mutation;
pub mod query;
pub mod subscription;
pub mod types;

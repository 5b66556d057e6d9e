//! Accounts and sessions in the graph: who am I, registration, sign-in.

pub mod errors;
pub mod mutation;
pub mod query;
pub mod types;

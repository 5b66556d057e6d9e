//! Adapters behind the ports of the domain.
//!
//! | module | ports |
//! |---|---|
//! | [`sql`] | every store, and the queue table as a message bus |
//! | [`amqp`] | RabbitMQ as a message bus |
//! | [`memory`] | stock and live status of a single process |
//! | [`redis`] | stock and live status that replicas share |
//! | [`crypto`] | passwords, access tokens, refresh secrets |
//! | [`clock`], [`ids`] | time and identifiers |
//!
//! Several of them are built on group commit ([`domain::group`]).
//!
//! # How to add an adapter
//! Implement the port's trait in a module named after the technology, and run the port's contract suite
//! (`tests/contract/`) on it: the suite takes the trait object and nothing else.
//!
//! What this crate may not touch: rules of a sale. An adapter stores, sends and waits; what a value means
//! is decided in `domain`.

pub mod amqp;
pub mod clock;
pub mod crypto;
pub mod ids;
pub mod memory;
pub mod redis;
pub mod sql;

//! The one binary, `spike`: configuration, wiring, HTTP and the command line around the use cases of
//! [`domain`].
//!
//! # How to find your way
//! | module | what it is for |
//! |---|---|
//! | [`config`] | what the operator decides |
//! | [`cli`] | the commands |
//! | [`app`] | the life of a serving process, from start to stop |
//! | [`http`] | the graph on HTTP and WebSocket, health, keys |
//! | [`roles`] | which parts a process runs |
//! | [`world`], [`wiring`] | which adapters stand behind the ports |
//! | [`readiness`], [`shutdown`], [`telemetry`], [`data_dir`] | what a process owes its operator |
//!
//! # What this crate may not touch
//! Rules of a sale: they are in `domain`. SQL: that is in `infra`, and only [`wiring`] names it.

pub mod administrators;
pub mod app;
pub mod cli;
pub mod config;
pub mod data_dir;
pub mod error;
pub mod http;
pub mod readiness;
pub mod roles;
pub mod shutdown;
pub mod telemetry;
pub mod wiring;
pub mod world;

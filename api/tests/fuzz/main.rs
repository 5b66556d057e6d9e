//! Made-up input for everything that reads what anybody may send: no panic, no fault of the server, no endless answer.
//!
//! Each target begins with a corpus of good input and changes it at random (`input`). A run is bounded: a few seconds a
//! target in `make test`, or as long as one likes: `make fuzz SECONDS=600`. A run is its seed, which is printed, so that
//! what failed can be had again: `SPIKE_FUZZ_SEED=… cargo test -p api --test fuzz`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it did"
)]

#[path = "../support/mod.rs"]
mod support;

mod documents;
mod harness;
mod http;
mod ids;
mod input;
mod rules;
mod sockets;

//! Every operation of the graph as its clients meet it: over HTTP and WebSocket, on the embedded default.
//! One module a domain; what more than one of them needs is in `support`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod admin;
mod order;
mod order_status;
mod spike;
mod user;

/// With `--show-output` it says what the others ran on.
#[test]
fn the_run_names_a_stack_that_there_is() {
    println!("the graph on {}", support::Stack::of_this_run().engines());
}

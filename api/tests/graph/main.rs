//! Every operation of the graph as its clients meet it: over HTTP and WebSocket, on the embedded default.
//! One module a domain; what more than one of them needs is in `support`.

#[path = "../support/mod.rs"]
mod support;

mod access;
mod admin;
mod order;
mod order_status;
mod spike;
mod user;

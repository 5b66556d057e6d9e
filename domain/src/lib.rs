//! What a flash sale is: its types, its use cases and the ports through which they reach the world.
//!
//! # How to find your way
//! The five domains are modules of the same name here, in `schema` and in `infra`, so that one
//! purchase can be followed by name from the resolver to the statement that stores it:
//!
//! | module | what it answers |
//! |---|---|
//! | [`user`] | who is this: accounts, sessions, tokens |
//! | [`spike`] | what a campaign is, and what a **grab** is ([`spike::grab`]) |
//! | [`access`] | who may take part: rules, lists, eligibility |
//! | [`admin`] | how a sale is run: products, campaigns, stock, reports, audit |
//! | [`order`] | what follows a grab: placing, payment, expiry, live status |
//!
//! # How to add a use case
//! 1. Name its inputs with types that cannot be wrong ([`id`], [`money`], newtypes of the module).
//! 2. Write it as a method of the module's service struct. It returns `Result<T, Failure<Code>>`,
//!    where `Code` is the enum of refusals that a client can cause or expect ([`error`]).
//! 3. What it needs of the world becomes a method of a port (a trait in the module's `ports.rs`).
//!    An adapter in `infra` implements it, and the port's contract suite there gets a case.
//!
//! # What this crate may not touch
//! No database, broker, socket, file, wall clock or random source: time comes from [`clock::Clock`]
//! and ids from [`id::IdSource`]. Its manifest holds no crate that does I/O.

/// A step after which a process may end and nothing may be lost by it: `docs/ARCHITECTURE.md` lists what follows.
///
/// The crash tests end the process there, by the name in `FAILPOINTS`, such as
/// `FAILPOINTS="grab.reserved=2*off->1*return"` for the third time. In the product it is nothing.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

pub mod access;
pub mod admin;
pub mod clock;
pub mod error;
pub mod group;
pub mod id;
pub mod last_known;
pub mod money;
pub mod order;
pub mod page;
pub mod rate;
pub mod services;
pub mod spike;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod user;

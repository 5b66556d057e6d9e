//! Who is this: accounts, sign-in, sessions and their tokens.
//!
//! The module knows phones, passwords and sessions; it knows nothing of campaigns or orders.

pub mod account;
pub mod ports;
pub mod profile;
pub mod register;
pub mod session;
pub mod sign_in;
pub mod viewer;

pub use account::{Role, User, WorkStatus};
pub use viewer::{Administrator, Viewer};

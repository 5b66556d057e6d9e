//! What the operator decides: one typed struct a section, from a commented defaults file that is compiled
//! in, a file, the environment and flags.
//!
//! # How to add a key
//! Write it with a comment in `default.toml` and with its type in `sections`. A key without a default is
//! an `Option` and stands there commented out. What a value must be beyond its type is said in `check`.
//!
//! This module reads files and the environment. It opens no database and no socket.

mod check;
mod duration;
mod environment;
mod error;
mod list;
mod load;
mod print;
mod secret;
mod sections;
mod traffic;

pub use duration::Humane;
pub use error::ConfigError;
pub use list::{List, Network, Written};
pub use load::{Flags, load};
pub use secret::Secret;
pub(crate) use secret::without_password;
pub use sections::{Admin, Auth, Bus, Config, Consumer, Database, Log, LogFormat, QueueType, Server, Shop, Stock};
pub use traffic::{Cors, GetRequests, Graphql, Rates, WebSocket};

/// The defaults, with what each key is for.
pub const DEFAULTS: &str = include_str!("default.toml");

//! Redis: one server.

mod server;
mod single;

pub use self::single::{DataCopy, Persistence, Redis, RedisOptions};

use crate::program::Program;

const SERVER: Program = Program { name: "redis-server", package: "redis-server", directory: "/usr/bin" };
const CLI: Program = Program { name: "redis-cli", package: "redis-tools", directory: "/usr/bin" };

//! Real engines on loopback: Redis (one server, Cluster, Sentinel), RabbitMQ, MariaDB and PostgreSQL, and a TCP proxy
//! that breaks connections to them. Tests, benchmarks and `make engines` start them here; nothing that is shipped does.
//! It knows the programs of Debian and nothing of spike.
//!
//! Each engine has a directory and ports of its own, so that any number of them stand side by side. It keeps both over
//! `kill`, `stop` and `start_again`. It ends when its value is dropped, and also when the process that started it ends
//! without dropping anything ([`process`] says how), so a test that is killed leaves nothing behind.
//!
//! Tests of one binary share an engine through [`shared`] and keep apart by key prefix, virtual host or database. A test
//! that kills its engine starts one of its own.

mod error;
mod home;
mod lifecycle;
mod mariadb;
mod plain;
mod port;
mod postgresql;
mod process;
mod program;
mod proxy;
mod rabbitmq;
mod redis;
pub mod shared;
mod tls;

pub use error::EngineError;
pub use home::write_private;
pub use mariadb::{MariaDb, MariaDbOptions};
pub use plain::kept_password;
pub use port::Port;
pub use postgresql::{PostgreSql, PostgreSqlOptions};
pub use proxy::Proxy;
pub use rabbitmq::{RabbitMq, RabbitOptions};
pub use redis::{
    DataCopy, Persistence, Redis, RedisCluster, RedisClusterOptions, RedisOptions, RedisSentinel, RedisSentinelOptions,
};

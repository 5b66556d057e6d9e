//! One engine for all tests of a test binary, started by the first that asks. It ends with the process.
//!
//! Nobody may stop a shared engine, which is why only a shared reference is given out. So nothing can tell whether its
//! commits were synced to the disk, and the databases do not wait for that.

use tokio::sync::OnceCell;

use crate::{
    EngineError, MariaDb, MariaDbOptions, PostgreSql, PostgreSqlOptions, RabbitMq, RabbitOptions, Redis, RedisCluster,
    RedisClusterOptions, RedisOptions,
};

/// The Redis server: a password, an append-only file. Keep apart by key prefix.
pub async fn redis() -> Result<&'static Redis, EngineError> {
    static REDIS: OnceCell<Redis> = OnceCell::const_new();
    REDIS.get_or_try_init(|| async { Redis::start(RedisOptions::with_password()?).await }).await
}

/// The Redis Cluster: three masters, a password. Keep apart by key prefix.
pub async fn redis_cluster() -> Result<&'static RedisCluster, EngineError> {
    static CLUSTER: OnceCell<RedisCluster> = OnceCell::const_new();
    CLUSTER.get_or_try_init(|| async { RedisCluster::start(RedisClusterOptions::with_password()?).await }).await
}

/// The RabbitMQ. Keep apart by the names of queues and exchanges, or by virtual host.
pub async fn rabbitmq() -> Result<&'static RabbitMq, EngineError> {
    static RABBITMQ: OnceCell<RabbitMq> = OnceCell::const_new();
    RABBITMQ.get_or_try_init(|| RabbitMq::start(RabbitOptions::default())).await
}

/// The MariaDB. Keep apart by [`MariaDb::database`].
pub async fn mariadb() -> Result<&'static MariaDb, EngineError> {
    static MARIADB: OnceCell<MariaDb> = OnceCell::const_new();
    MARIADB.get_or_try_init(|| MariaDb::start(MariaDbOptions { lazy: true, ..MariaDbOptions::default() })).await
}

/// The PostgreSQL. Keep apart by [`PostgreSql::database`].
pub async fn postgresql() -> Result<&'static PostgreSql, EngineError> {
    static POSTGRESQL: OnceCell<PostgreSql> = OnceCell::const_new();
    POSTGRESQL
        .get_or_try_init(|| PostgreSql::start(PostgreSqlOptions { lazy: true, ..PostgreSqlOptions::default() }))
        .await
}

//! The engines, as production has them: Redis with an append-only file that is synced once a second, RabbitMQ with its
//! messages on disk, MariaDB that syncs each commit.

use engines::{MariaDb, MariaDbOptions, RabbitMq, RabbitOptions, Redis, RedisOptions};

use crate::error::BenchError;

/// Running engines.
pub(crate) struct Engines {
    pub(crate) redis: Redis,
    pub(crate) rabbitmq: RabbitMq,
    /// The URL of the shop's database.
    pub(crate) database: String,
    _mariadb: MariaDb,
}

impl Engines {
    /// Starts them side by side.
    pub(crate) async fn start() -> Result<Self, BenchError> {
        let (redis, rabbitmq, mariadb) = tokio::try_join!(
            Redis::start(RedisOptions::with_password()?),
            RabbitMq::start(RabbitOptions::default()),
            MariaDb::start(MariaDbOptions::default()),
        )?;
        let database = mariadb.database("spike").await?;
        Ok(Self { redis, rabbitmq, database, _mariadb: mariadb })
    }

    /// The configuration of a spike process that uses them.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("SPIKE__DATABASE__URL", self.database.clone()),
            ("SPIKE__STOCK__URL", self.redis.url()),
            ("SPIKE__BUS__URL", self.rabbitmq.url()),
        ]
    }
}

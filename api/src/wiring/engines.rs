//! Connecting to the engines that the configuration names, waiting for those that are not there yet.

use std::{
    fmt::{self, Display, Formatter},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    clock::Clock,
    error::Fault,
    order::ports::StatusFeed,
    spike::ports::{MessageBus, StockStore},
    user::ports::AttemptLimiter,
};
use infra::{
    amqp::{self, AmqpBus, AmqpOptions},
    memory::{MemoryAttempts, MemoryFeed, MemoryStock, UncountedAttempts},
    redis::{self, RedisAttempts, RedisFeed, RedisOptions, RedisStock},
    sql::{
        Database, DatabaseOptions, Migrate, OpenError,
        queue::{QueueOptions, SqlQueue},
    },
};
use tokio::time::Instant;

use crate::{
    config::{Config, QueueType, without_password},
    error::StartError,
    world::{Overrides, Part},
};

/// Pauses between two tries to connect: from the first to the longest, each twice as long as the one before.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// An engine that is being connected to, for the log and for errors.
struct Engine<'a> {
    part: &'static str,
    url: &'a str,
    patience: Duration,
}

impl Engine<'_> {
    /// Connects, and tries again as long as that may help and patience lasts.
    async fn connect<T, E: Display>(
        &self,
        attempt: impl AsyncFn() -> Result<T, E>,
        is_transient: impl Fn(&E) -> bool,
    ) -> Result<T, StartError> {
        let started = Instant::now();
        let mut pause = PAUSES.0;
        loop {
            let error = match attempt().await {
                Ok(connected) => return Ok(connected),
                Err(error) => error,
            };
            let cause = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            let url = without_password(self.url);
            let transient = is_transient(&error);
            if !transient || started.elapsed() + pause > self.patience {
                let waited = transient.then_some(self.patience);
                return Err(StartError::Engine { part: self.part, url, cause, waited });
            }
            tracing::warn!(part = self.part, url, cause, "not there yet; trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

/// Connects to the database, and brings its schema up to date if it may.
pub(super) async fn database(config: &Config, migrate: bool) -> Result<Database, StartError> {
    let options = DatabaseOptions {
        url: config.database.url.clone(),
        connections: config.database.connections,
        patience: config.database.patience.std(),
        migrate: if migrate { Migrate::Yes } else { Migrate::No },
    };
    let engine = Engine { part: "database", url: &config.database.url, patience: config.server.start_patience.std() };
    engine
        .connect(async || Database::open(&options).await.map_err(Unopened), |unopened| unopened.0.is_transient())
        .await
}

/// Why a database did not open, and what to do.
struct Unopened(OpenError);

impl Display for Unopened {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cause = self.0.to_string();
        let says = |signs: &[&str]| signs.iter().any(|sign| cause.contains(sign));
        let advice = if matches!(self.0, OpenError::Behind { .. }) {
            "run `spike migrate`, or let database.migrate be true"
        } else if matches!(self.0, OpenError::Newer { .. }) {
            "this program is older than the schema; run the version that migrated it, or a later one"
        } else if says(&["Access denied", "authentication failed", "no pg_hba.conf entry"]) {
            "check the user and the password in database.url, and what the user may do"
        } else if says(&["Unknown database", "does not exist"]) {
            "create the database, or correct its name in database.url"
        } else if says(&["communicating with database", "pool timed out", "failed to lookup"]) {
            "check that the server runs, and its address in database.url"
        } else if says(&["locked", "busy"]) {
            "another process is writing to it; wait for it or stop it"
        } else if says(&["not a database", "malformed"]) {
            "the file is damaged or of another program; restore a backup or choose another database.url"
        } else {
            "check database.url, and that its file can be written or its server answers"
        };
        write!(f, "{cause}; {advice}")
    }
}

/// Connects to the queue, and puts what is to be closed to the parts.
pub(super) async fn bus(
    config: &Config,
    db: &Database,
    clock: &Arc<dyn Clock>,
    parts: &mut Vec<Arc<dyn Part>>,
) -> Result<Arc<dyn MessageBus>, StartError> {
    if config.bus.url == "database:" {
        let options = QueueOptions { max_attempts: config.bus.max_attempts, ..QueueOptions::default() };
        let queue = Arc::new(SqlQueue::new(db.clone(), clock.clone(), options));
        parts.push(Arc::new(Table(queue.clone())));
        return Ok(queue);
    }
    let options = AmqpOptions {
        ca_file: config.bus.ca_file.clone(),
        prefix: config.bus.prefix.clone(),
        queue_type: match config.bus.queue_type {
            QueueType::Quorum => amqp::QueueType::Quorum,
            QueueType::Classic => amqp::QueueType::Classic,
        },
        partitions: config.bus.partitions,
        confirm_timeout: config.bus.confirm_timeout.std(),
        max_attempts: config.bus.max_attempts,
        ..AmqpOptions::at(&config.bus.url)
    };
    let engine = Engine { part: "queue", url: &config.bus.url, patience: config.server.start_patience.std() };
    let bus = engine.connect(async || AmqpBus::open(options.clone()).await, amqp::OpenError::is_transient).await?;
    let bus = Arc::new(bus);
    parts.push(Arc::new(RabbitMq(bus.clone())));
    Ok(bus)
}

/// Connects to the stock store and the feed of live status that belongs to it, and puts what is to be closed to the
/// parts.
pub(super) async fn stock(
    config: &Config,
    overrides: &Overrides,
    clock: &Arc<dyn Clock>,
    parts: &mut Vec<Arc<dyn Part>>,
) -> Result<(Arc<dyn StockStore>, Arc<dyn StatusFeed>), StartError> {
    if config.stock.url == "memory:" {
        return Ok((Arc::new(MemoryStock::new(clock.clone())), Arc::new(MemoryFeed::default())));
    }
    let options = redis_options(config, overrides);
    let engine = Engine { part: "stock", url: &config.stock.url, patience: config.server.start_patience.std() };
    let stock = engine.connect(async || RedisStock::open(&options).await, redis::OpenError::is_transient).await?;
    let feed = engine.connect(async || RedisFeed::open(&options).await, redis::OpenError::is_transient).await?;
    let (stock, feed) = (Arc::new(stock), Arc::new(feed));
    parts.push(Arc::new(Redis { stock: stock.clone(), feed: feed.clone() }));
    Ok((stock, feed))
}

fn redis_options(config: &Config, overrides: &Overrides) -> RedisOptions {
    RedisOptions {
        prefix: config.stock.prefix.clone(),
        outbox_limit: config.stock.outbox_limit,
        patience: config.stock.patience.std(),
        ca_file: config.stock.ca_file.clone(),
        allow_volatile: config.stock.allow_volatile,
        clock: overrides.clock.clone(),
        ..RedisOptions::new(&config.stock.url)
    }
}

/// What counts attempts to sign in: where the stock is shared, so are they. Its connection to Redis has nothing to
/// finish when it is dropped.
pub(super) async fn attempts(
    config: &Config,
    overrides: &Overrides,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn AttemptLimiter>, StartError> {
    if !config.rates.enabled {
        return Ok(Arc::new(UncountedAttempts));
    }
    let quotas = config.rates.attempts();
    if config.stock.url == "memory:" {
        return Ok(Arc::new(MemoryAttempts::new(quotas, clock.clone())));
    }
    let options = redis_options(config, overrides);
    let engine = Engine { part: "stock", url: &config.stock.url, patience: config.server.start_patience.std() };
    let open = async || RedisAttempts::open(&options, quotas, clock.clone()).await;
    Ok(Arc::new(engine.connect(open, redis::OpenError::is_transient).await?))
}

/// The database.
pub(super) struct Sql(pub(super) Database);

#[async_trait]
impl Part for Sql {
    fn name(&self) -> &'static str {
        "database"
    }

    fn is_vital(&self) -> bool {
        true
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.0.ping().await
    }

    async fn close(&self) -> Result<(), Fault> {
        self.0.clone().close().await
    }
}

/// The queue table. Whether it can be reached is the database's to say.
struct Table(Arc<SqlQueue>);

#[async_trait]
impl Part for Table {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn is_vital(&self) -> bool {
        false
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }

    async fn close(&self) -> Result<(), Fault> {
        self.0.close().await;
        Ok(())
    }
}

/// Redis: the stock store and the feed.
struct Redis {
    stock: Arc<RedisStock>,
    feed: Arc<RedisFeed>,
}

#[async_trait]
impl Part for Redis {
    fn name(&self) -> &'static str {
        "stock"
    }

    fn is_vital(&self) -> bool {
        false
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.stock.ping().await
    }

    async fn close(&self) -> Result<(), Fault> {
        self.stock.close().await;
        self.feed.close().await;
        Ok(())
    }
}

/// RabbitMQ.
struct RabbitMq(Arc<AmqpBus>);

#[async_trait]
impl Part for RabbitMq {
    fn name(&self) -> &'static str {
        "queue"
    }

    fn is_vital(&self) -> bool {
        false
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.0.backlog().await.map(|_| ())
    }

    async fn close(&self) -> Result<(), Fault> {
        self.0.close().await;
        Ok(())
    }
}

//! `engines`: the engines of production on this machine, in the foreground, for those who work on spike without Docker.
//!
//! What they store is kept in the data directory between runs, and so are their passwords.

use std::{
    fmt::Write,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use engines::{
    EngineError, MariaDb, MariaDbOptions, PostgreSql, PostgreSqlOptions, RabbitMq, RabbitOptions, Redis, RedisCluster,
    RedisClusterOptions, RedisOptions, kept_password, write_private,
};
use tokio::signal::unix::{SignalKind, signal};

/// The database of spike, and its user and virtual host.
const DATABASE: &str = "spike";

/// Starts MariaDB, Redis and RabbitMQ on loopback, prints the settings with which spike uses them, and stops them when it
/// is interrupted or terminated.
#[derive(Debug, Parser)]
#[command(name = "engines", version)]
struct Arguments {
    /// Where the engines keep their files
    #[arg(long, value_name = "DIR", default_value = ".spike/engines")]
    data_dir: PathBuf,
    /// PostgreSQL instead of MariaDB
    #[arg(long)]
    postgres: bool,
    /// A Redis Cluster of three masters instead of one server
    #[arg(long)]
    cluster: bool,
    /// Enable RabbitMQ's management plugin
    #[arg(long)]
    management: bool,
    /// The port of the database [default: 13306 for MariaDB, 15432 for PostgreSQL]
    #[arg(long, value_name = "PORT", value_parser = port())]
    database_port: Option<u16>,
    /// The port of Redis; a cluster takes this one and the two above, and for its bus those 10000 above
    #[arg(long, value_name = "PORT", value_parser = port(), default_value_t = 16379)]
    redis_port: u16,
    /// The port of RabbitMQ
    #[arg(long, value_name = "PORT", value_parser = port(), default_value_t = 16672)]
    rabbitmq_port: u16,
    /// The port of RabbitMQ's management plugin
    #[arg(long, value_name = "PORT", value_parser = port(), default_value_t = 16673)]
    management_port: u16,
}

/// A port, and the one of the bus of Redis Cluster above it.
fn port() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..55_000)
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is in use by another run of engines", .0.display())]
    InUse(PathBuf),
    #[error("signals: {0}")]
    Signals(io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            #[expect(clippy::print_stderr, reason = "the last word of a process that failed")]
            {
                eprintln!("engines: {failure}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let failed = |source| Failure::File { path: arguments.data_dir.clone(), source };
    fs::create_dir_all(&arguments.data_dir).map_err(failed)?;
    let directory = arguments.data_dir.canonicalize().map_err(failed)?;
    // Held until the end of the process.
    let _lock = lock(&directory)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let mut asked_to_stop = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };

    say("starting; Ctrl-C stops");
    let mut engines = tokio::select! {
        engines = Engines::start(&arguments, &directory) => engines?,
        () = asked_to_stop() => return Ok(()),
    };
    let file = directory.join("env");
    write_private(&file, &engines.settings)?;
    say(&engines.settings);
    say(&format!("These are in {0}. To use them: (set -a; . {0}; exec target/release/spike serve)", file.display()));

    let ended = tokio::select! {
        failure = engines.watch() => Err(failure),
        () = asked_to_stop() => Ok(()),
    };
    say("stopping");
    engines.stop().await?;
    Ok(ended?)
}

/// One run a directory: two servers over the same files would destroy them.
fn lock(directory: &Path) -> Result<File, Failure> {
    let path = directory.join("lock");
    let file = File::create(&path).map_err(|source| Failure::File { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(Failure::File { path, source }),
    }
}

enum Database {
    MariaDb(MariaDb),
    PostgreSql(PostgreSql),
}

enum Stock {
    Redis(Box<Redis>),
    Cluster(RedisCluster),
}

struct Engines {
    database: Database,
    stock: Stock,
    rabbitmq: RabbitMq,
    /// As lines of `NAME=value`.
    settings: String,
}

impl Engines {
    async fn start(arguments: &Arguments, directory: &Path) -> Result<Self, EngineError> {
        let ((database, database_url), (stock, stock_url), rabbitmq) = tokio::try_join!(
            start_database(arguments, directory),
            start_stock(arguments, directory),
            start_rabbitmq(arguments, directory)
        )?;
        let mut settings = String::new();
        for (section, url) in [("DATABASE", &database_url), ("STOCK", &stock_url), ("BUS", &rabbitmq.url())] {
            let _ = writeln!(settings, "SPIKE__{section}__URL={url}");
        }
        if let Some(url) = rabbitmq.management_url() {
            let _ = writeln!(settings, "# RabbitMQ's management: {url}");
        }
        Ok(Self { database, stock, rabbitmq, settings })
    }

    /// Waits until one of them ends by itself, and says which.
    async fn watch(&mut self) -> EngineError {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            let database = match &mut self.database {
                Database::MariaDb(mariadb) => mariadb.check(),
                Database::PostgreSql(postgresql) => postgresql.check(),
            };
            let stock = match &mut self.stock {
                Stock::Redis(redis) => redis.check(),
                Stock::Cluster(cluster) => cluster.check(),
            };
            if let Err(ended) = database.and(stock).and(self.rabbitmq.check()) {
                return ended;
            }
        }
    }

    async fn stop(mut self) -> Result<(), EngineError> {
        let database = async {
            match &mut self.database {
                Database::MariaDb(mariadb) => mariadb.stop().await,
                Database::PostgreSql(postgresql) => postgresql.stop().await,
            }
        };
        let stock = async {
            match &mut self.stock {
                Stock::Redis(redis) => redis.stop().await,
                Stock::Cluster(cluster) => cluster.stop().await,
            }
        };
        // All of them, whatever becomes of one.
        let (database, stock, bus) = tokio::join!(database, stock, self.rabbitmq.stop());
        database.and(stock).and(bus)
    }
}

async fn start_database(arguments: &Arguments, directory: &Path) -> Result<(Database, String), EngineError> {
    if arguments.postgres {
        let postgresql = PostgreSql::start(PostgreSqlOptions {
            password: Some(kept_password(&directory.join("postgresql.password"))?),
            port: Some(arguments.database_port.unwrap_or(15432)),
            directory: Some(directory.join("postgresql")),
            ..PostgreSqlOptions::default()
        })
        .await?;
        let url = postgresql.database(DATABASE).await?;
        Ok((Database::PostgreSql(postgresql), url))
    } else {
        let mariadb = MariaDb::start(MariaDbOptions {
            password: Some(kept_password(&directory.join("mariadb.password"))?),
            port: Some(arguments.database_port.unwrap_or(13306)),
            directory: Some(directory.join("mariadb")),
            ..MariaDbOptions::default()
        })
        .await?;
        let url = mariadb.database(DATABASE).await?;
        Ok((Database::MariaDb(mariadb), url))
    }
}

async fn start_stock(arguments: &Arguments, directory: &Path) -> Result<(Stock, String), EngineError> {
    let password = Some(kept_password(&directory.join("redis.password"))?);
    if arguments.cluster {
        let cluster = RedisCluster::start(RedisClusterOptions {
            password,
            ports: (0..3).map(|number| arguments.redis_port + number).collect(),
            directory: Some(directory.join("redis-cluster")),
            ..RedisClusterOptions::default()
        })
        .await?;
        let url = cluster.url();
        Ok((Stock::Cluster(cluster), url))
    } else {
        let redis = Redis::start(RedisOptions {
            password,
            port: Some(arguments.redis_port),
            directory: Some(directory.join("redis")),
            ..RedisOptions::default()
        })
        .await?;
        let url = redis.url();
        Ok((Stock::Redis(Box::new(redis)), url))
    }
}

async fn start_rabbitmq(arguments: &Arguments, directory: &Path) -> Result<RabbitMq, EngineError> {
    RabbitMq::start(RabbitOptions {
        user: DATABASE.to_owned(),
        virtual_host: DATABASE.to_owned(),
        password: Some(kept_password(&directory.join("rabbitmq.password"))?),
        port: Some(arguments.rabbitmq_port),
        management: arguments.management,
        management_port: Some(arguments.management_port),
        directory: Some(directory.join("rabbitmq")),
        ..RabbitOptions::default()
    })
    .await
}

#[expect(clippy::print_stdout, reason = "what this program is asked for")]
fn say(line: &str) {
    println!("{line}");
}

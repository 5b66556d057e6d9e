//! Where one shop keeps what it has: a database, keys and queues of its own on engines that it shares with others.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use api::config::{Config, Flags, load};
use engines::shared;
use tempfile::TempDir;

use super::{
    broker::Broker,
    builder::{ADMIN_PASSWORD, ADMIN_PHONE},
    stack::Stack,
};

/// The settings of a shop, and what has to be cleared away after it.
pub struct Site {
    stack: Option<Stack>,
    name: String,
    directory: TempDir,
    settings: BTreeMap<String, String>,
}

impl Site {
    /// A fresh one on the stack of this run.
    pub async fn new() -> Self {
        Self::on(Stack::of_this_run()).await
    }

    /// A fresh one on engines of its own, which end with the test.
    pub fn of_its_own(database: &str, stock: &str, bus: &str) -> Self {
        let mut site = Self::named();
        for (key, url) in [("database.url", database), ("stock.url", stock), ("bus.url", bus)] {
            site.set(key, url);
        }
        site
    }

    fn named() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("shop_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = tempfile::tempdir().expect("a directory");
        Self { stack: None, name, directory, settings: BTreeMap::new() }
    }

    /// A fresh one on the engines that all tests of this binary share.
    pub async fn on(stack: Stack) -> Self {
        let mut site = Self { stack: Some(stack), ..Self::named() };
        match stack {
            Stack::Embedded => {
                let file = site.directory.path().join("spike.db").display().to_string();
                site.set("database.url", &format!("sqlite:{file}"));
            }
            Stack::MariaDb => {
                let mariadb = shared::mariadb().await.expect("MariaDB");
                let url = mariadb.database(&site.name).await.expect("a database");
                site.set("database.url", &url);
                site.set("stock.url", &shared::redis().await.expect("Redis").url());
                site.on_rabbitmq().await;
            }
            Stack::PostgreSql => {
                let postgresql = shared::postgresql().await.expect("PostgreSQL");
                let url = postgresql.database(&site.name).await.expect("a database");
                site.set("database.url", &url);
                site.set("stock.url", &shared::redis_cluster().await.expect("Redis Cluster").url());
                site.on_rabbitmq().await;
            }
        }
        site
    }

    async fn on_rabbitmq(&mut self) {
        let rabbitmq = shared::rabbitmq().await.expect("RabbitMQ");
        let prefix = self.name.clone();
        self.set("bus.url", &rabbitmq.url());
        self.set("bus.prefix", &prefix);
        self.set("stock.prefix", &prefix);
    }

    /// Sets a key of the configuration, such as `("auth.access_token_lifetime", "1m")`.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(key.to_owned(), value.to_owned());
    }

    /// Names a first administrator who signs in with a password.
    pub fn with_administrator(&mut self) {
        self.set("admin.username", "boss");
        self.set("admin.phone", ADMIN_PHONE);
        self.set("admin.password", ADMIN_PASSWORD);
    }

    /// What a key was set to.
    pub fn setting(&self, key: &str) -> &str {
        self.settings.get(key).map_or_else(|| panic!("{key} is not set"), String::as_str)
    }

    /// What it stands on, in words.
    pub const fn engines(&self) -> &'static str {
        match self.stack {
            Some(stack) => stack.engines(),
            None => "engines of its own",
        }
    }

    /// A directory of its own.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// The settings as a process reads them from its environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        let variable = |key: &str| format!("SPIKE__{}", key.replace('.', "__").to_uppercase());
        self.settings.iter().map(|(key, value)| (variable(key), value.clone())).collect()
    }

    /// The settings as the library reads them.
    pub fn config(&self) -> Config {
        let flags = Flags { data_dir: Some(self.directory.path().to_owned()), ..Flags::default() };
        load(&flags, self.environment()).expect("a configuration")
    }

    /// Clears away what the shop made, so that the shops of a long run do not pile up.
    pub async fn clear(self) {
        match self.stack {
            None | Some(Stack::Embedded) => return,
            Some(Stack::MariaDb) => {
                let mariadb = shared::mariadb().await.expect("MariaDB");
                mariadb.sql(&format!("DROP DATABASE `{}`", self.name)).await.expect("the database is dropped");
            }
            Some(Stack::PostgreSql) => {
                let postgresql = shared::postgresql().await.expect("PostgreSQL");
                postgresql.sql(&format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name)).await.expect("dropped");
            }
        }
        let broker = Broker::connect(&shared::rabbitmq().await.expect("RabbitMQ").url()).await;
        broker.delete_shop(&self.name, self.config().bus.partitions).await;
        broker.close().await;
    }
}

//! The sections of the configuration, as types. Their meaning is said where operators read it: in
//! `default.toml`.

use std::{net::SocketAddr, path::PathBuf};

use domain::{money::Currency, services::Terms, user::session::SessionTerms};
use serde::{Deserialize, Serialize};

use super::{Cors, Graphql, Humane, List, Network, Rates, Secret, WebSocket};

/// All of it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Config {
    pub data_dir: PathBuf,
    pub server: Server,
    pub graphql: Graphql,
    pub websocket: WebSocket,
    pub cors: Cors,
    pub rates: Rates,
    pub database: Database,
    pub stock: Stock,
    pub bus: Bus,
    pub shop: Shop,
    pub auth: Auth,
    pub consumer: Consumer,
    pub log: Log,
    pub admin: Admin,
}

/// HTTP and WebSocket.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Server {
    pub listen: SocketAddr,
    pub start_patience: Humane,
    pub shutdown_grace: Humane,
    pub playground: bool,
    pub body_limit: usize,
    pub body_timeout: Humane,
    pub header_timeout: Humane,
    pub write_timeout: Humane,
    pub max_connections: usize,
    pub compress_above: u16,
    pub trusted_proxies: List<Network>,
}

/// The database. After loading, `url` is always set.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Database {
    #[serde(default)]
    pub url: String,
    pub url_file: Option<PathBuf>,
    pub connections: u32,
    pub patience: Humane,
    pub migrate: bool,
}

/// The stock of running sales.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Stock {
    pub url: String,
    pub url_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub prefix: String,
    pub patience: Humane,
    pub outbox_limit: u32,
    pub allow_volatile: bool,
}

/// The queue from grabs to orders.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Bus {
    pub url: String,
    pub url_file: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    pub prefix: String,
    pub queue_type: QueueType,
    pub partitions: u16,
    pub confirm_timeout: Humane,
    pub max_attempts: u32,
}

/// How RabbitMQ keeps the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueType {
    /// On a majority of the broker's nodes.
    Quorum,
    /// On one node.
    Classic,
}

/// What is sold in.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Shop {
    pub currency: Currency,
}

/// Sign-in and tokens.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Auth {
    pub issuer: String,
    pub audience: String,
    pub access_token_lifetime: Humane,
    pub refresh_token_lifetime: Humane,
    pub rotation_grace: Humane,
    pub password_hashing_concurrency: usize,
}

/// What happens off the request.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Consumer {
    pub batch_size: usize,
}

/// Logs.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Log {
    pub format: LogFormat,
    pub filter: String,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The first administrator. After loading, either all of username, phone and password are set or none.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Admin {
    pub username: Option<String>,
    pub phone: Option<String>,
    pub password: Option<Secret>,
    pub password_file: Option<PathBuf>,
}

impl Config {
    /// The settings that keep something in the memory or the files of one process.
    #[must_use]
    pub fn private_parts(&self) -> Vec<&'static str> {
        [
            (self.database.url.starts_with("sqlite:"), "database.url = \"sqlite:…\""),
            (self.stock.url == "memory:", "stock.url = \"memory:\""),
            (self.bus.url == "database:", "bus.url = \"database:\""),
        ]
        .into_iter()
        .filter_map(|(private, setting)| private.then_some(setting))
        .collect()
    }

    /// What of it the use cases are told.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            currency: self.shop.currency,
            session: SessionTerms {
                access_lifetime: self.auth.access_token_lifetime.chrono(),
                refresh_lifetime: self.auth.refresh_token_lifetime.chrono(),
                rotation_grace: self.auth.rotation_grace.chrono(),
            },
        }
    }
}

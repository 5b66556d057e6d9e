//! One Redis server, with or without a password, persistence and TLS.

use std::path::PathBuf;

use super::server::{Server, Setup};
use crate::{
    EngineError,
    home::{self, Home},
    port::Port,
    secret,
};

/// What of Redis survives its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persistence {
    /// Nothing.
    Off,
    /// An append-only file that is synced once a second: a kill loses nothing, a power cut up to a second.
    #[default]
    EverySecond,
    /// An append-only file that is synced before each answer.
    Always,
}

/// How a [`Redis`] is started. The default has a random password and an append-only file synced each second.
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// The password of the default user; `None` lets everybody in.
    pub password: Option<String>,
    /// What survives the end of the server.
    pub persistence: Persistence,
    /// A port to use; by default a free one.
    pub port: Option<u16>,
    /// A directory to use and to keep; by default a fresh one that is removed.
    pub directory: Option<PathBuf>,
}

impl RedisOptions {
    /// The default, with a random password.
    pub fn new() -> Result<Self, EngineError> {
        Ok(Self { password: Some(secret::random()?), persistence: Persistence::default(), port: None, directory: None })
    }
}

/// A copy of what a [`Redis`] had stored, to roll it back to.
#[derive(Debug)]
pub struct DataCopy {
    path: PathBuf,
}

/// A running Redis server.
#[derive(Debug)]
pub struct Redis {
    // Dropped before its home.
    server: Server,
    home: Home,
    password: Option<String>,
    copies: u32,
}

impl Redis {
    /// Starts one and waits until it answers.
    pub async fn start(options: RedisOptions) -> Result<Self, EngineError> {
        let home = Home::new("redis", options.directory.as_deref())?;
        let configuration = match options.persistence {
            Persistence::Off => "appendonly no",
            Persistence::EverySecond => "appendonly yes\nappendfsync everysec",
            Persistence::Always => "appendonly yes\nappendfsync always",
        };
        let server = Server::new(Setup {
            engine: "Redis",
            directory: home.directory("server")?,
            port: Port::given_or_free(options.port)?,
            password: options.password.clone(),
            authority: None,
            arguments: &[],
            configuration: configuration.to_owned(),
        })?;
        let mut redis = Self { server, home, password: options.password, copies: 0 };
        redis.start_again().await?;
        Ok(redis)
    }

    /// `redis://:password@host:port/`.
    #[must_use]
    pub fn url(&self) -> String {
        let user = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{user}127.0.0.1:{}/", self.server.port())
    }

    /// Its port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Its password, if it has one.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// Sends one command (`["SET", "key", "value"]`) and gives what `redis-cli` prints of the answer.
    pub async fn ask(&self, words: &[&str]) -> Result<String, EngineError> {
        self.server.ask(words).await
    }

    /// Lets it end in order.
    pub async fn stop(&mut self) -> Result<(), EngineError> {
        self.server.end("TERM").await
    }

    /// Kills it (SIGKILL).
    pub async fn kill(&mut self) -> Result<(), EngineError> {
        self.server.end("KILL").await
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill): the same port, and what it had stored.
    pub async fn start_again(&mut self) -> Result<(), EngineError> {
        self.server.start().await
    }

    /// Stops and starts it.
    pub async fn restart(&mut self) -> Result<(), EngineError> {
        self.stop().await?;
        self.start_again().await
    }

    /// Deletes all that it stores: its files while it is down, or with `FLUSHALL`, which leaves the process and its script
    /// cache alive.
    pub async fn wipe(&mut self) -> Result<(), EngineError> {
        if self.server.is_up() { self.server.ask(&["FLUSHALL"]).await.map(drop) } else { self.server.wipe() }
    }

    /// Copies its files as they are now, also while it runs.
    pub fn copy(&mut self) -> Result<DataCopy, EngineError> {
        self.copies += 1;
        let path = self.home.directory(&format!("copy-{}", self.copies))?;
        home::copy(&self.server.data(), &path)?;
        Ok(DataCopy { path })
    }

    /// Kills it and starts it from an older copy: it has forgotten what it had acknowledged since then, as after a lost
    /// tail of its append-only file or a failover to a replica that lagged.
    pub async fn roll_back(&mut self, to: &DataCopy) -> Result<(), EngineError> {
        self.kill().await?;
        self.server.wipe()?;
        home::copy(&to.path, &self.server.data())?;
        self.start_again().await
    }
}

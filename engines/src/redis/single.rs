//! One Redis server, with or without a password, persistence and TLS.

use std::path::{Path, PathBuf};

use super::{
    Persistence, credentials,
    server::{Server, Setup},
};
use crate::{
    EngineError,
    home::{self, Home},
    plain,
    port::Port,
    tls::Certificates,
};

/// How a [`Redis`] is started.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    /// The password of the default user; `None` lets everybody in.
    pub password: Option<String>,
    /// What survives the end of the server.
    pub persistence: Persistence,
    /// Speak TLS and nothing else, with a certificate of [`Redis::authority`].
    pub tls: bool,
    /// A port to use; by default a free one.
    pub port: Option<u16>,
    /// A directory to use and to keep; by default a fresh one that is removed.
    pub directory: Option<PathBuf>,
}

impl RedisOptions {
    /// With a random password.
    pub fn with_password() -> Result<Self, EngineError> {
        Ok(Self { password: Some(plain::random()?), ..Self::default() })
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
    certificates: Option<Certificates>,
    copies: u32,
}

impl Redis {
    /// Starts one and waits until it answers.
    pub async fn start(options: RedisOptions) -> Result<Self, EngineError> {
        let home = Home::new("redis", options.directory.as_deref())?;
        let certificates = if options.tls { Some(Certificates::make(&home.directory("tls")?).await?) } else { None };
        let server = Server::new(Setup {
            engine: "Redis".to_owned(),
            directory: home.directory("server")?,
            port: Port::given_or_free(options.port)?,
            password: options.password.clone(),
            certificates: certificates.clone(),
            sentinel: false,
            lines: options.persistence.lines(),
        })?;
        let mut redis = Self { server, home, password: options.password, certificates, copies: 0 };
        redis.start_again().await?;
        Ok(redis)
    }

    /// `redis://:password@host:port/`, or `rediss://…` if it speaks TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}127.0.0.1:{}/", credentials(self.password()), self.port())
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

    /// The certificate (PEM) of the authority that a client must trust, if it speaks TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.certificates.as_ref().map(|certificates| certificates.authority.as_path())
    }

    /// Sends one command (`["SET", "key", "value"]`) and gives the answer as `redis-cli` prints it, without the last line
    /// end. An error of Redis is an error.
    pub async fn ask(&self, words: &[&str]) -> Result<String, EngineError> {
        self.server.client().ask(words).await
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

    /// Fails if it ended by itself.
    pub fn check(&mut self) -> Result<(), EngineError> {
        self.server.check()
    }

    /// Deletes all that it stores: its files while it is down, or with `FLUSHALL`, which leaves the process and its script
    /// cache alive.
    pub async fn wipe(&mut self) -> Result<(), EngineError> {
        if self.server.is_up() { self.ask(&["FLUSHALL"]).await.map(drop) } else { self.server.wipe() }
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

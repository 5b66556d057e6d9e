//! Redis behind Sentinel: a master, a replica, and three sentinels that agree on which is which.

use super::{
    Persistence, credentials,
    server::{Client, Server, Setup},
};
use crate::{EngineError, home::Home, plain, port::Port};

/// What the sentinels call the master.
const MASTER: &str = "spike";
const SENTINELS: usize = 3;
const QUORUM: usize = 2;

/// How a [`RedisSentinel`] is started.
#[derive(Debug, Clone, Default)]
pub struct RedisSentinelOptions {
    /// The password of the servers; `None` lets everybody in. The sentinels have none, as is the default of Redis.
    pub password: Option<String>,
    /// What survives the end of a server.
    pub persistence: Persistence,
}

impl RedisSentinelOptions {
    /// With a random password.
    pub fn with_password() -> Result<Self, EngineError> {
        Ok(Self { password: Some(plain::random()?), ..Self::default() })
    }
}

/// A master and a replica of Redis, and the sentinels that watch them.
#[derive(Debug)]
pub struct RedisSentinel {
    // Dropped before their home.
    servers: Vec<Server>,
    sentinels: Vec<Server>,
    _home: Home,
    password: Option<String>,
}

impl RedisSentinel {
    /// Starts them and waits until the replica is in step and each sentinel knows all others.
    pub async fn start(options: RedisSentinelOptions) -> Result<Self, EngineError> {
        let home = Home::new("redis-sentinel", None)?;
        let setup = |name: String, sentinel: bool, lines: Vec<String>| -> Result<Setup, EngineError> {
            Ok(Setup {
                engine: format!("{name} of Redis"),
                directory: home.directory(&name)?,
                port: Port::free()?,
                password: if sentinel { None } else { options.password.clone() },
                certificates: None,
                sentinel,
                lines,
            })
        };
        let master = Server::new(setup("server-0".to_owned(), false, options.persistence.lines())?)?;
        let mut lines = options.persistence.lines();
        lines.push(format!("replicaof 127.0.0.1 {}", master.port()));
        let replica = Server::new(setup("server-1".to_owned(), false, lines)?)?;

        let mut lines = vec![
            format!("sentinel monitor {MASTER} 127.0.0.1 {} {QUORUM}", master.port()),
            format!("sentinel down-after-milliseconds {MASTER} 500"),
            format!("sentinel failover-timeout {MASTER} 5000"),
        ];
        lines.extend(options.password.iter().map(|password| format!("sentinel auth-pass {MASTER} {password}")));
        let sentinels = (0..SENTINELS)
            .map(|number| Server::new(setup(format!("sentinel-{number}"), true, lines.clone())?))
            .collect::<Result<Vec<_>, _>>()?;

        let mut group = Self { servers: vec![master, replica], sentinels, _home: home, password: options.password };
        for server in &mut group.servers {
            server.start().await?;
        }
        group.servers[1].until("in step", async |it| it.hears(&["INFO"], "master_link_status:up").await).await?;
        for sentinel in &mut group.sentinels {
            sentinel.start().await?;
        }
        group.until_acquainted().await?;
        Ok(group)
    }

    async fn until_acquainted(&mut self) -> Result<(), EngineError> {
        let others = SENTINELS - 1;
        for sentinel in &mut self.sentinels {
            let knows_all = async |sentinel: &Client| {
                let known = sentinel.ask(&["SENTINEL", "MASTER", MASTER]).await.unwrap_or_default();
                value(&known, "num-other-sentinels") == Some(&others.to_string())
                    && value(&known, "num-slaves") == Some("1")
                    && value(&known, "flags") == Some("master")
            };
            sentinel.until("acquainted", knows_all).await?;
        }
        Ok(())
    }

    /// `redis-sentinel://:password@host:port,host:port,host:port/name`, with the sentinels' addresses, the name by which
    /// they know the master, and the servers' password.
    #[must_use]
    pub fn url(&self) -> String {
        let sentinels: Vec<_> = self.sentinels.iter().map(|it| format!("127.0.0.1:{}", it.port())).collect();
        format!("redis-sentinel://{}{}/{MASTER}", credentials(self.password.as_deref()), sentinels.join(","))
    }

    /// The server that the sentinels call the master: 0 or 1.
    pub async fn master(&self) -> Result<usize, EngineError> {
        let port = master_of(self.sentinels[0].client()).await?;
        self.servers.iter().position(|server| server.port() == port).ok_or_else(|| EngineError::Command {
            command: "sentinel get-master-addr-by-name".to_owned(),
            output: format!("port {port}, which is none of the servers'"),
        })
    }

    /// Sends one command to a server, as [`Redis::ask`](super::Redis::ask) does.
    pub async fn ask(&self, server: usize, words: &[&str]) -> Result<String, EngineError> {
        self.servers[server].client().ask(words).await
    }

    /// Kills the master (SIGKILL) and says which of the servers it was.
    pub async fn kill_master(&mut self) -> Result<usize, EngineError> {
        let master = self.master().await?;
        self.servers[master].end("KILL").await?;
        Ok(master)
    }

    /// Waits until all sentinels call the other server the master, and it is one.
    pub async fn until_failed_over(&mut self, from: usize) -> Result<(), EngineError> {
        let to = 1 - from;
        let port = self.servers[to].port();
        for sentinel in &mut self.sentinels {
            let agrees = async |it: &Client| master_of(it).await.is_ok_and(|master| master == port);
            sentinel.until("aware of the new master", agrees).await?;
        }
        self.servers[to].until("master", async |it| it.hears(&["ROLE"], "master").await).await
    }

    /// Starts a server again: the same port, and what it had stored. One that was the master comes back as a master, until
    /// the sentinels, some ten seconds later, make it a replica.
    pub async fn start_again(&mut self, server: usize) -> Result<(), EngineError> {
        self.servers[server].start().await
    }
}

/// The port of the master in the eyes of a sentinel.
async fn master_of(sentinel: &Client) -> Result<u16, EngineError> {
    let answer = sentinel.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]).await?;
    answer.lines().nth(1).and_then(|port| port.parse().ok()).ok_or_else(|| EngineError::Command {
        command: "sentinel get-master-addr-by-name".to_owned(),
        output: answer.clone(),
    })
}

/// A field of an answer that lists names and values, a line each.
fn value<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = answer.lines();
    while let (Some(field), Some(value)) = (lines.next(), lines.next()) {
        if field == name {
            return Some(value);
        }
    }
    None
}

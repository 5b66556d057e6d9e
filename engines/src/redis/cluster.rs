//! A Redis Cluster: masters that share the slots, each with replicas or without.

use std::path::PathBuf;

use super::{
    Persistence, credentials,
    server::{Client, Server, Setup},
};
use crate::{
    EngineError,
    home::{Home, write_private},
    plain,
    port::Port,
};

const SLOTS: usize = 16_384;
/// How long a node may be silent before the others call it failed, in milliseconds.
const NODE_TIMEOUT: u32 = 1_000;
/// From the port of a node to the one of its bus, as Redis has it by default.
const BUS: u16 = 10_000;

/// How a [`RedisCluster`] is started.
#[derive(Debug, Clone)]
pub struct RedisClusterOptions {
    /// How many nodes share the slots: three at least.
    pub masters: usize,
    /// How many replicas each of them has.
    pub replicas_per_master: usize,
    /// The password of all nodes; `None` lets everybody in.
    pub password: Option<String>,
    /// What survives the end of a node.
    pub persistence: Persistence,
    /// The ports of the nodes, masters first; by default free ones.
    pub ports: Vec<u16>,
    /// A directory to use and to keep; by default a fresh one that is removed.
    pub directory: Option<PathBuf>,
}

impl RedisClusterOptions {
    /// Three masters without replicas, and a random password.
    pub fn with_password() -> Result<Self, EngineError> {
        Ok(Self { password: Some(plain::random()?), ..Self::default() })
    }
}

impl Default for RedisClusterOptions {
    /// Three masters without replicas or a password.
    fn default() -> Self {
        Self {
            masters: 3,
            replicas_per_master: 0,
            password: None,
            persistence: Persistence::default(),
            ports: Vec::new(),
            directory: None,
        }
    }
}

/// A running Redis Cluster. Nodes are counted from 0: the masters, then the replicas, of which node `i` belongs to master
/// `i % masters` until there is a failover.
#[derive(Debug)]
pub struct RedisCluster {
    // Dropped before their home.
    nodes: Vec<Server>,
    buses: Vec<Port>,
    _home: Home,
    password: Option<String>,
}

impl RedisCluster {
    /// Starts the nodes, makes them one cluster, and waits until each of them says that it is whole.
    pub async fn start(options: RedisClusterOptions) -> Result<Self, EngineError> {
        let home = Home::new("redis-cluster", options.directory.as_deref())?;
        let count = options.masters * (1 + options.replicas_per_master);
        let formed = home.path().join("formed");
        let (mut nodes, mut buses) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let given = options.ports.get(number).copied();
            // Where the nodes talk to each other. They note it, so it goes with the port.
            let bus = Port::given_or_free(given.map(|port| port + BUS))?;
            let mut lines = options.persistence.lines();
            lines.extend([
                "cluster-enabled yes".to_owned(),
                "cluster-config-file nodes.conf".to_owned(),
                format!("cluster-node-timeout {NODE_TIMEOUT}"),
                format!("cluster-port {}", bus.number()),
                // Tests cut what connects the nodes.
                "enable-debug-command local".to_owned(),
            ]);
            nodes.push(Server::new(Setup {
                engine: format!("node {number} of Redis Cluster"),
                directory: home.directory(&format!("node-{number}"))?,
                port: Port::given_or_free(given)?,
                password: options.password.clone(),
                certificates: None,
                sentinel: false,
                lines,
            })?);
            buses.push(bus);
        }
        let mut cluster = Self { nodes, buses, _home: home, password: options.password };
        let again = formed.exists();
        for node in &mut cluster.nodes {
            if !again {
                // What an attempt that was broken off has left.
                node.wipe()?;
            }
            node.start().await?;
        }
        if !again {
            cluster.form(options.masters).await?;
            write_private(&formed, "")?;
        }
        cluster.until_whole().await?;
        Ok(cluster)
    }

    /// What `redis-cli --cluster create` does, without its pauses.
    async fn form(&mut self, masters: usize) -> Result<(), EngineError> {
        let mut ids = Vec::with_capacity(masters);
        for (number, node) in self.nodes.iter().enumerate() {
            let epoch = (number + 1).to_string();
            node.client().ask(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await?;
            if number < masters {
                let (first, next) = (SLOTS * number / masters, SLOTS * (number + 1) / masters);
                let range = [first.to_string(), (next - 1).to_string()];
                node.client().ask(&["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]).await?;
                ids.push(node.client().ask(&["CLUSTER", "MYID"]).await?);
            }
        }
        let introduces = self.nodes[0].client().clone();
        for (node, bus) in self.nodes.iter().zip(&self.buses).skip(1) {
            let (port, bus) = (node.port().to_string(), bus.number().to_string());
            introduces.ask(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]).await?;
        }
        let known = format!("cluster_known_nodes:{}\r", self.nodes.len());
        for (number, node) in self.nodes.iter_mut().enumerate() {
            node.until("acquainted", async |node| node.hears(&["CLUSTER", "INFO"], &known).await).await?;
            if number >= masters {
                node.client().ask(&["CLUSTER", "REPLICATE", &ids[number % masters]]).await?;
            }
        }
        Ok(())
    }

    /// Waits until every running node says that the cluster is whole, and every replica is connected to its master.
    pub async fn until_whole(&mut self) -> Result<(), EngineError> {
        let slots = format!("cluster_slots_ok:{SLOTS}\r");
        for node in self.nodes.iter_mut().filter(|node| node.is_up()) {
            let whole = async |node: &Client| {
                let info = node.ask(&["CLUSTER", "INFO"]).await.unwrap_or_default();
                let linked = !node.hears(&["INFO", "replication"], "master_link_status:down").await;
                linked && info.contains("cluster_state:ok") && info.contains(&slots)
            };
            node.until("part of a whole cluster", whole).await?;
        }
        Ok(())
    }

    /// `redis-cluster://:password@host:port,host:port,…`, with every node.
    #[must_use]
    pub fn url(&self) -> String {
        let nodes: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis-cluster://{}{}", credentials(self.password.as_deref()), nodes.join(","))
    }

    /// The node that serves a key now.
    pub async fn node_of(&self, key: &str) -> Result<usize, EngineError> {
        let mut refused = None;
        for (number, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.is_up()) {
            // The others, replicas among them, say where it moved.
            match node.client().ask(&["EXISTS", key]).await {
                Ok(_) => return Ok(number),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| EngineError::State {
            engine: "Redis Cluster".to_owned(),
            state: "down",
            what: "look for a key",
        }))
    }

    /// Sends one command to a node, as [`Redis::ask`](super::Redis::ask) does.
    pub async fn ask(&self, node: usize, words: &[&str]) -> Result<String, EngineError> {
        self.nodes[node].client().ask(words).await
    }

    /// Kills a node (SIGKILL).
    pub async fn kill(&mut self, node: usize) -> Result<(), EngineError> {
        self.nodes[node].end("KILL").await
    }

    /// Starts a node again: the same port, and what it had stored. [`until_whole`](Self::until_whole) waits for the rest.
    pub async fn start_again(&mut self, node: usize) -> Result<(), EngineError> {
        self.nodes[node].start().await
    }

    /// Lets all nodes end in order.
    pub async fn stop(&mut self) -> Result<(), EngineError> {
        for node in &mut self.nodes {
            node.end("TERM").await?;
        }
        Ok(())
    }

    /// Fails if a node ended by itself.
    pub fn check(&mut self) -> Result<(), EngineError> {
        self.nodes.iter_mut().try_for_each(Server::check)
    }

    /// Deletes all keys of all running nodes.
    pub async fn wipe(&mut self) -> Result<(), EngineError> {
        for node in self.nodes.iter().filter(|node| node.is_up()) {
            if node.client().hears(&["ROLE"], "master").await {
                node.client().ask(&["FLUSHALL"]).await?;
            }
        }
        Ok(())
    }
}

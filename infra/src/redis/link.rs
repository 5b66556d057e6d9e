//! One way to each form of Redis: a server, the master that sentinels name, a cluster.

use std::{path::Path, time::Duration};

use futures_util::future::try_join_all;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, RedisResult, TlsCertificates, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection, PubSub},
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::sync::Mutex;

use super::{
    address::{Address, Form},
    error::OpenError,
    options::RedisOptions,
};

/// What a connection is made from.
pub(super) struct Target {
    way: Way,
    patience: Duration,
}

enum Way {
    One(Client),
    /// Asking the sentinels needs `&mut`.
    Sentinel(Mutex<SentinelClient>),
    Cluster {
        client: ClusterClient,
        /// The nodes of the address, to listen at.
        nodes: Vec<Client>,
    },
}

/// A connection. What is sent on its clones goes the same way.
#[derive(Clone)]
pub(super) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(super) async fn send(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(connection) => connection.send_packed_command(cmd).await,
            Self::Cluster(connection) => connection.req_packed_command(cmd).await,
        }
        // The client leaves an error reply in the value.
        .and_then(Value::extract_error)
    }

    /// Sends a command, and others that are done after it: in one go where there is one server. Returns what it says to
    /// the first, and what it says to the others.
    pub(super) async fn send_then(
        &mut self,
        first: &Cmd,
        others: &[Cmd],
    ) -> RedisResult<(Value, RedisResult<Vec<Value>>)> {
        let Self::One(connection) = self else {
            let said = self.send(first).await?;
            let others = others.iter().map(|cmd| {
                let mut link = self.clone();
                async move { link.send(cmd).await }
            });
            return Ok((said, try_join_all(others).await));
        };
        let mut pipeline = redis::Pipeline::with_capacity(1 + others.len());
        pipeline.add_command(first.clone());
        for cmd in others {
            pipeline.add_command(cmd.clone());
        }
        let mut said = connection.send_packed_commands(&pipeline, 0, 1 + others.len()).await?.into_iter();
        let first = said.next().unwrap_or(Value::Nil).extract_error()?;
        Ok((first, said.map(Value::extract_error).collect()))
    }
}

impl Target {
    pub(super) fn new(address: &Address, options: &RedisOptions) -> Result<Self, OpenError> {
        let ca = options.ca_file.as_deref().map(read).transpose()?;
        let certificates = TlsCertificates { client_tls: None, root_cert: ca };
        let build = Build { address, certificates, patience: options.patience };
        let way = build.way().map_err(|error| match &options.ca_file {
            // Only what is in the file can be wrong: the address was read before.
            Some(path) => OpenError::CaFile { path: path.clone(), cause: super::error::line(&error) },
            None => OpenError::from_redis(address, &error),
        })?;
        Ok(Self { way, patience: options.patience })
    }

    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self.way, Way::Cluster { .. })
    }

    /// Connects.
    pub(super) async fn connect(&self) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience))
            .set_response_timeout(Some(self.patience))
            .set_pipeline_buffer_size(256);
        let one = async |client: &Client| client.get_multiplexed_async_connection_with_config(&config).await;
        match &self.way {
            Way::One(client) => one(client).await.map(Link::One),
            Way::Sentinel(sentinels) => {
                let master = sentinels.lock().await.async_get_client().await?;
                one(&master).await.map(Link::One)
            }
            Way::Cluster { client, .. } => client.get_async_connection().await.map(Link::Cluster),
        }
    }

    /// Connects to listen. What is published in a cluster is heard at every node: `turn` says how often that was
    /// tried, and each turn goes to another of `nodes`, or of those of the address if none are known.
    pub(super) async fn listen(&self, turn: usize, nodes: &[(String, u16)]) -> RedisResult<PubSub> {
        let connecting = async {
            match &self.way {
                Way::One(client) => client.get_async_pubsub().await,
                Way::Sentinel(sentinels) => {
                    let master = sentinels.lock().await.async_get_client().await?;
                    master.get_async_pubsub().await
                }
                Way::Cluster { nodes: given, .. } => {
                    let like = given.get(turn % given.len().max(1)).ok_or_else(no_node)?;
                    match nodes.get(turn % nodes.len().max(1)) {
                        Some((host, port)) => another(like, host, *port)?.get_async_pubsub().await,
                        None => like.get_async_pubsub().await,
                    }
                }
            }
        };
        tokio::time::timeout(self.patience, connecting).await.unwrap_or_else(|_| Err(too_late()))
    }
}

fn no_node() -> RedisError {
    (redis::ErrorKind::ClusterConnectionNotFound, "no node is known").into()
}

/// The way to another node of the same cluster.
fn another(like: &Client, host: &str, port: u16) -> RedisResult<Client> {
    let info = like.get_connection_info().clone();
    let host = host.to_owned();
    let addr = match info.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    Client::open(info.set_addr(addr))
}

/// The error of what took too long.
pub(super) fn too_late() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    std::fs::read(path).map_err(|cause| OpenError::CaFile { path: path.to_owned(), cause: cause.to_string() })
}

struct Build<'a> {
    address: &'a Address,
    certificates: TlsCertificates,
    patience: Duration,
}

impl Build<'_> {
    fn way(&self) -> RedisResult<Way> {
        match &self.address.form {
            Form::One => match self.clients()?.pop() {
                Some(client) => Ok(Way::One(client)),
                None => Err((redis::ErrorKind::InvalidClientConfig, "no host").into()),
            },
            Form::Sentinel { master, auth } => {
                self.sentinel(master, *auth).map(|client| Way::Sentinel(Mutex::new(client)))
            }
            Form::Cluster => Ok(Way::Cluster { client: self.cluster()?, nodes: self.clients()? }),
        }
    }

    /// A connection whose other end is gone without a word is found out within a few times the patience.
    fn tcp(&self) -> TcpSettings {
        // The system counts whole seconds here.
        let second = Duration::from_secs(1);
        let keepalive = TcpKeepalive::new()
            .with_time((self.patience * 2).max(second))
            .with_interval(self.patience.max(second))
            .with_retries(3);
        TcpSettings::default().set_nodelay(true).set_keepalive(keepalive).set_user_timeout(self.patience * 4)
    }

    fn addrs(&self) -> impl Iterator<Item = ConnectionAddr> {
        self.address.nodes.iter().map(|node| {
            let (host, port) = (node.host.clone(), node.port);
            if self.address.tls {
                ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            } else {
                ConnectionAddr::Tcp(host, port)
            }
        })
    }

    fn infos(&self, login: &RedisConnectionInfo) -> RedisResult<Vec<ConnectionInfo>> {
        let info = |addr: ConnectionAddr| {
            Ok(addr.into_connection_info()?.set_redis_settings(login.clone()).set_tcp_settings(self.tcp()))
        };
        self.addrs().map(info).collect()
    }

    fn clients(&self) -> RedisResult<Vec<Client>> {
        let client = |info| {
            if self.address.tls { Client::build_with_tls(info, self.certificates.clone()) } else { Client::open(info) }
        };
        self.infos(&self.address.login)?.into_iter().map(client).collect()
    }

    fn cluster(&self) -> RedisResult<ClusterClient> {
        let milliseconds = |part: u32| u64::try_from((self.patience / part).as_millis()).unwrap_or(u64::MAX).max(1);
        let mut builder = ClusterClientBuilder::new(self.infos(&self.address.login)?)
            .connection_timeout(self.patience)
            .response_timeout(self.patience)
            .tcp_settings(self.tcp())
            // Redirections count as retries, so some are needed. All of them together end with the response timeout.
            .retries(8)
            .min_retry_wait(milliseconds(100))
            .max_retry_wait(milliseconds(5));
        if self.address.tls {
            builder = builder.certs(self.certificates.clone()).tls(TlsMode::Secure);
        }
        builder.build()
    }

    fn sentinel(&self, master: &str, auth: bool) -> RedisResult<SentinelClient> {
        let login = &self.address.login;
        let mut builder = SentinelClientBuilder::new(self.addrs(), master, SentinelServerType::Master)?
            .set_client_to_redis_tcp_settings(self.tcp())
            .set_client_to_sentinel_tcp_settings(self.tcp());
        if let Some(user) = login.username() {
            builder = builder.set_client_to_redis_username(user);
            if auth {
                builder = builder.set_client_to_sentinel_username(user);
            }
        }
        if let Some(password) = login.password() {
            builder = builder.set_client_to_redis_password(password);
            if auth {
                builder = builder.set_client_to_sentinel_password(password);
            }
        }
        if self.address.tls {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_redis_certificates(self.certificates.clone())
                .set_client_to_sentinel_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_certificates(self.certificates.clone());
        }
        builder.build()
    }
}

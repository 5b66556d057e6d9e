//! RabbitMQ: one node.

mod installation;
mod register;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use self::installation::{CTL, EPMD, SERVER};
use crate::{
    EngineError,
    home::{self, Home, write_private},
    lifecycle::Lifecycle,
    plain,
    port::Port,
    process::{Launch, bare_environment},
    program,
    tls::Certificates,
};

const ENGINE: &str = "RabbitMQ";
/// Each node has a name server of its own, so all can have the same name; it is part of the paths of its files.
const NODE: &str = "spike@localhost";

/// The name server of Erlang in the foreground, as part of this engine. The node starts one that outlives it if none is
/// there, so this one comes first.
const START: &str = r#"
"$1" &
until "$1" -names >/dev/null 2>&1; do
    kill -0 $! || exit 1
done
exec "$2""#;

/// How a [`RabbitMq`] is started.
#[derive(Debug, Clone)]
pub struct RabbitOptions {
    /// The one user, an administrator.
    pub user: String,
    /// The user's password; by default a random one.
    pub password: Option<String>,
    /// The one virtual host. It may start with `/`, as the default one of RabbitMQ does.
    pub virtual_host: String,
    /// Listen for TLS as well, with a certificate of [`RabbitMq::authority`].
    pub tls: bool,
    /// Enable the management plugin, which makes the start slower.
    pub management: bool,
    /// A port to use; by default a free one.
    pub port: Option<u16>,
    /// A port for the management plugin; by default a free one.
    pub management_port: Option<u16>,
    /// A directory to use and to keep; by default a fresh one that is removed.
    pub directory: Option<PathBuf>,
}

impl Default for RabbitOptions {
    fn default() -> Self {
        Self {
            user: "spike".into(),
            password: None,
            virtual_host: "spike".into(),
            tls: false,
            management: false,
            port: None,
            management_port: None,
            directory: None,
        }
    }
}

/// A running RabbitMQ.
#[derive(Debug)]
pub struct RabbitMq {
    lifecycle: Lifecycle,
    directory: PathBuf,
    _home: Home,
    scripts: PathBuf,
    port: Port,
    tls: Option<(Port, Certificates)>,
    management: Option<Port>,
    distribution: Port,
    names: Port,
    user: String,
    password: String,
    virtual_host: String,
}

impl RabbitMq {
    /// Starts one and waits until it answers.
    pub async fn start(options: RabbitOptions) -> Result<Self, EngineError> {
        plain::word("a user", &options.user)?;
        let virtual_host = &options.virtual_host;
        plain::word("a virtual host", virtual_host.strip_prefix('/').unwrap_or(virtual_host))
            .or_else(|error| if virtual_host == "/" { Ok(()) } else { Err(error) })?;
        let home = Home::new("rabbitmq", options.directory.as_deref())?;
        let directory = home.directory("server")?;
        let scripts = if options.management {
            installation::scripts()?
        } else {
            installation::core_scripts(&directory.join("core"))?
        };
        let tls =
            if options.tls { Some((Port::free()?, Certificates::make(&home.directory("tls")?).await?)) } else { None };
        let management = if options.management { Some(Port::given_or_free(options.management_port)?) } else { None };
        let mut rabbitmq = Self {
            lifecycle: Lifecycle::down(ENGINE),
            directory,
            _home: home,
            scripts,
            port: Port::given_or_free(options.port)?,
            tls,
            management,
            distribution: Port::free()?,
            names: Port::free()?,
            user: options.user,
            password: plain::password(options.password)?,
            virtual_host: options.virtual_host,
        };
        rabbitmq.configure()?;
        rabbitmq.start_again().await?;
        Ok(rabbitmq)
    }

    fn configure(&self) -> Result<(), EngineError> {
        let mut lines = vec![
            format!("listeners.tcp.1 = 127.0.0.1:{}", self.port.number()),
            format!("default_user = {}", self.user),
            format!("default_pass = {}", self.password),
            format!("default_vhost = {}", self.virtual_host),
            "log.file = false".to_owned(),
            "log.console = true".to_owned(),
            "log.console.level = info".to_owned(),
        ];
        if let Some((port, Certificates { authority, certificate, key })) = &self.tls {
            lines.extend([
                format!("listeners.ssl.1 = 127.0.0.1:{}", port.number()),
                format!("ssl_options.cacertfile = {}", authority.display()),
                format!("ssl_options.certfile = {}", certificate.display()),
                format!("ssl_options.keyfile = {}", key.display()),
                "ssl_options.verify = verify_none".to_owned(),
            ]);
        }
        let mut plugins = "[].\n";
        if let Some(port) = &self.management {
            plugins = "[rabbitmq_management].\n";
            lines.extend([
                "management.tcp.ip = 127.0.0.1".to_owned(),
                format!("management.tcp.port = {}", port.number()),
            ]);
        }
        lines.push(String::new());
        write_private(&self.directory.join("rabbitmq.conf"), &lines.join("\n"))?;
        write_private(&self.directory.join("enabled_plugins"), plugins)?;
        // What Erlang finds in its home it takes for the secret between nodes.
        let erlang = self.directory.join("erlang");
        std::fs::create_dir_all(&erlang).map_err(EngineError::io("making the home of Erlang"))?;
        write_private(&erlang.join(".erlang.cookie"), &plain::random()?)
    }

    /// `amqp://user:password@host:port/vhost`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("amqp", &self.port)
    }

    /// `amqps://user:password@host:port/vhost`, if it listens for TLS.
    #[must_use]
    pub fn tls_url(&self) -> Option<String> {
        self.tls.as_ref().map(|(port, _)| self.url_of("amqps", port))
    }

    fn url_of(&self, scheme: &str, port: &Port) -> String {
        let virtual_host = self.virtual_host.replace('/', "%2f");
        format!("{scheme}://{}:{}@{}/{virtual_host}", self.user, self.password, port.addr())
    }

    /// `http://host:port/`, where the management plugin listens if it is enabled.
    #[must_use]
    pub fn management_url(&self) -> Option<String> {
        self.management.as_ref().map(|port| format!("http://{}/", port.addr()))
    }

    /// The certificate (PEM) of the authority that a client must trust, if it listens for TLS.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        self.tls.as_ref().map(|(_, certificates)| certificates.authority.as_path())
    }

    /// Its port of 127.0.0.1 without TLS.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Runs `rabbitmqctl` for this node and gives what it prints.
    pub async fn ctl(&self, words: &[&str]) -> Result<String, EngineError> {
        let mut command = Command::new(CTL.find()?);
        command.env_clear().envs(bare_environment()).envs(self.environment());
        command.args(["--quiet", "--node", NODE]).args(words).current_dir("/");
        program::run(command).await
    }

    /// Raises or ends the memory alarm: while it is raised, RabbitMQ blocks every connection that publishes. The restart of
    /// the node ends it as well.
    pub async fn set_memory_alarm(&self, raised: bool) -> Result<(), EngineError> {
        let limit = if raised { "{absolute, 1}" } else { "0.4" };
        // The second answers after the first has taken effect.
        let set = format!("vm_memory_monitor:set_vm_memory_high_watermark({limit}), rabbit_alarm:get_alarms().");
        let alarms = self.ctl(&["eval", &set]).await?;
        if alarms.contains("memory") == raised {
            return Ok(());
        }
        Err(EngineError::Command { command: "rabbitmqctl eval".to_owned(), output: format!("alarms: {alarms}") })
    }

    /// Makes the leader of a quorum queue answer nobody, or answer again.
    pub async fn set_queue_stopped(&self, queue: &str, stopped: bool) -> Result<(), EngineError> {
        let call = if stopped { "suspend" } else { "resume" };
        let leader = format!("{}_{queue}", self.virtual_host.replace('/', "%2F"));
        self.ctl(&["eval", &format!("sys:{call}('{leader}').")]).await.map(drop)
    }

    /// Lets it end in order.
    pub async fn stop(&mut self) -> Result<(), EngineError> {
        self.lifecycle.end("TERM").await
    }

    /// Kills it (SIGKILL), when it would find all its queues again.
    pub async fn kill(&mut self) -> Result<(), EngineError> {
        let node = self.directory.join("mnesia").join(NODE).join("quorum").join(NODE);
        if self.lifecycle.is_up() {
            // A queue that is deleted while one looks is looked for once more.
            self.lifecycle
                .until("its queues on the disk", async || register::is_written(&node).unwrap_or(false))
                .await?;
        }
        self.lifecycle.end("KILL").await
    }

    /// Fails if it ended by itself.
    pub fn check(&mut self) -> Result<(), EngineError> {
        self.lifecycle.check()
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill): the same port and the same queues.
    pub async fn start_again(&mut self) -> Result<(), EngineError> {
        let (server, epmd) = (SERVER.find()?, EPMD.find()?);
        let arguments = ["-c", START, "rabbitmq"].map(str::to_owned).into_iter();
        let launch = Launch {
            directory: &self.directory,
            program: "/bin/sh".as_ref(),
            arguments: arguments.chain([epmd, server].map(|path| path.display().to_string())).collect(),
            environment: self.environment(),
        };
        let addr = self.port.addr();
        // It listens for TLS a moment after it answers without.
        let secure = self.tls.as_ref().map(|(port, _)| port.addr());
        let ready = async || {
            greets(addr).await.unwrap_or(false)
                && match secure {
                    Some(addr) => TcpStream::connect(addr).await.is_ok(),
                    None => true,
                }
        };
        self.lifecycle.start(launch, ready).await
    }

    /// Stops and starts it.
    pub async fn restart(&mut self) -> Result<(), EngineError> {
        self.stop().await?;
        self.start_again().await
    }

    /// Deletes all queues, messages, users and virtual hosts. Only while it is down; the next start makes the user and the
    /// virtual host again.
    pub fn wipe(&mut self) -> Result<(), EngineError> {
        self.lifecycle.must_be_down("delete its files")?;
        home::remove(&self.directory.join("mnesia"))
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.directory.join(name).display().to_string();
        vec![
            ("HOME", path("erlang")),
            ("RABBITMQ_SCRIPTS_DIR", self.scripts.display().to_string()),
            ("RABBITMQ_NODENAME", NODE.to_owned()),
            // There is none, and the one of the machine is not ours.
            ("RABBITMQ_CONF_ENV_FILE", path("rabbitmq-env.conf")),
            ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins")),
            ("RABBITMQ_MNESIA_BASE", path("mnesia")),
            ("RABBITMQ_LOG_BASE", path("logs")),
            ("RABBITMQ_PID_FILE", path("pid")),
            ("RABBITMQ_DIST_PORT", self.distribution.number().to_string()),
            ("ERL_EPMD_PORT", self.names.number().to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("ERL_AFLAGS", "-start_epmd false".to_owned()),
            // The script becomes Erlang rather than wait for it, so that a signal reaches Erlang.
            ("RUNNING_UNDER_SYSTEMD", "true".to_owned()),
        ]
    }
}

/// Whether it answers the protocol's header by a method frame on channel 0 (`connection.start`).
async fn greets(addr: SocketAddr) -> std::io::Result<bool> {
    let mut socket = TcpStream::connect(addr).await?;
    socket.write_all(b"AMQP\0\0\x09\x01").await?;
    let mut frame = [0; 3];
    socket.read_exact(&mut frame).await?;
    Ok(frame == [1, 0, 0])
}

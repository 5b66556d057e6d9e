//! RabbitMQ.

use std::{path::PathBuf, process::Command};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    EngineError,
    home::{self, Home, write_private},
    port::Port,
    process::{Launch, Process},
    program::{self, Program},
    secret,
};

const LIB: &str = "/usr/lib/rabbitmq/bin";
const SERVER: Program = Program { name: "rabbitmq-server", package: "rabbitmq-server", directory: LIB };
const CTL: Program = Program { name: "rabbitmqctl", package: "rabbitmq-server", directory: LIB };
const EPMD: Program = Program { name: "epmd", package: "erlang-base", directory: "/usr/bin" };
const ENGINE: &str = "RabbitMQ";

/// The name server of Erlang in the foreground, as part of this engine: the node would start one that outlives it and
/// that others share. `RUNNING_UNDER_SYSTEMD` makes the script become Erlang rather than wait for it.
const START: &str = r#""$1" & exec "$2""#;

/// How a [`RabbitMq`] is started.
#[derive(Debug, Clone)]
pub struct RabbitOptions {
    /// The one user, an administrator.
    pub user: String,
    /// The user's password; by default a random one.
    pub password: Option<String>,
    /// The one virtual host.
    pub virtual_host: String,
    /// A port to use; by default a free one.
    pub port: Option<u16>,
    /// A directory to use and to keep; by default a fresh one that is removed.
    pub directory: Option<PathBuf>,
}

impl Default for RabbitOptions {
    fn default() -> Self {
        Self { user: "spike".into(), password: None, virtual_host: "spike".into(), port: None, directory: None }
    }
}

/// A running RabbitMQ.
#[derive(Debug)]
pub struct RabbitMq {
    process: Option<Process>,
    directory: PathBuf,
    _home: Home,
    port: Port,
    distribution: Port,
    names: Port,
    user: String,
    password: String,
    virtual_host: String,
}

impl RabbitMq {
    /// Starts one and waits until it answers.
    pub async fn start(options: RabbitOptions) -> Result<Self, EngineError> {
        let home = Home::new("rabbitmq", options.directory.as_deref())?;
        let directory = home.directory("server")?;
        home.directory("server/home")?;
        let cookie = directory.join("home/.erlang.cookie");
        if !cookie.exists() {
            write_private(&cookie, &secret::random()?)?;
            std::fs::set_permissions(&cookie, std::os::unix::fs::PermissionsExt::from_mode(0o400))
                .map_err(EngineError::io("closing the Erlang cookie"))?;
        }
        let mut rabbitmq = Self {
            process: None,
            directory,
            _home: home,
            port: Port::given_or_free(options.port)?,
            distribution: Port::free()?,
            names: Port::free()?,
            user: options.user,
            password: options.password.map_or_else(secret::random, Ok)?,
            virtual_host: options.virtual_host,
        };
        rabbitmq.configure()?;
        rabbitmq.start_again().await?;
        Ok(rabbitmq)
    }

    fn configure(&self) -> Result<(), EngineError> {
        let lines = [
            format!("listeners.tcp.1 = 127.0.0.1:{}", self.port.number()),
            format!("default_user = {}", self.user),
            format!("default_pass = {}", self.password),
            format!("default_vhost = {}", self.virtual_host),
            "log.file = false".to_owned(),
            "log.console = true".to_owned(),
            "log.console.level = info".to_owned(),
        ];
        write_private(&self.directory.join("rabbitmq.conf"), &lines.map(|line| line + "\n").concat())?;
        write_private(&self.directory.join("enabled_plugins"), "[].\n")
    }

    /// `amqp://user:password@host:port/vhost`.
    #[must_use]
    pub fn url(&self) -> String {
        let (user, password, port) = (&self.user, &self.password, self.port.number());
        format!("amqp://{user}:{password}@127.0.0.1:{port}/{}", self.virtual_host.replace('/', "%2f"))
    }

    /// Its port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Runs `rabbitmqctl` for this node and gives what it prints.
    pub async fn ctl(&self, words: &[&str]) -> Result<String, EngineError> {
        let mut command = Command::new(CTL.find()?);
        command.envs(self.environment()).args(["--quiet", "--node", &self.node()]).args(words).current_dir("/");
        program::run(command).await
    }

    /// Lets it end in order.
    pub async fn stop(&mut self) -> Result<(), EngineError> {
        self.end("TERM").await
    }

    /// Kills it (SIGKILL).
    pub async fn kill(&mut self) -> Result<(), EngineError> {
        self.end("KILL").await
    }

    async fn end(&mut self, signal: &str) -> Result<(), EngineError> {
        match self.process.take() {
            Some(process) => process.end(signal).await,
            None => Ok(()),
        }
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill): the same port and the same queues.
    pub async fn start_again(&mut self) -> Result<(), EngineError> {
        if self.process.is_some() {
            return Err(EngineError::State { engine: ENGINE.into(), state: "running", what: "start it" });
        }
        let (server, epmd) = (SERVER.find()?, EPMD.find()?);
        let mut process = Process::spawn(Launch {
            engine: ENGINE,
            directory: &self.directory,
            program: "/bin/sh".as_ref(),
            arguments: ["-c", START, "rabbitmq"]
                .map(str::to_owned)
                .into_iter()
                .chain([epmd, server].map(|path| path.display().to_string()))
                .collect(),
            environment: self.environment(),
        })?;
        process.until("ready", || async { self.greets().await.unwrap_or(false) }).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Stops and starts it.
    pub async fn restart(&mut self) -> Result<(), EngineError> {
        self.stop().await?;
        self.start_again().await
    }

    /// Deletes all queues, messages, users and virtual hosts. Only while it is down; the next start makes the user and the
    /// virtual host again.
    pub fn wipe(&mut self) -> Result<(), EngineError> {
        if self.process.is_some() {
            return Err(EngineError::State { engine: ENGINE.into(), state: "running", what: "delete its files" });
        }
        home::remove(&self.directory.join("mnesia"))
    }

    /// Raises or ends the memory alarm: while it is raised, RabbitMQ blocks every connection that publishes.
    pub async fn set_memory_alarm(&self, raised: bool) -> Result<(), EngineError> {
        let watermark = if raised { "0.000001" } else { "0.4" };
        self.ctl(&["set_vm_memory_high_watermark", watermark]).await.map(drop)
    }

    /// Whether it answers the protocol's header by a method frame on channel 0 (`connection.start`).
    async fn greets(&self) -> std::io::Result<bool> {
        let mut socket = TcpStream::connect(self.port.addr()).await?;
        socket.write_all(b"AMQP\0\0\x09\x01").await?;
        let mut frame = [0; 3];
        socket.read_exact(&mut frame).await?;
        Ok(frame == [1, 0, 0])
    }

    /// The name holds the port, so that two nodes of one machine differ wherever names are looked at.
    fn node(&self) -> String {
        format!("spike-{}@localhost", self.port.number())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.directory.join(name).display().to_string();
        vec![
            ("HOME", path("home")),
            ("RABBITMQ_NODENAME", self.node()),
            ("RABBITMQ_CONF_ENV_FILE", path("none")),
            ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins")),
            ("RABBITMQ_MNESIA_BASE", path("mnesia")),
            ("RABBITMQ_LOG_BASE", path("logs")),
            ("RABBITMQ_PID_FILE", path("pid")),
            ("RABBITMQ_DIST_PORT", self.distribution.number().to_string()),
            ("ERL_EPMD_PORT", self.names.number().to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("RUNNING_UNDER_SYSTEMD", "true".to_owned()),
        ]
    }
}

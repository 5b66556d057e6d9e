//! One process of Redis, whatever its part: its directory, its configuration, and the tool that talks to it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tokio::net::TcpStream;

use super::{CLI, SERVER};
use crate::{
    EngineError,
    home::{self, write_private},
    lifecycle::Lifecycle,
    plain,
    port::Port,
    process::Launch,
    program,
    tls::Certificates,
};

/// What a [`Server`] is made from.
pub(super) struct Setup {
    /// What to call it in errors.
    pub(super) engine: String,
    /// A directory of its own.
    pub(super) directory: PathBuf,
    pub(super) port: Port,
    pub(super) password: Option<String>,
    /// It speaks TLS alone.
    pub(super) certificates: Option<Certificates>,
    /// It is a sentinel.
    pub(super) sentinel: bool,
    /// Lines of the configuration besides what every server has.
    pub(super) lines: Vec<String>,
}

/// One server or sentinel. It keeps its port and its directory over ends and starts.
#[derive(Debug)]
pub(super) struct Server {
    lifecycle: Lifecycle,
    directory: PathBuf,
    port: Port,
    client: Client,
    sentinel: bool,
}

impl Server {
    /// Writes the configuration. Does not start.
    pub(super) fn new(setup: Setup) -> Result<Self, EngineError> {
        if let Some(password) = &setup.password {
            plain::word("a password", password)?;
        }
        let data = setup.directory.join("data");
        fs::create_dir_all(&data).map_err(EngineError::io(format!("making {}", data.display())))?;
        let text = configuration(&setup, &data);
        let server = Self {
            client: Client {
                port: setup.port.number(),
                password: setup.password,
                authority: setup.certificates.map(|certificates| certificates.authority),
            },
            lifecycle: Lifecycle::down(setup.engine),
            directory: setup.directory,
            port: setup.port,
            sentinel: setup.sentinel,
        };
        write_private(&server.configuration(), &text)?;
        Ok(server)
    }

    /// Starts it and waits until it answers.
    pub(super) async fn start(&mut self) -> Result<(), EngineError> {
        let mut arguments = vec![self.configuration().display().to_string()];
        if self.sentinel {
            arguments.push("--sentinel".to_owned());
        }
        let program = SERVER.find()?;
        let launch = Launch { directory: &self.directory, program: &program, arguments, environment: Vec::new() };
        let (addr, client) = (self.port.addr(), &self.client);
        let ready = async || TcpStream::connect(addr).await.is_ok() && client.hears(&["PING"], "PONG").await;
        self.lifecycle.start(launch, ready).await
    }

    /// Ends it with a signal, by its name without `SIG`. One that is down stays down.
    pub(super) async fn end(&mut self, signal: &str) -> Result<(), EngineError> {
        self.lifecycle.end(signal).await
    }

    pub(super) fn is_up(&self) -> bool {
        self.lifecycle.is_up()
    }

    /// Fails if it ended by itself.
    pub(super) fn check(&mut self) -> Result<(), EngineError> {
        self.lifecycle.check()
    }

    /// Polls until `reached` says so. The server must be running.
    pub(super) async fn until(
        &mut self,
        state: &'static str,
        mut reached: impl AsyncFnMut(&Client) -> bool,
    ) -> Result<(), EngineError> {
        let client = &self.client;
        self.lifecycle.until(state, async || reached(client).await).await
    }

    /// Deletes what it stored. Only while it is down.
    pub(super) fn wipe(&mut self) -> Result<(), EngineError> {
        self.lifecycle.must_be_down("delete its files")?;
        home::remove(&self.data())?;
        fs::create_dir_all(self.data()).map_err(EngineError::io("making a data directory anew"))
    }

    /// Where it stores what survives its end.
    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub(super) fn port(&self) -> u16 {
        self.port.number()
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    fn configuration(&self) -> PathBuf {
        self.directory.join("redis.conf")
    }
}

fn configuration(setup: &Setup, data: &Path) -> String {
    let port = setup.port.number();
    let mut lines = vec!["bind 127.0.0.1".to_owned(), format!("dir \"{}\"", data.display()), "logfile \"\"".to_owned()];
    if !setup.sentinel {
        // A replica is there as soon as it asks, and does not wait for others to ask with it.
        lines.extend(["save \"\"".to_owned(), "repl-diskless-sync-delay 0".to_owned()]);
    }
    match &setup.certificates {
        None => lines.push(format!("port {port}")),
        Some(Certificates { authority, certificate, key }) => lines.extend([
            "port 0".to_owned(),
            format!("tls-port {port}"),
            format!("tls-ca-cert-file \"{}\"", authority.display()),
            format!("tls-cert-file \"{}\"", certificate.display()),
            format!("tls-key-file \"{}\"", key.display()),
            "tls-auth-clients no".to_owned(),
        ]),
    }
    if let Some(password) = &setup.password {
        // The second is what it shows to its master, should it become a replica.
        lines.extend([format!("requirepass \"{password}\""), format!("masterauth \"{password}\"")]);
    }
    lines.iter().chain(&setup.lines).fold(String::new(), |text, line| text + line + "\n")
}

/// Talks to one server by `redis-cli`.
#[derive(Debug, Clone)]
pub(super) struct Client {
    port: u16,
    password: Option<String>,
    authority: Option<PathBuf>,
}

impl Client {
    /// Sends one command and gives the answer as `redis-cli` prints it. An error of Redis is an error.
    pub(super) async fn ask(&self, words: &[&str]) -> Result<String, EngineError> {
        let mut command = Command::new(CLI.find()?);
        // -e: an error of Redis is an exit code.
        command.args(["-e", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        // By the environment, so that it is in no list of processes.
        match &self.password {
            Some(password) => command.env("REDISCLI_AUTH", password),
            None => command.env_remove("REDISCLI_AUTH"),
        };
        if let Some(authority) = &self.authority {
            command.arg("--tls").arg("--cacert").arg(authority);
        }
        command.args(words);
        program::run(command).await.map(|answer| answer.trim_end().to_owned())
    }

    /// Whether the answer to a command holds a text. No answer holds none.
    pub(super) async fn hears(&self, words: &[&str], text: &str) -> bool {
        self.ask(words).await.is_ok_and(|answer| answer.contains(text))
    }
}

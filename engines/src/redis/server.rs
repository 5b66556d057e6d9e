//! One process of Redis: its directory, its configuration, and the tool that talks to it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{CLI, SERVER};
use crate::{
    EngineError,
    home::{self, write_private},
    port::Port,
    process::{Launch, Process},
    program,
};

/// One server or sentinel. It keeps its port and its directory over ends and starts.
#[derive(Debug)]
pub(super) struct Server {
    engine: String,
    directory: PathBuf,
    port: Port,
    password: Option<String>,
    /// The authority that signed its certificate, if it speaks TLS.
    authority: Option<PathBuf>,
    arguments: &'static [&'static str],
    process: Option<Process>,
}

/// What a [`Server`] is made from.
pub(super) struct Setup<'a> {
    pub(super) engine: &'a str,
    pub(super) directory: PathBuf,
    pub(super) port: Port,
    pub(super) password: Option<String>,
    pub(super) authority: Option<PathBuf>,
    /// After the configuration file on the command line.
    pub(super) arguments: &'static [&'static str],
    /// Lines of the configuration besides what every server has.
    pub(super) configuration: String,
}

impl Server {
    /// Writes the configuration. Does not start.
    pub(super) fn new(setup: Setup<'_>) -> Result<Self, EngineError> {
        let data = setup.directory.join("data");
        std::fs::create_dir_all(&data).map_err(EngineError::io(format!("making {}", data.display())))?;
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("dir \"{}\"", data.display()),
            "logfile \"\"".to_owned(),
            "save \"\"".to_owned(),
            setup.configuration,
        ];
        if setup.authority.is_none() {
            lines.push(format!("port {}", setup.port.number()));
        }
        if let Some(password) = &setup.password {
            lines.push(format!("requirepass {password}"));
        }
        lines.push(String::new());
        let text = lines.join("\n");
        write_private(&setup.directory.join("redis.conf"), &text)?;
        Ok(Self {
            engine: setup.engine.to_owned(),
            directory: setup.directory,
            port: setup.port,
            password: setup.password,
            authority: setup.authority,
            arguments: setup.arguments,
            process: None,
        })
    }

    /// Starts it and waits until it answers.
    pub(super) async fn start(&mut self) -> Result<(), EngineError> {
        if self.process.is_some() {
            return Err(self.state("start it"));
        }
        let program = SERVER.find()?;
        let cli = CLI.find()?;
        let mut arguments = vec![self.directory.join("redis.conf").display().to_string()];
        arguments.extend(self.arguments.iter().map(|&argument| argument.to_owned()));
        let mut process = Process::spawn(Launch {
            engine: &self.engine,
            directory: &self.directory,
            program: &program,
            arguments,
            environment: vec![("LC_ALL", "C.UTF-8".to_owned())],
        })?;
        process
            .until("ready", || async {
                tokio::net::TcpStream::connect(self.port.addr()).await.is_ok()
                    && program::run(self.command(&cli, &["PING"])).await.is_ok_and(|answer| answer.trim() == "PONG")
            })
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends it with a signal, by its name without `SIG`. One that is down stays down.
    pub(super) async fn end(&mut self, signal: &str) -> Result<(), EngineError> {
        match self.process.take() {
            Some(process) => process.end(signal).await,
            None => Ok(()),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Fails if it is running.
    pub(super) fn state(&self, what: &'static str) -> EngineError {
        let state = if self.is_up() { "running" } else { "down" };
        EngineError::State { engine: self.engine.clone(), state, what }
    }

    /// Deletes what it stored. Only while it is down.
    pub(super) fn wipe(&mut self) -> Result<(), EngineError> {
        home::remove(&self.data())?;
        std::fs::create_dir_all(self.data()).map_err(EngineError::io("making a data directory anew"))
    }

    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub(super) fn port(&self) -> u16 {
        self.port.number()
    }

    /// Sends one command by `redis-cli` and gives the answer as it prints it. An error of Redis is an error.
    pub(super) async fn ask(&self, words: &[&str]) -> Result<String, EngineError> {
        program::run(self.command(&CLI.find()?, words)).await
    }

    fn command(&self, cli: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(cli);
        // -e: an error of Redis is an exit code.
        command.args(["-e", "-h", "127.0.0.1", "-p", &self.port.number().to_string()]);
        // By the environment, so that it is in no list of processes.
        match &self.password {
            Some(password) => command.env("REDISCLI_AUTH", password),
            None => command.env_remove("REDISCLI_AUTH"),
        };
        if let Some(authority) = &self.authority {
            command.arg("--tls").arg("--cacert").arg(authority);
        }
        command.args(words);
        command
    }
}

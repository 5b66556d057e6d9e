//! The real binary as a process of its own: started, killed, started again on the same data.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of this")]

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, Command};

/// What a started server can be told of, without starting it.
pub struct Installation {
    data_dir: PathBuf,
    address: String,
    environment: Vec<(String, String)>,
}

/// The password of the administrator that every installation has.
pub const ADMIN_PASSWORD: &str = "an administrator's password";
/// The phone of the administrator that every installation has.
pub const ADMIN_PHONE: &str = "+8613900000000";

impl Installation {
    /// A new one in this directory, on a port that is free now.
    pub fn new(data_dir: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let environment = [
            ("SPIKE__LOG__FILTER", "warn"),
            ("SPIKE__ADMIN__USERNAME", "boss"),
            ("SPIKE__ADMIN__PHONE", ADMIN_PHONE),
            ("SPIKE__ADMIN__PASSWORD", ADMIN_PASSWORD),
        ];
        Self {
            data_dir: data_dir.to_owned(),
            address: format!("127.0.0.1:{port}"),
            environment: environment.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec(),
        }
    }

    /// Sets an environment variable of the process.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A command of the binary on this installation's data.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spike"));
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .env("SPIKE__DATA_DIR", &self.data_dir)
            .env("SPIKE__SERVER__LISTEN", &self.address)
            .kill_on_drop(true);
        command
    }

    /// Starts the server and waits until it says that it is ready.
    pub async fn start(&self) -> Child {
        let mut server = self.command(&["serve"]).stdout(Stdio::null()).spawn().unwrap();
        let client = reqwest::Client::new();
        for _ in 0..600 {
            if let Some(status) = server.try_wait().unwrap() {
                panic!("the server ended at its start: {status}");
            }
            match client.get(self.url("/readyz")).send().await {
                Ok(answer) if answer.status().is_success() => return server,
                // A bounded poll: readiness is what is waited for, the pause only spares the processor.
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("the server is not ready after 30 seconds");
    }
}

//! The real binary as processes of their own: started, killed, started again on the same site.

use std::{
    fs::{File, OpenOptions},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use engines::Port;
use tokio::process::{Child, Command};

use super::{
    site::Site,
    wait::{wait_for, within_bound},
};

/// A start on a busy machine, which may have to wait for an engine.
const START: Duration = Duration::from_secs(40);
/// What is left of a process that crashes is soon gone.
const END: Duration = Duration::from_secs(40);

/// What a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// All there is.
    Everything,
    /// The whole graph, and nothing off the request.
    Graph,
    /// What happens off the request.
    Consumer,
}

/// One process of a shop. It keeps its address over ends and starts.
pub struct Replica {
    name: String,
    runs: Runs,
    port: Port,
    environment: Vec<(String, String)>,
    log: PathBuf,
    child: Option<Child>,
}

impl Replica {
    /// One that is not started yet. Its name is for people who read what went wrong.
    pub fn new(site: &Site, name: &str, runs: Runs) -> Self {
        let port = Port::free().expect("a free port");
        let mut environment = site.environment();
        environment.extend(
            [
                ("SPIKE__DATA_DIR", site.directory().display().to_string()),
                ("SPIKE__SERVER__LISTEN", format!("127.0.0.1:{}", port.number())),
                ("SPIKE__LOG__FILTER", std::env::var("SPIKE_TEST_LOG").unwrap_or_else(|_| "info,lapin=off".to_owned())),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        let log = site.directory().join(format!("{name}.log"));
        Self { name: name.to_owned(), runs, port, environment, log, child: None }
    }

    /// Sets a key of the configuration in this process alone.
    pub fn set(&mut self, key: &str, value: &str) {
        let variable = format!("SPIKE__{}", key.replace('.', "__").to_uppercase());
        self.environment.push((variable, value.to_owned()));
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port.number())
    }

    /// A command of the binary with these settings. It dies with the test, also when the test is killed.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", env!("CARGO_BIN_EXE_spike")])
            .args(arguments)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Starts it, and waits until it is ready.
    pub async fn start(&mut self) {
        self.start_failing_at("").await;
    }

    /// Starts it, to end where these crash points say (`FAILPOINTS`), and waits until it is ready.
    pub async fn start_failing_at(&mut self, points: &str) {
        self.launch(points);
        self.ready().await;
    }

    /// Starts it and does not wait.
    pub fn launch(&mut self, points: &str) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let arguments: &[&str] = match self.runs {
            Runs::Everything => &["serve"],
            Runs::Graph => &["serve", "--roles", "user,spike,access,admin,order"],
            Runs::Consumer => &["serve", "--roles", "consumer"],
        };
        let log = self.log();
        let mut command = self.command(arguments);
        command.env("FAILPOINTS", points).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().expect("the binary starts"));
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self) {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build().expect("a client");
        let (url, name) = (self.url("/readyz"), self.name.clone());
        let ready = wait_for(START, async || {
            let child = self.child.as_mut().expect("started");
            if let Some(status) = child.try_wait().expect("a process") {
                panic!("{name} ended at its start with {status}:\n{}", self.last_words());
            }
            client.get(&url).send().await.ok().filter(|answer| answer.status().is_success()).map(drop)
        });
        assert!(ready.await.is_some(), "{} is not ready after {START:?}:\n{}", self.name, self.last_words());
    }

    /// Whether it runs. One that ended by itself does not.
    pub fn is_up(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().expect("a process").is_none())
    }

    /// Kills it (SIGKILL).
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.expect("it is killed");
        }
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM").await;
        self.ended().await
    }

    /// Its number, while it runs.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("running")
    }

    /// Sends it a signal, by its name without `SIG`.
    pub async fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await.expect("kill");
        assert!(sent.success(), "SIG{name} for {}", self.name);
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("running");
        let what = format!("{} to end", self.name);
        within_bound(END, &what, child.wait()).await.expect("a process")
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The end of what it logged.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    fn log(&self) -> File {
        OpenOptions::new().create(true).append(true).open(&self.log).expect("a log")
    }
}

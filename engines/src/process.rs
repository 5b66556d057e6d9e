//! The process of an engine, and its lifeline.
//!
//! An engine must end with its owner, also when the owner is killed, and when the engine is in a `static`, which is never
//! dropped. So a small shell (`supervise.sh`) stands between them. Its input is a pipe whose other end the owner holds:
//! the system closes it when the owner ends, whatever the reason, and the shell then kills the engine and all that came
//! of it. A signal on the death of the parent would not do, because it is bound to the *thread* that started the child.
//!
//! Nothing here belongs to an async runtime: an engine outlives the test that started it.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::EngineError;

/// How long an engine may take to start, and to stop.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How often a condition is looked at that cannot be waited for.
pub(crate) const POLL: Duration = Duration::from_millis(10);

const SUPERVISOR: &str = include_str!("supervise.sh");

/// What to run and where.
pub(crate) struct Launch<'a> {
    /// What to call it in errors.
    pub(crate) engine: &'a str,
    /// Its directory. What runs there ends with it, so it is the engine's alone.
    pub(crate) directory: &'a Path,
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A running engine.
#[derive(Debug)]
pub(crate) struct Process {
    engine: String,
    log: PathBuf,
    supervisor: Child,
    lifeline: Option<ChildStdin>,
}

impl Process {
    /// Starts it. What it prints goes to `log` in its directory.
    pub(crate) fn spawn(launch: Launch<'_>) -> Result<Self, EngineError> {
        let log = launch.directory.join("log");
        let mut supervisor = Command::new("/bin/sh")
            .args(["-c", SUPERVISOR, "engine"])
            .arg(launch.directory)
            .arg(&log)
            .arg(launch.program)
            .args(launch.arguments)
            .envs(launch.environment)
            // Not in the engine's directory, where all is killed, nor in the terminal's group, where Ctrl-C is heard.
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(EngineError::io(format!("starting {}", launch.engine)))?;
        let lifeline = supervisor.stdin.take();
        tracing::debug!(engine = launch.engine, log = %log.display(), "engine started");
        Ok(Self { engine: launch.engine.to_owned(), log, supervisor, lifeline })
    }

    /// Sends it a signal, by its name without `SIG`.
    pub(crate) fn signal(&mut self, name: &str) -> Result<(), EngineError> {
        let Some(lifeline) = &mut self.lifeline else { return Ok(()) };
        match writeln!(lifeline, "{name}") {
            // It has ended already.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(EngineError::io(format!("a signal for {}", self.engine))(error))
            }
            _ => Ok(()),
        }
    }

    /// How it ended, if it did, and all that it started with it.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>, EngineError> {
        self.supervisor.try_wait().map_err(EngineError::io(format!("looking after {}", self.engine)))
    }

    /// Sends it a signal and waits until it has ended. Kills it if it does not.
    pub(crate) async fn end(mut self, signal: &str) -> Result<(), EngineError> {
        self.signal(signal)?;
        let asked = Instant::now();
        while self.ended()?.is_none() {
            if asked.elapsed() > PATIENCE {
                return Err(self.too_late("down"));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Polls until `ready` says so. Fails when the engine ends or takes too long.
    pub(crate) async fn until<F>(
        &mut self,
        state: &'static str,
        mut ready: impl FnMut() -> F,
    ) -> Result<(), EngineError>
    where
        F: Future<Output = bool>,
    {
        let asked = Instant::now();
        while !ready().await {
            if let Some(status) = self.ended()? {
                let (engine, log, tail) = (self.engine.clone(), self.log.clone(), self.tail());
                return Err(EngineError::Ended { engine, status, log, tail });
            }
            if asked.elapsed() > PATIENCE {
                return Err(self.too_late(state));
            }
            tokio::time::sleep(POLL).await;
        }
        tracing::debug!(engine = self.engine, state, after = ?asked.elapsed(), "engine");
        Ok(())
    }

    fn too_late(&self, state: &'static str) -> EngineError {
        let (engine, log, tail) = (self.engine.clone(), self.log.clone(), self.tail());
        EngineError::TooLate { engine, state, within: PATIENCE, log, tail }
    }

    /// The end of its log.
    fn tail(&self) -> String {
        const LONGEST: u64 = 4_000;
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = fs::File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))?;
            let mut tail = Vec::new();
            file.read_to_end(&mut tail)?;
            Ok(tail)
        };
        read().map_or_else(|error| error.to_string(), |tail| String::from_utf8_lossy(&tail).into_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Closed, it makes the supervisor kill the engine, which takes milliseconds.
        self.lifeline = None;
        if let Err(error) = self.supervisor.wait() {
            tracing::warn!(engine = self.engine, %error, "an engine was not waited for");
        }
    }
}

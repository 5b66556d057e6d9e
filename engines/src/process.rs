//! The process of an engine, and its lifeline.
//!
//! An engine must end with its owner, also when the owner is killed, and when the engine is in a `static`, which is never
//! dropped. So a small shell (`supervise.sh`) stands between them. Its input is a pipe whose other end the owner holds:
//! the system closes it when the owner ends, whatever the reason, and the shell then kills the engine and all that came
//! of it. A signal on the death of the parent would not do, because it is bound to the *thread* that started the child.
//!
//! Nothing here belongs to an async runtime: an engine outlives the test that started it.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
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
    /// Its directory. What runs there ends with it, so it is the engine's alone.
    pub(crate) directory: &'a Path,
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A running engine. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Process {
    engine: String,
    log: PathBuf,
    supervisor: Child,
    lifeline: Option<ChildStdin>,
}

impl Process {
    /// Starts it. What it prints goes to `log` in its directory.
    pub(crate) fn spawn(engine: &str, launch: Launch<'_>) -> Result<Self, EngineError> {
        let log = launch.directory.join("log");
        // A file rather than an argument, for those who read the list of processes.
        let script = launch.directory.join("supervise.sh");
        fs::write(&script, SUPERVISOR).map_err(EngineError::io(format!("writing {}", script.display())))?;
        let mut supervisor = Command::new("/bin/sh")
            .arg(script)
            .arg(launch.directory)
            .arg(pattern(launch.directory))
            .arg(&log)
            .arg(launch.program)
            .args(launch.arguments)
            .env_clear()
            .envs(bare_environment())
            .envs(launch.environment)
            // Not in the engine's directory, where all is killed, nor in the terminal's group, where Ctrl-C is heard.
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(EngineError::io(format!("starting {engine}")))?;
        let lifeline = supervisor.stdin.take();
        tracing::debug!(engine, log = %log.display(), "engine started");
        Ok(Self { engine: engine.to_owned(), log, supervisor, lifeline })
    }

    /// Sends it a signal, by its name without `SIG`.
    fn signal(&mut self, name: &str) -> Result<(), EngineError> {
        let Some(lifeline) = &mut self.lifeline else { return Ok(()) };
        match writeln!(lifeline, "{name}") {
            // A broken pipe says that it has ended already.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(EngineError::io(format!("a signal for {}", self.engine))(error))
            }
            _ => Ok(()),
        }
    }

    /// Fails if it has ended by itself.
    pub(crate) fn check(&mut self) -> Result<(), EngineError> {
        let Some(status) = self.ended()? else { return Ok(()) };
        let (engine, log, tail) = (self.engine.clone(), self.log.clone(), self.tail());
        Err(EngineError::Ended { engine, status, log, tail })
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>, EngineError> {
        self.supervisor.try_wait().map_err(EngineError::io(format!("looking after {}", self.engine)))
    }

    /// Sends it a signal and waits until it has ended, with all that came of it.
    pub(crate) async fn end(mut self, signal: &str) -> Result<(), EngineError> {
        self.signal(signal)?;
        let asked = Instant::now();
        while self.ended()?.is_none() {
            self.in_time(asked, "down")?;
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Polls until `ready` says so. Fails when the engine ends or takes too long.
    pub(crate) async fn until(
        &mut self,
        state: &'static str,
        mut ready: impl AsyncFnMut() -> bool,
    ) -> Result<(), EngineError> {
        let asked = Instant::now();
        // An answer that never comes is no answer.
        while !tokio::time::timeout(PATIENCE, ready()).await.unwrap_or(false) {
            self.check()?;
            self.in_time(asked, state)?;
            tokio::time::sleep(POLL).await;
        }
        tracing::debug!(engine = self.engine, state, after = ?asked.elapsed(), "engine");
        Ok(())
    }

    fn in_time(&self, asked: Instant, state: &'static str) -> Result<(), EngineError> {
        if asked.elapsed() < PATIENCE {
            return Ok(());
        }
        let (engine, log, tail) = (self.engine.clone(), self.log.clone(), self.tail());
        Err(EngineError::TooLate { engine, state, within: PATIENCE, log, tail })
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

/// What an engine is to know of the environment. The rest could change what it does.
pub(crate) fn bare_environment() -> impl Iterator<Item = (&'static str, OsString)> {
    let kept = ["PATH", "TMPDIR"].into_iter().filter_map(|name| Some((name, env::var_os(name)?)));
    kept.chain([("LC_ALL", "C.UTF-8".into())])
}

/// A path as a pattern that matches it and nothing else.
fn pattern(path: &Path) -> String {
    path.to_string_lossy().chars().fold(String::new(), |mut quoted, letter| {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
        quoted
    })
}

//! The programs that are measured, each as a process of its own.
//!
//! A shell stands between, as with the engines: its input is a pipe that this process holds. When this process ends,
//! however it ends, the pipe closes and the shell kills the program.

use std::{
    ffi::OsString,
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::error::BenchError;

/// A line of its input names a signal for the program; its end kills the program.
const SUPERVISOR: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
(
    while read -r signal <&3; do kill -s "$signal" "$program"; done
    kill -s KILL "$program"
) >/dev/null 2>&1 &
lifeline=$!
wait "$program"
ended=$?
kill "$lifeline" 2>/dev/null
exit "$ended""#;

/// How long a program may take to start, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// What to run.
pub(crate) struct Launch<'a> {
    /// What to call it.
    pub(crate) name: &'a str,
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<OsString>,
    /// Besides what this process has. Settings of spike that this process has are left out.
    pub(crate) environment: Vec<(String, String)>,
    /// Where its log goes.
    pub(crate) directory: &'a Path,
}

/// A running program that listens.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    log: PathBuf,
    shell: Child,
    lifeline: Option<ChildStdin>,
    /// Held open: a program that prints into a closed pipe ends.
    _output: Lines<BufReader<ChildStdout>>,
    addr: SocketAddr,
}

impl Program {
    /// Starts it and waits until it prints an address as `http://ADDRESS/`.
    pub(crate) async fn start(launch: Launch<'_>) -> Result<Self, BenchError> {
        let log = launch.directory.join(format!("{}.log", launch.name));
        let file = File::create(&log).map_err(BenchError::io(format!("making {}", log.display())))?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SUPERVISOR, "supervisor"]).arg(launch.program).args(launch.arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SPIKE__")) {
            command.env_remove(name);
        }
        command
            .envs(launch.environment)
            // Ctrl-C is for this process alone, which then ends them in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file);
        let what = || format!("starting {}", launch.name);
        let mut shell = command.spawn().map_err(BenchError::io(what()))?;
        let lifeline = shell.stdin.take();
        let piped = shell.stdout.take().ok_or_else(|| BenchError::TooLate(what()))?;
        let mut output = BufReader::new(piped).lines();
        let name = launch.name.to_owned();
        let said = timeout(PATIENCE, said_address(&mut output)).await;
        let said = said.map_err(|_| BenchError::TooLate(what()))?.map_err(BenchError::io(what()))?;
        let Some(addr) = said else {
            let status = shell.wait().await.ok();
            return Err(BenchError::Ended { program: name, status, tail: tail(&log), log });
        };
        Ok(Self { name, log, shell, lifeline, _output: output, addr })
    }

    /// Where it listens.
    pub(crate) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Fails if it has ended.
    pub(crate) fn is_alive(&mut self) -> Result<(), BenchError> {
        match self.shell.try_wait().map_err(BenchError::io(format!("looking after {}", self.name)))? {
            None => Ok(()),
            Some(status) => Err(self.ended(Some(status))),
        }
    }

    /// Asks it to stop, and waits until it has. Fails if it did not end well.
    pub(crate) async fn stop(mut self) -> Result<(), BenchError> {
        if let Some(lifeline) = &mut self.lifeline {
            lifeline.write_all(b"TERM\n").await.map_err(BenchError::io(format!("stopping {}", self.name)))?;
        }
        let ended = timeout(PATIENCE, self.shell.wait()).await;
        let ended = ended.map_err(|_| BenchError::TooLate(format!("the end of {}", self.name)))?;
        match ended.map_err(BenchError::io(format!("the end of {}", self.name)))? {
            status if status.success() => Ok(()),
            status => Err(self.ended(Some(status))),
        }
    }

    fn ended(&self, status: Option<std::process::ExitStatus>) -> BenchError {
        BenchError::Ended { program: self.name.clone(), status, log: self.log.clone(), tail: tail(&self.log) }
    }
}

/// The address that a program prints; none if its output ends without one.
async fn said_address(output: &mut Lines<BufReader<ChildStdout>>) -> std::io::Result<Option<SocketAddr>> {
    while let Some(line) = output.next_line().await? {
        if let Some(addr) = address(&line) {
            return Ok(Some(addr));
        }
    }
    Ok(None)
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, url) = line.split_once("http://")?;
    url.split('/').next()?.parse().ok()
}

/// The end of a log.
fn tail(log: &Path) -> String {
    const LONGEST: usize = 4_000;
    let text = std::fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(LONGEST)..]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_what_a_program_prints() {
        let line = "  graph       http://127.0.0.1:40123/graphql (also ws://127.0.0.1:40123/graphql)";
        assert_eq!(address(line), "127.0.0.1:40123".parse().ok());
        assert_eq!(address("spike is serving"), None);
    }

    #[tokio::test]
    async fn a_program_ends_with_the_pipe_that_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let pid = directory.path().join("pid");
        let script = format!("echo $$ > {}; echo http://127.0.0.1:1/; exec sleep 1000", pid.display());
        let launch = Launch {
            name: "sleeper",
            program: "/bin/sh".as_ref(),
            arguments: vec!["-c".into(), script.into()],
            environment: Vec::new(),
            directory: directory.path(),
        };
        let mut program = Program::start(launch).await.unwrap();
        program.is_alive().unwrap();
        let process = PathBuf::from(format!("/proc/{}", std::fs::read_to_string(&pid).unwrap().trim()));
        assert!(process.exists());
        drop(program.lifeline.take());
        assert!(!program.shell.wait().await.unwrap().success());
        assert!(!process.exists());
    }
}

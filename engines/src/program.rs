//! The programs of the engines: where Debian puts them, and how their tools are run.

use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::EngineError;

/// A program, and the Debian package to name when it is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    /// Where it is when it is not on the path.
    pub(crate) directory: &'static str,
}

impl Program {
    /// Its path.
    pub(crate) fn find(self) -> Result<PathBuf, EngineError> {
        let path = env::var_os("PATH").unwrap_or_default();
        let known = [PathBuf::from(self.directory), "/usr/sbin".into(), "/usr/bin".into()];
        known
            .into_iter()
            .chain(env::split_paths(&path))
            .map(|directory| directory.join(self.name))
            .find(|candidate| candidate.is_file())
            .ok_or_else(|| self.missing())
    }

    pub(crate) fn missing(self) -> EngineError {
        EngineError::Missing { program: self.name, package: self.package }
    }
}

/// Runs a tool to its end, off the runtime's threads. Gives what it printed.
pub(crate) async fn run(command: Command) -> Result<String, EngineError> {
    run_with_input(command, None).await
}

/// Likewise, with a file as its input.
pub(crate) async fn run_with_input(mut command: Command, input: Option<&Path>) -> Result<String, EngineError> {
    // Arguments may hold a secret; the program and the first word do not.
    let said = {
        let first = command.get_args().next().map(|first| first.to_string_lossy().into_owned());
        format!("{} {}", command.get_program().to_string_lossy(), first.unwrap_or_default())
    };
    let stdin = match input {
        Some(path) => Stdio::from(File::open(path).map_err(EngineError::io(format!("opening {}", path.display())))?),
        None => Stdio::null(),
    };
    command.stdin(stdin);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .map_err(|error| EngineError::io(format!("running {said}"))(std::io::Error::other(error)))?
        .map_err(EngineError::io(format!("running {said}")))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(printed)
    } else {
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(EngineError::Command { command: said, output: format!("{printed}{complaint}").trim().to_owned() })
    }
}

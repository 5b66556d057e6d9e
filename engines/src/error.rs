//! What can go wrong with an engine, said so that whoever ran the tests knows what to do.

use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why an engine is not there or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A program is not installed.
    #[error("{program} is not installed: run scripts/install-deps --engines (Debian's package {package} has it)")]
    Missing {
        /// The program that was looked for.
        program: &'static str,
        /// Debian's package that has it.
        package: &'static str,
    },
    /// The file system, a socket or a process failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The engine ended by itself.
    #[error("{engine} ended with {status}; the end of its log {log}:\n{tail}")]
    Ended {
        /// Which engine.
        engine: String,
        /// How it ended.
        status: ExitStatus,
        /// Where its log is.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The engine was not there within its time.
    #[error("{engine} was not {state} after {within:?}; the end of its log {log}:\n{tail}")]
    TooLate {
        /// Which engine.
        engine: String,
        /// What was waited for.
        state: &'static str,
        /// How long.
        within: Duration,
        /// Where its log is.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// A tool of the engine failed.
    #[error("{command} failed: {output}")]
    Command {
        /// The tool and what it was asked to do.
        command: String,
        /// What it printed.
        output: String,
    },
    /// The engine runs as another user, who cannot reach its directory.
    #[error("the user {user} cannot enter {}: let them, or use another directory", directory.display())]
    Closed {
        /// Who the engine runs as.
        user: &'static str,
        /// The engine's directory.
        directory: PathBuf,
    },
    /// A password or a name would need quoting somewhere.
    #[error("{what} of an engine is made of letters, digits, '-', '_', '.' and '~'")]
    NotPlain {
        /// What it is.
        what: &'static str,
    },
    /// The engine was asked for what it can only do while it runs, or only while it is down.
    #[error("{engine} is {state}: {what}")]
    State {
        /// Which engine.
        engine: String,
        /// `running` or `down`.
        state: &'static str,
        /// What cannot be done now.
        what: &'static str,
    },
}

impl EngineError {
    /// For `map_err`: says what was being done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

//! Why a process did not start or a command did not do its work: one line that says what is wrong and what
//! to do about it.

use std::{io, net::SocketAddr, path::PathBuf};

use domain::error::{Failure, Fault, Refusal};

use crate::config::ConfigError;

/// Why a process did not start or a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See [`ConfigError`].
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Parts of the program that cannot run apart from the others yet.
    #[error(
        "the roles {given} cannot run alone: with stock.url = \"memory:\" the units of a sale are held in the \
         memory of one process, which must run all roles ({all}); leave --roles away, or configure a shared \
         stock.url (redis://…) and bus.url (amqp://…) in a build that supports them"
    )]
    Roles {
        /// What was asked for.
        given: String,
        /// What there is.
        all: String,
    },
    /// The data dir cannot be made or written.
    #[error("data dir {path}: {cause}; choose another with --data-dir or make it writable", path = path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Another process serves the same data.
    #[error(
        "data dir {path} is in use by another spike: the units of a sale are held in the memory of one process; \
         stop the other one or choose another --data-dir", path = path.display()
    )]
    DataDirInUse {
        /// The directory.
        path: PathBuf,
    },
    /// Somebody else listens there.
    #[error("{addr} is in use by another program; stop it or choose another address with --listen")]
    PortInUse {
        /// The address.
        addr: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}: {cause}; choose another address with --listen")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        cause: io::Error,
    },
    /// The database cannot be opened or brought up to date.
    #[error("database {url}: {cause}; {advice}")]
    Database {
        /// Its address, without a password.
        url: String,
        /// Why.
        cause: String,
        /// What to do.
        advice: &'static str,
    },
    /// The account of an administrator cannot be made.
    #[error("{0}")]
    Administrator(String),
    /// What a command needs was not given.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be written or read.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The work itself failed.
    #[error("{}", said(.0))]
    Fault(Fault),
    /// The work was refused.
    #[error("{0}")]
    Refused(String),
    /// The terminal cannot be read or written.
    #[error("the terminal: {0}")]
    Terminal(io::Error),
    /// The check of the ledgers found a difference.
    #[error("{0} of the campaigns do not balance: see the report above")]
    Unbalanced(usize),
    /// Not everything that was in flight finished in time.
    #[error("stopped with work in flight: {0} did not finish within server.shutdown_grace")]
    Grace(&'static str),
}

impl StartError {
    /// A database that does not open, with advice by what it says.
    pub fn database(url: &str, cause: impl std::fmt::Display) -> Self {
        let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        let advice = if cause.contains("locked") || cause.contains("busy") {
            "another process is writing to it; wait for it or stop it"
        } else if cause.contains("not a database") || cause.contains("malformed") {
            "the file is damaged or of another program; restore a backup or choose another database.url"
        } else {
            "check database.url, and that the file can be written"
        };
        Self::Database { url: url.to_owned(), cause, advice }
    }
}

impl From<Fault> for StartError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl<C> From<Failure<C>> for StartError {
    fn from(failure: Failure<C>) -> Self {
        match failure {
            Failure::Fault(fault) => Self::Fault(fault),
            Failure::Refused(refusals) => Self::Refused(messages(&refusals)),
        }
    }
}

/// What was refused, for people.
pub fn messages<C>(refusals: &[Refusal<C>]) -> String {
    refusals.iter().map(|refusal| refusal.message.as_ref()).collect::<Vec<_>>().join("; ")
}

/// A fault with its causes: an operator may see them, a client may not.
fn said(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let mut cause = std::error::Error::source(fault);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

//! Why a process did not start or a command did not do its work: one line that says what is wrong and what
//! to do about it.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use domain::error::{Failure, Fault, Refusal};

use crate::config::ConfigError;

/// Why a process did not start or a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See [`ConfigError`].
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Parts of the program that cannot run apart with this configuration.
    #[error(
        "the roles {given} cannot run alone with {private}: that is in the memory or the files of one process, which must \
         run all roles ({all}); leave --roles away, or configure database.url (mysql://… or postgres://…), stock.url \
         (redis://…) and bus.url (amqp://…)"
    )]
    Roles {
        /// What was asked for.
        given: String,
        /// The settings that stand in the way.
        private: String,
        /// What there is.
        all: String,
    },
    /// A mixture of domains that is neither the whole graph nor a subgraph.
    #[error(
        "the roles {given} are neither the whole graph nor one subgraph: name all of user,spike,access,admin,order, or \
         one of them, or none; each with or without consumer"
    )]
    Domains {
        /// What was asked for.
        given: String,
    },
    /// A subgraph that this program was not compiled with.
    #[error("the role {given} alone is a subgraph: build spike with --features subgraphs to serve it")]
    Subgraph {
        /// What was asked for.
        given: String,
    },
    /// The documents that may be executed cannot be read.
    #[error("graphql.trusted_documents {path}: {cause}", path = path.display())]
    Documents {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
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
    /// An engine cannot be used: the database, the stock store or the queue.
    #[error("{part} {url}: {cause}{}", .waited.map(|patience| format!(" (tried for {patience:?})")).unwrap_or_default())]
    Engine {
        /// In words of the operator.
        part: &'static str,
        /// Its address, without a password.
        url: String,
        /// What is wrong, and what to do.
        cause: String,
        /// For how long it was tried, if it might have come.
        waited: Option<Duration>,
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

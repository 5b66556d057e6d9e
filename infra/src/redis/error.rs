//! What an error of Redis means: to the domain while it runs, and to the operator when it starts.

use std::path::PathBuf;

use domain::error::Fault;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// The part that is away when Redis is, in words of the operator.
pub(super) const PART: &str = "stock";

/// What a server says when it cannot work now, whatever it was asked, and the client has no name for.
const AWAY: [&str; 8] = ["OOM", "MISCONF", "NOREPLICAS", "BUSY", "NOAUTH", "WRONGPASS", "UNKILLABLE", "NOMASTERLINK"];

/// A Redis that is away, full, in another role or not to be reached is a part that is not available; anything else
/// is a defect.
pub(super) fn fault(error: RedisError) -> Fault {
    if is_away(&error) { Fault::unavailable(PART, error) } else { Fault::internal(error) }
}

fn is_away(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io
        | ErrorKind::AuthenticationFailed
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::ClusterConnectionNotFound => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::TryAgain
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask
        ),
        _ => error.code().is_some_and(|code| AWAY.contains(&code)),
    }
}

/// A reply that no script of ours gives.
pub(super) fn unreadable(what: impl std::fmt::Display) -> Fault {
    Fault::internal(format!("Redis answered what cannot be read: {what}"))
}

/// Why Redis cannot be used. The text is one line that says what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none.
    #[error("the address of Redis: {0}; see the documentation of stock.url for its forms")]
    Url(String),
    /// The prefix would break the keys.
    #[error("the prefix {0:?} of the keys in Redis must have a sign in it, and no space and none of {{}}")]
    Prefix(String),
    /// The file of the authority cannot be read.
    #[error("the certificate of the authority of Redis, {path}: {cause}; give a file in PEM form", path = path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// Nobody answers there. Trying again may work.
    #[error("{at} cannot be reached: {cause}; check the address, that Redis runs there, and whether it speaks TLS")]
    Unreachable {
        /// The address, without the password.
        at: String,
        /// Why.
        cause: String,
    },
    /// Its certificate is none that we trust.
    #[error(
        "the certificate of {at} is not trusted: {cause}; name the authority that signed it with stock.ca_file, or reach \
         it by a name that the certificate has"
    )]
    Certificate {
        /// The address, without the password.
        at: String,
        /// Why.
        cause: String,
    },
    /// It does not let us in.
    #[error("{at} does not let us in: {cause}; check the user and the password in its address")]
    Login {
        /// The address, without the password.
        at: String,
        /// What it said.
        cause: String,
    },
    /// Its user may not do what is needed.
    #[error(
        "the user at {at} lacks rights: {cause}; it needs +@read +@write +@scripting +@pubsub +@connection +info +time \
         (and +cluster in a cluster) on the keys and channels of the prefix"
    )]
    Rights {
        /// The address, without the password.
        at: String,
        /// What it said.
        cause: String,
    },
    /// It is not ready: it loads its data, or its cluster is not whole. Trying again may work.
    #[error("{at} is not ready: {cause}; wait until it is")]
    NotReady {
        /// The address, without the password.
        at: String,
        /// What it said.
        cause: String,
    },
    /// It is something else than the address says.
    #[error("{at} {is}; use {instead}")]
    Form {
        /// The address, without the password.
        at: String,
        /// What it is.
        is: &'static str,
        /// What to use.
        instead: &'static str,
    },
    /// It is too old.
    #[error("{at} is Redis {version}; at least 6.2 is needed")]
    TooOld {
        /// The address, without the password.
        at: String,
        /// Its version.
        version: String,
    },
    /// It would forget what was told yes.
    #[error(
        "{at} forgets everything when it ends (appendonly no): grabs that were accepted while the queue was away would \
         be lost; set appendonly yes, or allow it with stock.allow_volatile"
    )]
    Volatile {
        /// The address, without the password.
        at: String,
    },
    /// It would throw the stock away when it is full.
    #[error("{at} evicts keys when it is full (maxmemory-policy {policy}); set maxmemory-policy noeviction")]
    Evicts {
        /// The address, without the password.
        at: String,
        /// The policy.
        policy: String,
    },
    /// Anything else.
    #[error("{at}: {cause}")]
    Other {
        /// The address, without the password.
        at: String,
        /// What it said.
        cause: String,
    },
}

impl OpenError {
    /// Whether trying again may work without anybody changing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NotReady { .. })
    }

    /// What it means that the first commands to `at` failed like this.
    pub(super) fn from_redis(at: &impl ToString, error: &RedisError) -> Self {
        let (at, cause) = (at.to_string(), line(error));
        match error.kind() {
            ErrorKind::AuthenticationFailed => Self::Login { at, cause },
            ErrorKind::Io if cause.contains("certificate") => Self::Certificate { at, cause },
            _ if cause.contains("cluster support disabled") => {
                Self::Form { at, is: "is one server and no cluster", instead: "redis:// or rediss://" }
            }
            ErrorKind::Io => Self::Unreachable { at, cause },
            ErrorKind::Server(ServerErrorKind::NoPerm) => Self::Rights { at, cause },
            ErrorKind::Server(
                ServerErrorKind::BusyLoading | ServerErrorKind::ClusterDown | ServerErrorKind::MasterDown,
            )
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::MasterNameNotFoundBySentinel => Self::NotReady { at, cause },
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => Self::Login { at, cause },
                _ => Self::Other { at, cause },
            },
        }
    }
}

/// An error and its causes as one line.
pub(super) fn line(error: &RedisError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

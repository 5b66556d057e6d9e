//! What an error of the broker means: to whoever starts a process, and to the domain.

use std::path::PathBuf;

use domain::error::{Cause, Fault};
use lapin::{
    ErrorKind,
    protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError},
};

/// The part that is away, in words of the operator.
pub(super) const PART: &str = "queue";

/// Whatever the broker or the way to it does, the same may work later.
pub(super) fn away(cause: impl Into<Cause>) -> Fault {
    Fault::unavailable(PART, cause)
}

/// Why the bus does not open: one line that says what is wrong and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting that cannot be.
    #[error("bus.{key} must be {must}")]
    Option {
        /// The key in the section `bus`.
        key: &'static str,
        /// What it must be.
        must: &'static str,
    },
    /// Not an address of a broker. The address is not shown: it has a password in it.
    #[error("bus.url is not the address of a broker: expected amqp://user:password@host:port/vhost, or amqps://…")]
    Url,
    /// The file of certificates cannot be read.
    #[error("bus.ca_file {path}: {why}; it must be a readable file of certificates in PEM", path = path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody answers there. May pass by itself.
    #[error("RabbitMQ at {place} cannot be reached: {why}; check bus.url and that it runs")]
    Unreachable {
        /// The address, without a password.
        place: String,
        /// What the system says.
        why: String,
    },
    /// The broker answers, but cannot work now. May pass by itself.
    #[error("RabbitMQ at {place} is not ready: {why}; look into its log")]
    NotReady {
        /// The address, without a password.
        place: String,
        /// What it says.
        why: String,
    },
    /// Its certificate is not good, or it does not speak TLS.
    #[error("RabbitMQ at {place} does not pass as that host over TLS: {why}; check bus.url and bus.ca_file")]
    Tls {
        /// The address, without a password.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// The user or the password is wrong.
    #[error("RabbitMQ at {place} refuses the user or the password of bus.url; correct them, or add the user there")]
    Login {
        /// The address, without a password.
        place: String,
    },
    /// The virtual host is not there, or not for this user.
    #[error(
        "RabbitMQ at {place} has no such virtual host for this user: {why}; correct the path of bus.url, or add it"
    )]
    Vhost {
        /// The address, without a password.
        place: String,
        /// What it says.
        why: String,
    },
    /// The user may not declare, read or write what is needed.
    #[error(
        "RabbitMQ at {place} does not let this user have {what}: {why}; permit it to configure, write and read what \
         begins with bus.prefix"
    )]
    Forbidden {
        /// The address, without a password.
        place: String,
        /// The exchange or queue.
        what: String,
        /// What it says.
        why: String,
    },
    /// An exchange or a queue is there, but is another one than is meant.
    #[error(
        "RabbitMQ at {place} has {what} with other arguments: {why}; set bus.queue_type to what it is, choose another \
         bus.prefix, or delete it when it is empty"
    )]
    Differs {
        /// The address, without a password.
        place: String,
        /// The exchange or queue.
        what: String,
        /// What it says.
        why: String,
    },
    /// The messages are spread over another number of queues.
    #[error(
        "RabbitMQ at {place} has another number of queues than bus.partitions = {partitions}: {why}; set it to what is \
         there, or let the consumers empty the queues and delete all of them"
    )]
    Partitions {
        /// The address, without a password.
        place: String,
        /// How many there should be.
        partitions: u16,
        /// What it says.
        why: String,
    },
    /// Anything else that it says.
    #[error("RabbitMQ at {place}: {why}")]
    Other {
        /// The address, without a password.
        place: String,
        /// What it says.
        why: String,
    },
}

impl OpenError {
    /// Whether it may pass by itself, so that waiting and trying again makes sense.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NotReady { .. })
    }

    /// What went wrong before anything was declared.
    pub(super) fn connecting(place: &str, error: &lapin::Error) -> Self {
        let (place, why) = (place.to_owned(), line(error));
        match error.kind() {
            ErrorKind::ProtocolError(refusal) => match refusal.kind() {
                AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => Self::Login { place },
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => Self::Vhost { place, why },
                // The virtual host or the node is not up.
                AMQPErrorKind::Hard(_) => Self::NotReady { place, why },
                AMQPErrorKind::Soft(_) => Self::Other { place, why },
            },
            ErrorKind::IOError(io) if speaks_of_tls(io) => Self::Tls { place, why },
            ErrorKind::IOError(_) | ErrorKind::MissingHeartbeatError => Self::Unreachable { place, why },
            ErrorKind::InvalidConnectionState(_) | ErrorKind::InvalidChannelState(..) => Self::NotReady { place, why },
            _ => Self::Other { place, why },
        }
    }

    /// What went wrong with one exchange or queue.
    pub(super) fn declaring(place: &str, error: &DeclareError) -> Self {
        let refusal = match error.cause.kind() {
            ErrorKind::ProtocolError(refusal) => Some(refusal.kind()),
            _ => None,
        };
        let (what, why) = (error.what.to_string(), line(&error.cause));
        match (refusal, &error.what) {
            (Some(AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)), _) => {
                Self::Forbidden { place: place.to_owned(), what, why }
            }
            (Some(AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED)), What::Partitions(partitions)) => {
                Self::Partitions { place: place.to_owned(), partitions: *partitions, why }
            }
            (Some(AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED)), _) => {
                Self::Differs { place: place.to_owned(), what, why }
            }
            _ => Self::connecting(place, &error.cause),
        }
    }
}

/// What is declared.
#[derive(Debug, thiserror::Error)]
pub(super) enum What {
    #[error("the exchange {0}")]
    Exchange(String),
    #[error("the queue {0}")]
    Queue(String),
    #[error("{0} partitions")]
    Partitions(u16),
    /// Nothing yet.
    #[error("a channel")]
    Channel,
}

/// What could not be declared.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {cause}")]
pub(super) struct DeclareError {
    pub(super) what: What,
    /// What the broker or the way to it says.
    pub(super) cause: lapin::Error,
}

/// Without knowing what it was about.
impl From<lapin::Error> for DeclareError {
    fn from(cause: lapin::Error) -> Self {
        Self { what: What::Channel, cause }
    }
}

/// What the broker says in its own words, or the error, in one line.
fn line(error: &lapin::Error) -> String {
    let text = match error.kind() {
        ErrorKind::ProtocolError(refusal) => refusal.get_message().to_string(),
        ErrorKind::IOError(io) => io.to_string(),
        _ => error.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The TLS library speaks through errors of this kind.
fn speaks_of_tls(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::InvalidData || error.to_string().contains("certificate")
}

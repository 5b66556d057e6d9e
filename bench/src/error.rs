//! Why there is no figure.

use std::{io, path::PathBuf, process::ExitStatus};

use domain::error::Fault;
use engines::EngineError;

/// What can stop a measurement. Only [`BenchError::Wrong`] says something about what is measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// An answer or an invariant was not as it must be: the run has no figure.
    #[error("wrong: {0}")]
    Wrong(String),
    /// The options of the command line contradict each other.
    #[error("{0}")]
    Usage(String),
    /// An engine did not start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// One of the programs that are measured ended by itself.
    #[error("{program} ended ({status:?}); its log {log} ends with:\n{tail}", log = log.display())]
    Ended { program: String, status: Option<ExitStatus>, log: PathBuf, tail: String },
    /// Something was waited for in vain.
    #[error("waited in vain for {0}")]
    TooLate(String),
    /// The graph answered something else than it must for the measurement to be set up.
    #[error("the graph answered {what} with {answer}")]
    Graph { what: &'static str, answer: String },
    /// An adapter of spike failed while users were made or orders were looked up.
    #[error("{0}: {cause}", cause = causes(.0))]
    Fault(#[from] Fault),
    /// A connection of the load generator failed.
    #[error("{what}: {cause}")]
    Io { what: String, cause: io::Error },
    /// A request that is no part of a load failed.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// Redis of a baseline.
    #[error("redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// RabbitMQ of a baseline.
    #[error("rabbitmq: {0}")]
    Broker(#[from] lapin::Error),
    /// MariaDB of a baseline.
    #[error("mariadb: {0}")]
    Sql(#[from] sqlx::Error),
}

impl BenchError {
    /// An error of the system, and what was done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::Io { what, cause }
    }
}

/// Fails with [`BenchError::Wrong`] unless two values are equal.
#[expect(clippy::needless_pass_by_value, reason = "what is compared is made for it")]
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: T, must: T) -> Result<(), BenchError> {
    if is == must { Ok(()) } else { Err(BenchError::Wrong(format!("{what}: {is:?}, and not {must:?}"))) }
}

fn causes(fault: &Fault) -> String {
    let mut texts = Vec::new();
    let mut cause = std::error::Error::source(fault);
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.join(": ")
}

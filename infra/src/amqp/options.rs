//! What can be set about the message bus.

use std::{fmt, path::PathBuf, time::Duration};

use super::error::OpenError;

/// How the broker keeps a queue. A queue keeps the type that it was declared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueueType {
    /// Replicated over the nodes of the broker, and safe on a disk before it is confirmed.
    #[default]
    Quorum,
    /// On one node. Cheaper, and weaker in one point: the broker hands a message that rested on without a confirm
    /// of its own, so one that fails at the very moment can lose it.
    Classic,
}

impl QueueType {
    /// As the broker writes it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Quorum => "quorum",
            Self::Classic => "classic",
        }
    }
}

/// What can be set about the message bus.
#[derive(Clone)]
pub struct AmqpOptions {
    /// `amqp://user:password@host:port/vhost`, or `amqps://` over TLS. The name of the virtual host is
    /// percent-encoded: the default one is `%2f`, and is meant when there is no slash after the port either.
    pub url: String,
    /// Certificates in PEM that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// What the names of all exchanges and queues begin with.
    pub prefix: String,
    /// Of all queues.
    pub queue_type: QueueType,
    /// Queues that the campaigns are spread over. It cannot be changed while there are messages.
    pub partitions: u16,
    /// Messages of a partition that are delivered to this process ahead of their being settled. Each carries one
    /// hold or, in a crowd, hundreds.
    pub prefetch: u16,
    /// How often a message may fail before it is put aside.
    pub max_attempts: u32,
    /// How long a message rests after it failed for the first time, the second time and so on; the last one counts
    /// for all further failures. Up to 10 minutes each: the broker takes away what is in hand for half an hour.
    pub retry_delays: Vec<Duration>,
    /// How long the broker may take to confirm. What is not confirmed by then has an unknown outcome.
    pub confirm_timeout: Duration,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How often both sides show that they are alive, in whole seconds; twice as long in silence ends a connection.
    pub heartbeat: Duration,
    /// Holds that are published together at most.
    pub batch: usize,
    /// Groups of holds that wait for their confirms at the same time.
    pub groups_at_once: usize,
    /// Holds that may wait for their turn to be published. Whoever publishes one more waits for room.
    pub capacity: usize,
    /// How long the consumer of a partition may take to say what it has in hand before it is asked again.
    pub answer_timeout: Duration,
    /// How long it may take in all to find out what is in flight.
    pub inquiry_timeout: Duration,
}

impl AmqpOptions {
    /// The defaults, for a broker at this address.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ca_file: None,
            prefix: "spike".to_owned(),
            queue_type: QueueType::default(),
            partitions: 4,
            prefetch: 100,
            max_attempts: 5,
            retry_delays: [1, 5, 30, 300].map(Duration::from_secs).to_vec(),
            confirm_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            heartbeat: Duration::from_secs(10),
            batch: 500,
            groups_at_once: 2,
            capacity: 10_000,
            answer_timeout: Duration::from_secs(2),
            inquiry_timeout: Duration::from_secs(10),
        }
    }

    /// How long a message rests after so many failures.
    pub(super) fn rest(&self, failures: u32) -> Duration {
        let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        self.retry_delays.get(step).or(self.retry_delays.last()).copied().unwrap_or_default()
    }

    /// Refuses what cannot be.
    pub(super) fn check(&self) -> Result<(), OpenError> {
        let no = |key, must| Err(OpenError::Option { key, must });
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.prefix.is_empty() || self.prefix.len() > 100 || !self.prefix.chars().all(plain) {
            return no("prefix", "1 to 100 letters, digits, dots, hyphens and underscores");
        }
        if !(1..=64).contains(&self.partitions) {
            return no("partitions", "1 to 64");
        }
        if self.prefetch == 0 {
            return no("prefetch", "at least 1");
        }
        if self.max_attempts == 0 {
            return no("max_attempts", "at least 1");
        }
        if self.retry_delays.is_empty() || self.retry_delays.iter().any(|rest| rest.as_secs() > 600) {
            return no("retry_delays", "at least one delay, up to 10 minutes each");
        }
        if !(1..=600).contains(&self.heartbeat.as_secs()) {
            return no("heartbeat", "1 to 600 seconds");
        }
        Ok(())
    }
}

/// Without the URL, which has a password in it.
impl fmt::Debug for AmqpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmqpOptions")
            .field("prefix", &self.prefix)
            .field("queue_type", &self.queue_type)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let good = AmqpOptions::at("amqp://localhost");
        assert!(good.check().is_ok());
        for (bad, key) in [
            (AmqpOptions { prefix: "spike grabs".into(), ..good.clone() }, "prefix"),
            (AmqpOptions { partitions: 0, ..good.clone() }, "partitions"),
            (AmqpOptions { prefetch: 0, ..good.clone() }, "prefetch"),
            (AmqpOptions { max_attempts: 0, ..good.clone() }, "max_attempts"),
            (AmqpOptions { retry_delays: vec![], ..good.clone() }, "retry_delays"),
            (AmqpOptions { retry_delays: vec![Duration::from_secs(601)], ..good.clone() }, "retry_delays"),
            (AmqpOptions { heartbeat: Duration::ZERO, ..good.clone() }, "heartbeat"),
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.starts_with(&format!("bus.{key} must be ")), "{error}");
        }
    }

    #[test]
    fn each_failure_has_its_rest() {
        let options = AmqpOptions::at("amqp://localhost");
        let rests = [1, 2, 3, 4, 5, u32::MAX].map(|failures| options.rest(failures).as_secs());
        assert_eq!(rests, [1, 5, 30, 300, 300, 300]);
    }

    #[test]
    fn the_password_is_not_shown() {
        let options = AmqpOptions::at("amqp://shop:hunter2@localhost");
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}

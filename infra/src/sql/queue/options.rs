//! What can be set about the queue.

use chrono::Duration;

/// What can be set about the queue.
#[derive(Debug, Clone)]
pub struct QueueOptions {
    /// How often a message may fail before it is put aside.
    pub max_attempts: u32,
    /// How long a message rests after it failed for the first time. Each further failure doubles it.
    pub retry_delay: Duration,
    /// The longest that a message rests.
    pub max_retry_delay: Duration,
    /// Messages that one transaction publishes at most.
    pub batch: usize,
    /// Messages that may wait for a transaction. Whoever publishes one more waits for room, so memory stays
    /// bounded and a slow disk slows the grabs down instead of piling them up.
    pub capacity: usize,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            retry_delay: Duration::seconds(1),
            max_retry_delay: Duration::minutes(5),
            batch: 500,
            capacity: 10_000,
        }
    }
}

impl QueueOptions {
    /// How long a message rests after its `failures`-th failure.
    pub(super) fn rest(&self, failures: u32) -> Duration {
        let factor = 1_i32 << failures.saturating_sub(1).min(20);
        self.retry_delay.checked_mul(factor).map_or(self.max_retry_delay, |rest| rest.min(self.max_retry_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_doubles_up_to_its_limit() {
        let options = QueueOptions { max_retry_delay: Duration::seconds(10), ..QueueOptions::default() };
        let rests = [0, 1, 2, 3, 4, 5, 40, u32::MAX].map(|failures| options.rest(failures).num_seconds());
        assert_eq!(rests, [1, 1, 2, 4, 8, 10, 10, 10]);
    }
}

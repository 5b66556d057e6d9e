//! The system's clock: the one place of the workspace that reads it.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DurationRound, TimeDelta, Utc};
use domain::clock::{Clock, Instant};

/// The wall clock, in whole milliseconds: what the database keeps, so that an instant is the same before
/// and after it was stored.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn now(&self) -> Instant {
        let now = Utc::now();
        now.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(now)
    }

    async fn sleep_until(&self, deadline: Instant) {
        // In steps: the wall clock may be set while this waits.
        loop {
            let left = (deadline - self.now()).num_milliseconds();
            let Ok(left @ 1..) = u64::try_from(left) else { return };
            tokio::time::sleep(Duration::from_millis(left).min(Duration::from_mins(1))).await;
        }
    }
}

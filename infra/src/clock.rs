//! The system's clock: the one place of the workspace that reads it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use chrono::DateTime;
use domain::clock::{Clock, Instant};

/// The wall clock, in whole milliseconds: what the database keeps, so that an instant is the same before
/// and after it was stored.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn now(&self) -> Instant {
        // A clock that is set to before 1970 is as wrong as one that stands there.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).ok().and_then(DateTime::from_timestamp_millis).unwrap_or(DateTime::UNIX_EPOCH)
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

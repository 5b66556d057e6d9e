//! A clock that stands still until a test moves it.

use async_trait::async_trait;
use chrono::Duration;
use tokio::sync::watch;

use crate::clock::{Clock, Instant};

/// A clock that stands still until a test moves it. Sleepers wake when it passes their deadline.
pub struct ManualClock(watch::Sender<Instant>);

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn at(start: Instant) -> Self {
        Self(watch::Sender::new(start))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Instant {
        *self.0.borrow()
    }

    async fn sleep_until(&self, deadline: Instant) {
        // The sender lives as long as self, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|now| *now >= deadline).await;
    }
}

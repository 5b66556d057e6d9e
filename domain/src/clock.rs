//! The port through which time is read and awaited.
//!
//! Nothing in the workspace reads a wall clock beside the one adapter in `infra`, so that a test can
//! set the time and see a payment window close exactly when it should.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// An instant, UTC.
pub type Instant = DateTime<Utc>;

/// Reads the time and waits for it.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present instant, with at least millisecond precision.
    fn now(&self) -> Instant;

    /// Returns once [`Clock::now`] is not before `deadline`. Safe to cancel.
    async fn sleep_until(&self, deadline: Instant);

    /// Returns after `duration` of this clock has passed. Safe to cancel.
    async fn sleep(&self, duration: chrono::Duration) {
        self.sleep_until(self.now() + duration).await;
    }
}

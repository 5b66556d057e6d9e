//! Which messages are in the hands of a consumer, and the bell that wakes who waits for one.
//!
//! In memory alone: see the module above for what follows from that.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::id::OrderId;
use tokio::sync::{Notify, futures::Notified};

#[derive(Default)]
pub(super) struct Claims {
    claimed: Mutex<HashSet<OrderId>>,
    bell: Notify,
}

impl Claims {
    /// A poisoned lock is still a lock: nothing in here leaves half a change behind.
    fn locked(&self) -> MutexGuard<'_, HashSet<OrderId>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is claimed at this moment.
    pub(super) fn now(&self) -> HashSet<OrderId> {
        self.locked().clone()
    }

    /// Claims messages.
    pub(super) fn claim(&self, tags: impl IntoIterator<Item = OrderId>) {
        self.locked().extend(tags);
    }

    /// Gives claims up.
    pub(super) fn release(&self, tags: &[OrderId]) {
        let mut claimed = self.locked();
        for tag in tags {
            claimed.remove(tag);
        }
    }

    /// Wakes the one receiver that waits, or the next one that would.
    pub(super) fn wake(&self) {
        self.bell.notify_one();
    }

    /// Returns after the bell rang. A ring before the wait is kept for it.
    pub(super) fn rung(&self) -> Notified<'_> {
        self.bell.notified()
    }
}

//! What follows from a committed change of an order: its units go back to the stock if it was closed, and
//! its owner is told.
//!
//! The transaction that changes an order also writes a note into the outbox. The process that committed
//! does what follows right away and takes the note out; if it dies in between, the sweep of the outbox
//! does it. Doing it twice is harmless: units come back only with the hold, and a subscriber drops versions
//! that it has seen.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::Duration;
use futures_util::future::try_join_all;
use tokio::sync::{Notify, mpsc};

use super::{
    ports::{OrderStore, StatusFeed},
    status::OrderChange,
};
use crate::{clock::Clock, error::Fault, spike::ports::StockStore};

/// Does what follows from changes of orders.
pub struct FollowUps {
    store: Arc<dyn OrderStore>,
    stock: Arc<dyn StockStore>,
    feed: Arc<dyn StatusFeed>,
    clock: Arc<dyn Clock>,
    fresh: mpsc::Sender<OrderChange>,
    waiting: Mutex<mpsc::Receiver<OrderChange>>,
    handed_over: Notify,
}

impl FollowUps {
    /// A note older than this was left behind by a process that died.
    pub const PATIENCE: Duration = Duration::seconds(2);
    const BATCH: usize = 500;
    /// Changes that may wait in memory. More are not lost: their notes are swept from the outbox.
    const CAPACITY: usize = 20_000;

    /// Wires the service.
    pub fn new(
        store: Arc<dyn OrderStore>,
        stock: Arc<dyn StockStore>,
        feed: Arc<dyn StatusFeed>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (fresh, waiting) = mpsc::channel(Self::CAPACITY);
        Self { store, stock, feed, clock, fresh, waiting: Mutex::new(waiting), handed_over: Notify::new() }
    }

    /// Hands over changes that were just committed. Does not wait: a request that changed an order is
    /// answered before its owner's other windows are told.
    pub fn enqueue(&self, changes: Vec<OrderChange>) {
        for change in changes {
            if self.fresh.try_send(change).is_err() {
                tracing::warn!("follow-ups are behind: left to the sweep of the outbox");
                break;
            }
        }
        self.handed_over.notify_one();
    }

    /// Returns once changes were handed over. Takes nothing, so it is safe to cancel.
    pub async fn ready(&self) {
        self.handed_over.notified().await;
    }

    /// Does what follows from the changes that were handed over. Returns how many. If it fails, what was
    /// taken is swept from the outbox.
    pub async fn run_once(&self) -> Result<usize, Fault> {
        let mut done = 0;
        loop {
            let mut batch = Vec::new();
            {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                while batch.len() < Self::BATCH
                    && let Ok(change) = waiting.try_recv()
                {
                    batch.push(change);
                }
            }
            if batch.is_empty() {
                return Ok(done);
            }
            self.complete(&batch).await?;
            done += batch.len();
        }
    }

    /// Does what was left behind in the outbox. Returns how many notes.
    pub async fn sweep(&self) -> Result<usize, Fault> {
        let left = self.store.follow_ups(self.clock.now() - Self::PATIENCE, Self::BATCH).await?;
        self.complete(&left).await?;
        Ok(left.len())
    }

    async fn complete(&self, changes: &[OrderChange]) -> Result<(), Fault> {
        if changes.is_empty() {
            return Ok(());
        }
        crash_point!("follow_up.committed");
        let closed = changes.iter().map(|change| &change.order).filter(|order| !order.status.has_units());
        try_join_all(closed.map(|order| self.stock.release(order.campaign_id, order.id))).await?;
        crash_point!("follow_up.released");
        self.feed.publish(changes).await;
        let notes: Vec<_> = changes.iter().filter_map(|change| change.follow_up).collect();
        self.store.follow_ups_done(&notes).await
    }
}

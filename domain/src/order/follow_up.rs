//! What follows from a committed change of an order: its units go back to the stock if it was closed, and
//! its owner is told.
//!
//! The transaction that changes an order also writes a note into the outbox. The process that committed
//! does what follows right away and takes the note out; if it dies in between, the sweep of the outbox
//! does it. Doing it twice is harmless: units come back only with the hold, and a subscriber drops versions
//! that it has seen.

use std::sync::Arc;

use chrono::Duration;
use tokio::sync::{Mutex, mpsc};

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
        Self { store, stock, feed, clock, fresh, waiting: Mutex::new(waiting) }
    }

    /// Hands over changes that were just committed. Does not wait: a request that changed an order is
    /// answered before its owner's other windows are told.
    pub fn enqueue(&self, changes: Vec<OrderChange>) {
        for change in changes {
            if self.fresh.try_send(change).is_err() {
                tracing::warn!("follow-ups are behind: left to the sweep of the outbox");
                return;
            }
        }
    }

    /// Waits for changes that were handed over and does what follows from them. Safe to cancel between
    /// calls; what was taken and not finished is swept from the outbox.
    pub async fn run_once(&self) -> Result<usize, Fault> {
        let mut batch = Vec::new();
        self.waiting.lock().await.recv_many(&mut batch, Self::BATCH).await;
        self.complete(&batch).await?;
        Ok(batch.len())
    }

    /// Does what is left to do without waiting for more: for the end of a process.
    pub async fn drain(&self) -> Result<(), Fault> {
        let mut batch = Vec::new();
        {
            let mut waiting = self.waiting.lock().await;
            while let Ok(change) = waiting.try_recv() {
                batch.push(change);
            }
        }
        self.complete(&batch).await
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
        for change in changes.iter().filter(|change| !change.order.status.has_units()) {
            self.stock.release(change.order.campaign_id, change.order.id).await?;
        }
        self.feed.publish(changes).await;
        let notes: Vec<_> = changes.iter().filter_map(|change| change.follow_up).collect();
        self.store.follow_ups_done(&notes).await
    }
}

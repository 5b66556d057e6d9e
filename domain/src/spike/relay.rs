//! The relay: what was held but not noted as published is published again.
//!
//! A grab can stop between its hold and its message, or between its message and the note of it: the broker did not
//! answer, the client went away, the process ended. The store remembers such holds; the relay goes through them all the time.

use std::sync::Arc;

use chrono::Duration;

use super::ports::{MessageBus, StockStore};
use crate::error::Fault;

/// Publishes what was left behind.
pub struct Relay {
    stock: Arc<dyn StockStore>,
    bus: Arc<dyn MessageBus>,
}

impl Relay {
    /// A hold younger than this is still in the hands of its own grab, or its note is on the way.
    pub const PATIENCE: Duration = Duration::seconds(2);
    const BATCH: usize = 500;

    /// Wires the service.
    pub fn new(stock: Arc<dyn StockStore>, bus: Arc<dyn MessageBus>) -> Self {
        Self { stock, bus }
    }

    /// Publishes a batch of left holds. Returns how many.
    pub async fn run_once(&self) -> Result<usize, Fault> {
        let left = self.stock.unpublished(Self::PATIENCE, Self::BATCH).await?;
        let sent = self.bus.publish_all(&left).await;
        let (mut published, mut failed) = (Vec::with_capacity(left.len()), None);
        for (hold, sent) in left.into_iter().zip(sent) {
            match sent {
                Ok(()) => published.push(hold),
                Err(fault) => failed = Some(fault),
            }
        }
        self.stock.published(&published).await?;
        failed.map_or(Ok(published.len()), Err)
    }
}

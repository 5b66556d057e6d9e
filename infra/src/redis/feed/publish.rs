//! Telling the other processes: what gathers while one message is sent, and for a moment after it, is the next message.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::order::status::OrderChange;
use tokio::sync::{Notify, mpsc};

use super::{Missed, SIGN_OF_LIFE, message};
use crate::redis::Server;

/// Changes that wait to be told. More are dropped: the others are then told that they missed some.
const WAITING: usize = 10_000;
/// Changes that one message has at most.
const BATCH: usize = 256;
/// The least time from a message to the next one that is not full. A message costs its sender, the server and all who
/// listen about the same whether it tells of one change or of many. Nobody sees the difference, and a change that comes
/// alone does not wait at all.
const REST: Duration = Duration::from_millis(20);

/// Where changes are put that others are to be told. Never waits.
pub(super) struct Outlet {
    waiting: mpsc::Sender<OrderChange>,
    missed: Missed,
}

impl Outlet {
    pub(super) fn new() -> (Self, mpsc::Receiver<OrderChange>) {
        let (waiting, changes) = mpsc::channel(WAITING);
        (Self { waiting, missed: Missed::default() }, changes)
    }

    pub(super) const fn missed(&self) -> &Missed {
        &self.missed
    }

    pub(super) fn put(&self, changes: &[OrderChange]) {
        for change in changes {
            if self.waiting.try_send(change.clone()).is_err() {
                self.missed.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// The task that tells.
pub(super) struct Publisher {
    pub(super) server: Server,
    pub(super) channel: String,
    pub(super) from: String,
    pub(super) missed: Missed,
}

impl Publisher {
    pub(super) async fn run(self, mut changes: mpsc::Receiver<OrderChange>, closing: Arc<Notify>) {
        let mut batch = Vec::new();
        let mut number = 0;
        loop {
            tokio::select! {
                biased;
                () = closing.notified(), if !changes.is_closed() => {
                    changes.close();
                    continue;
                }
                taken = changes.recv_many(&mut batch, BATCH) => if taken == 0 {
                    return;
                },
                () = tokio::time::sleep(SIGN_OF_LIFE) => {}
            }
            self.tell(number, &batch).await;
            batch.clear();
            // Also after one that could not be sent: it may have been.
            number += 1;
            if changes.len() < BATCH && !changes.is_closed() {
                tokio::select! {
                    () = closing.notified() => changes.close(),
                    () = tokio::time::sleep(REST) => {}
                }
            }
        }
    }

    async fn tell(&self, number: u64, batch: &[OrderChange]) {
        let missed = self.missed.swap(false, Ordering::Relaxed);
        let told = match message::write(&self.from, number, missed, batch) {
            Ok(text) => self.server.send(redis::cmd("PUBLISH").arg(&self.channel).arg(text)).await,
            Err(error) => {
                tracing::error!(%error, "changes cannot be written");
                return;
            }
        };
        if let Err(error) = told {
            // A sign of life alone is no loss.
            let lost = missed || !batch.is_empty();
            self.missed.fetch_or(lost, Ordering::Relaxed);
            if lost {
                tracing::warn!(%error, changes = batch.len(), "changes were not told to the other replicas");
            }
        }
    }
}

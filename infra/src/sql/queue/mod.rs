//! The queue as a table: the message bus of the embedded default.
//!
//! A message is a row of `queue_messages`, known by the id of its order, and is gone when it is settled. Many
//! are published in one transaction ([`publish`]), because a commit costs a flush of the disk and thousands
//! come in the same second.
//!
//! **For one process alone.** Which messages are in the hands of a consumer ([`claims`]) is known in memory: a
//! second process on the same database would receive them too. When the process ends, whatever was not settled
//! is received again by the next one; that is what makes delivery at least once.
//!
//! What this may not touch: what becomes of a message. It is stored, handed out and taken back; the one thing
//! that is decided here is that a message which cannot be read, or which failed too often, is put aside.

mod claims;
mod failing;
mod message;
mod options;
mod publish;
mod receive;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    clock::Clock,
    error::Fault,
    id::{CampaignId, OrderId, TypedId},
    spike::{
        Hold,
        ports::{Backlog, Delivery, MessageBus},
    },
};
use entity::queue_messages;
use futures_util::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use tokio::sync::Mutex;

pub use self::options::QueueOptions;
use self::{claims::Claims, publish::Committer};
use super::{Database, convert::uuids, error::fault, retry::Setback, write::VALUES};

/// The queue.
pub struct SqlQueue {
    db: Database,
    clock: Arc<dyn Clock>,
    options: QueueOptions,
    committer: Committer,
    claims: Arc<Claims>,
    /// One receiver looks at a time; the others wait for their turn. See [`receive`].
    turn: Mutex<()>,
}

impl SqlQueue {
    /// Opens the queue and starts the task that publishes. Messages that an earlier process left are received
    /// as if they were new.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn new(db: Database, clock: Arc<dyn Clock>, options: QueueOptions) -> Self {
        let claims = Arc::new(Claims::default());
        let committer = publish::start(db.clone(), Arc::clone(&claims), &options);
        Self { db, clock, options, committer, claims, turn: Mutex::new(()) }
    }

    /// How many transactions publishing took so far: far fewer than messages, when many come at once.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.committer.commits()
    }

    /// Ends publishing: what waits is still committed and answered, and whoever publishes from now on is
    /// refused. Receiving and settling go on, so that consumers can finish.
    pub async fn close(&self) {
        self.committer.close().await;
    }

    async fn delete(&self, tags: &[OrderId]) -> Result<(), Setback> {
        if tags.is_empty() {
            return Ok(());
        }
        let tx = self.db.begin().await?;
        for chunk in tags.chunks(VALUES) {
            queue_messages::Entity::delete_many()
                .filter(queue_messages::Column::OrderId.is_in(uuids(chunk)))
                .exec(&tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends claims of messages that may still be there, also after a fault: they are received again, and none is
    /// stuck until the process ends. A receiver that waits looks again, for what is next to be received, and
    /// when, may be another now.
    fn give_up(&self, tags: &[OrderId]) {
        self.claims.release(tags);
        self.claims.wake();
    }
}

#[async_trait]
impl MessageBus for SqlQueue {
    async fn publish_all(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
        join_all(holds.iter().map(|hold| async { self.committer.submit(message::row(hold)?).await })).await
    }

    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, Fault> {
        self.receive_some(max).await
    }

    async fn settle(&self, tags: &[OrderId]) -> Result<(), Fault> {
        let settled = self.db.retried(|| self.delete(tags)).await;
        if settled.is_ok() {
            self.claims.release(tags);
        } else {
            self.give_up(tags);
        }
        settled
    }

    async fn give_back(&self, tags: &[OrderId]) -> Result<(), Fault> {
        self.give_up(tags);
        Ok(())
    }

    async fn fail(&self, tag: OrderId, why: &str) -> Result<bool, Fault> {
        let now = self.clock.now();
        let failed = self.db.retried(|| failing::fail(&self.db, &self.options, now, tag, why)).await;
        self.give_up(&[tag]);
        failed
    }

    async fn in_flight(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        let rows = queue_messages::Entity::find()
            .filter(queue_messages::Column::CampaignId.eq(campaign.uuid()))
            .order_by_asc(queue_messages::Column::OrderId)
            .all(self.db.reader())
            .await
            .map_err(fault)?;
        let mut holds = Vec::with_capacity(rows.len());
        for row in rows {
            match message::read(&row) {
                Ok(hold) => holds.push(hold),
                // Nobody can say how many units it is about. Its campaign must not stand still for it: should
                // they be sold again, the guards of the database reject the second order.
                Err(error) => {
                    tracing::error!(order = %OrderId::from_uuid(row.order_id), %error, "a message in flight cannot be read");
                }
            }
        }
        Ok(holds)
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        let tx = self.db.snapshot().await?;
        let dead = queue_messages::Entity::find().filter(queue_messages::Column::DeadAt.is_not_null());
        let waiting = queue_messages::Entity::find().filter(queue_messages::Column::DeadAt.is_null());
        Ok(Backlog { waiting: waiting.count(&tx).await.map_err(fault)?, dead: dead.count(&tx).await.map_err(fault)? })
    }
}

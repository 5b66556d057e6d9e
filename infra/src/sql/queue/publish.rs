//! Publishing by group commit ([`domain::group`]): what waits at the same moment is written in one transaction.

use std::{collections::HashSet, sync::Arc};

use domain::{
    error::Fault,
    group::{Commit, GroupBounds, GroupCommit, for_each},
};
use entity::queue_messages;
use sea_orm::EntityTrait;

use super::{claims::Claims, options::QueueOptions};
use crate::sql::{Database, retry::Setback, write::ROWS};

/// The way to the transactions that publish.
pub(super) type Committer = GroupCommit<Rows>;

/// Starts the task that publishes. Whoever stops waiting does not keep a message from being published.
pub(super) fn start(db: Database, claims: Arc<Claims>, options: &QueueOptions) -> Committer {
    let bounds = GroupBounds {
        group: options.batch,
        at_once: 1,
        beside: 1,
        in_the_way: None,
        waiting: options.capacity,
        leave_out_abandoned: false,
    };
    GroupCommit::start(Rows { db, claims }, bounds)
}

/// Writes the rows of a group.
pub(super) struct Rows {
    db: Database,
    claims: Arc<Claims>,
}

impl Commit for Rows {
    type Item = queue_messages::ActiveModel;
    type Answer = ();
    const PART: &'static str = "queue";

    async fn commit(&self, rows: Vec<queue_messages::ActiveModel>) -> Vec<Result<(), Fault>> {
        let size = rows.len();
        let written = self.write(rows).await;
        if written.is_ok() {
            self.claims.wake();
        }
        for_each(size, written)
    }
}

impl Rows {
    /// Writes a group. A message that is in the queue already, or twice in the group, is there once.
    async fn write(&self, mut rows: Vec<queue_messages::ActiveModel>) -> Result<(), Fault> {
        let mut seen = HashSet::with_capacity(rows.len());
        rows.retain(|row| row.order_id.try_as_ref().is_some_and(|id| seen.insert(*id)));
        self.db.retried(|| self.try_commit(&rows)).await
    }

    async fn try_commit(&self, rows: &[queue_messages::ActiveModel]) -> Result<(), Setback> {
        let tx = self.db.begin().await?;
        for chunk in rows.chunks(ROWS) {
            // Whether a row was there already is not asked: the answer of MySQL could not be relied on.
            queue_messages::Entity::insert_many(chunk.to_vec())
                .on_conflict_do_nothing()
                .exec_without_returning(&tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

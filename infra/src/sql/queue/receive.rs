//! Receiving: the oldest messages that nobody has, or the next ones that come.
//!
//! Receivers take turns. The one whose turn it is notes what is claimed **before** it looks at the table: a
//! message that it then finds unclaimed was not in anybody's hands when it was read, so it cannot have been
//! settled in between. Claims are made on the way out, after the last point at which a receiver can be
//! cancelled, so a cancelled one takes nothing with it.

use std::{collections::HashSet, pin::pin};

use domain::{
    clock::Instant,
    error::Fault,
    id::{OrderId, TypedId},
    spike::ports::Delivery,
};
use entity::queue_messages;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{SqlQueue, failing, message};
use crate::sql::{
    convert::{count, instant, limit, millis},
    error::fault,
};

impl SqlQueue {
    pub(super) async fn receive_some(&self, max: usize) -> Result<Vec<Delivery>, Fault> {
        if max == 0 {
            return Ok(Vec::new());
        }
        let _turn = self.turn.lock().await;
        loop {
            // Before the look, so that what is published after it is heard.
            let mut rung = pin!(self.claims.rung());
            rung.as_mut().enable();
            let now = self.clock.now();
            let found = self.unclaimed(now, max).await?;
            if !found.is_empty() {
                let readable = self.put_unreadable_aside(found, now).await?;
                if !readable.is_empty() {
                    self.claims.claim(readable.iter().map(|delivery| delivery.tag));
                    return Ok(readable);
                }
                continue;
            }
            match self.next_rested(now).await? {
                Some(rested) => tokio::select! {
                    () = rung => {}
                    () = self.clock.sleep_until(rested) => {}
                },
                None => rung.await,
            }
        }
    }

    /// Messages that are due and in nobody's hands, the oldest first.
    async fn unclaimed(&self, now: Instant, max: usize) -> Result<Vec<queue_messages::Model>, Fault> {
        let claimed: HashSet<OrderId> = self.claims.now();
        // What is claimed stands at the front as long as it is not settled, so as much more is read, and left out.
        let rows = queue_messages::Entity::find()
            .filter(queue_messages::Column::DeadAt.is_null())
            .filter(queue_messages::Column::AvailableAt.lte(millis(now)))
            .order_by_asc(queue_messages::Column::OrderId)
            .limit(limit(max.saturating_add(claimed.len())))
            .all(self.db.reader())
            .await
            .map_err(fault)?;
        let free = rows.into_iter().filter(|row| !claimed.contains(&OrderId::from_uuid(row.order_id)));
        Ok(free.take(max).collect())
    }

    /// The deliveries of these rows. One that cannot be read is put aside on the spot: no try would change it.
    async fn put_unreadable_aside(
        &self,
        rows: Vec<queue_messages::Model>,
        now: Instant,
    ) -> Result<Vec<Delivery>, Fault> {
        let mut readable = Vec::with_capacity(rows.len());
        for row in rows {
            let tag = OrderId::from_uuid(row.order_id);
            match message::read(&row) {
                Ok(hold) => readable.push(Delivery { tag, hold, attempts: count(row.attempts).unwrap_or_default() }),
                Err(why) => {
                    tracing::error!(order = %tag, error = %why, "a message cannot be read and is put aside");
                    let why = why.to_string();
                    self.db.retried(|| failing::put_aside(&self.db, now, tag, &why)).await?;
                }
            }
        }
        Ok(readable)
    }

    /// When the next message that failed has rested.
    async fn next_rested(&self, now: Instant) -> Result<Option<Instant>, Fault> {
        let next: Option<i64> = queue_messages::Entity::find()
            .select_only()
            .column(queue_messages::Column::AvailableAt)
            .filter(queue_messages::Column::DeadAt.is_null())
            .filter(queue_messages::Column::AvailableAt.gt(millis(now)))
            .order_by_asc(queue_messages::Column::AvailableAt)
            .limit(1)
            .into_tuple()
            .one(self.db.reader())
            .await
            .map_err(fault)?;
        next.map(instant).transpose()
    }
}

//! Unpaid orders are closed: by their buyer, or at their deadline.

use std::sync::Arc;

use domain::{
    admin::stock::MovementKind,
    clock::Instant,
    error::Fault,
    id::{IdSource, OrderId, TypedId, UserId},
    order::{Order, OrderStatus, ports::Closed, status::OrderChange},
};
use entity::orders;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    changes::{Changes, Moved},
    rows,
    transition::{arrow, deallocate, locked, units_of},
};
use crate::sql::{
    Database,
    convert::{limit, maybe_instant, millis, uuids},
    error::fault,
    retry::Setback,
    write::VALUES,
};

/// Cancels an order. One whose deadline has passed but that has not expired yet may still be given up.
pub(super) async fn cancel(
    db: &Database,
    ids: &Arc<dyn IdSource>,
    id: OrderId,
    owner: Option<UserId>,
    at: Instant,
) -> Result<Closed, Setback> {
    let tx = db.begin().await?;
    let found = locked(&tx, id).await?;
    let Some(order) = found.filter(|order| owner.is_none_or(|owner| owner == order.user_id)) else {
        return Ok(Closed::NotFound);
    };
    let cancelled = arrow(OrderStatus::PendingPayment, OrderStatus::Cancelled, at)
        .filter(orders::Column::Id.eq(id.uuid()))
        .exec(&tx)
        .await?;
    if cancelled.rows_affected == 0 {
        return Ok(Closed::Not(order));
    }
    deallocate(&tx, &units_of([&order])).await?;
    let mut changes = Changes::new(ids);
    let closed = order.become_status(OrderStatus::Cancelled, at);
    changes.transition(closed, at, Moved::by_itself(MovementKind::Released))?;
    let change = changes.write_one(&tx).await?;
    tx.commit().await?;
    Ok(Closed::Now(change))
}

/// Expires the orders whose deadline is not after `at`, the longest due first.
pub(super) async fn expire(
    db: &Database,
    ids: &Arc<dyn IdSource>,
    at: Instant,
    max: usize,
) -> Result<Vec<OrderChange>, Setback> {
    let tx = db.begin().await?;
    let due = orders::Entity::find()
        .filter(orders::Column::Status.eq(OrderStatus::PendingPayment.name()))
        .filter(orders::Column::PayBefore.lte(millis(at)))
        .order_by_asc(orders::Column::PayBefore)
        .order_by_asc(orders::Column::Id)
        .limit(limit(max))
        .lock_exclusive()
        .all(&tx)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let due = due.iter().map(rows::order).collect::<Result<Vec<Order>, _>>()?;
    for chunk in due.chunks(VALUES) {
        let chunk_ids: Vec<OrderId> = chunk.iter().map(|order| order.id).collect();
        let expired = arrow(OrderStatus::PendingPayment, OrderStatus::Expired, at)
            .filter(orders::Column::Id.is_in(uuids(&chunk_ids)))
            .exec(&tx)
            .await?;
        // The rows are locked, so all of them are still unpaid. Were one not, nothing of this may stand: which
        // one it was is not known.
        if expired.rows_affected != chunk.len() as u64 {
            return Err(Setback::Raced("an order that was due changed in between".into()));
        }
    }
    deallocate(&tx, &units_of(&due)).await?;
    let mut changes = Changes::new(ids);
    for order in due {
        let closed = order.become_status(OrderStatus::Expired, at);
        changes.transition(closed, at, Moved::by_itself(MovementKind::Released))?;
    }
    let changes = changes.write(&tx).await?;
    tx.commit().await?;
    Ok(changes)
}

/// The earliest deadline of an order that waits for payment.
pub(super) async fn next_deadline(db: &impl ConnectionTrait) -> Result<Option<Instant>, Fault> {
    // By order and not by MIN: it is the first entry of the index either way, and has the column's own type.
    let earliest: Option<Option<i64>> = orders::Entity::find()
        .select_only()
        .column(orders::Column::PayBefore)
        .filter(orders::Column::Status.eq(OrderStatus::PendingPayment.name()))
        .filter(orders::Column::PayBefore.is_not_null())
        .order_by_asc(orders::Column::PayBefore)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
        .map_err(fault)?;
    maybe_instant(earliest.flatten())
}

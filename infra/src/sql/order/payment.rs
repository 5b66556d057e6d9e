//! Orders are paid, and paid back. The money moves in the transaction that changes the order.

use std::sync::Arc;

use domain::{
    admin::{audit::AuditEntry, stock::MovementKind},
    clock::Instant,
    id::{IdSource, JournalEntryId, OrderId, TypedId},
    money::Money,
    order::{
        OrderStatus,
        ports::{Closed, Paid, Payment},
    },
};
use entity::orders;
use sea_orm::{ColumnTrait, QueryFilter};

use super::{
    books::{self, Entry, EntryKind},
    changes::{Changes, Moved},
    transition::{arrow, deallocate, locked, units_of},
};
use crate::sql::{Database, convert::millis, retry::Setback, write::audit};

/// Pays an order from its buyer's wallet.
pub(super) async fn pay(db: &Database, ids: &Arc<dyn IdSource>, payment: &Payment) -> Result<Paid, Setback> {
    let Payment { order: id, user, request_key, at, entry } = payment;
    let tx = db.begin().await?;
    let order = locked(&tx, *id).await?.filter(|order| order.user_id == *user);
    if let Some(key) = request_key
        && let Some(before) = books::booked(&tx, EntryKind::Payment, Some(*user), key).await?
    {
        if before.order_id != Some(id.uuid()) {
            return Ok(Paid::KeyReused);
        }
        return order.map(Paid::Before).ok_or_else(|| books::defect(format_args!("{id} is paid and does not exist")));
    }
    let Some(order) = order else { return Ok(Paid::NotFound) };
    let paid = arrow(OrderStatus::PendingPayment, OrderStatus::Paid, *at)
        .filter(orders::Column::Id.eq(id.uuid()))
        .filter(orders::Column::PayBefore.gt(millis(*at)))
        .exec(&tx)
        .await?;
    if paid.rows_affected == 0 {
        return Ok(Paid::NotPayable(order));
    }
    let total = order.total();
    if !books::take(&tx, *user, total.minor).await? {
        let balance = Money::new(books::balance(&tx, *user).await?, total.currency);
        // The order is paid in this transaction, which must not stand.
        tx.rollback().await?;
        return Ok(Paid::InsufficientFunds { balance });
    }
    let entry = Entry {
        id: *entry,
        kind: EntryKind::Payment,
        user: *user,
        amount: total,
        order: Some(&order),
        requested_by: Some(*user),
        request_key: request_key.as_ref(),
        at: *at,
    };
    books::book(&tx, &entry).await?;
    let mut changes = Changes::new(ids);
    let paid = order.become_status(OrderStatus::Paid, *at);
    changes.transition(paid, *at, Moved::by_itself(MovementKind::Sold))?;
    let change = changes.write_one(&tx).await?;
    tx.commit().await?;
    Ok(Paid::Now(change))
}

/// Pays a paid order back and puts its units back on sale.
pub(super) async fn refund(
    db: &Database,
    ids: &Arc<dyn IdSource>,
    id: OrderId,
    at: Instant,
    entry: JournalEntryId,
    why: &AuditEntry,
) -> Result<Closed, Setback> {
    let tx = db.begin().await?;
    let Some(order) = locked(&tx, id).await? else { return Ok(Closed::NotFound) };
    let refunded =
        arrow(OrderStatus::Paid, OrderStatus::Refunded, at).filter(orders::Column::Id.eq(id.uuid())).exec(&tx).await?;
    if refunded.rows_affected == 0 {
        return Ok(Closed::Not(order));
    }
    deallocate(&tx, &units_of([&order])).await?;
    let total = order.total();
    books::put(&tx, order.user_id, total.minor).await?;
    let entry = Entry {
        id: entry,
        kind: EntryKind::Refund,
        user: order.user_id,
        amount: total,
        order: Some(&order),
        requested_by: why.actor,
        request_key: None,
        at,
    };
    books::book(&tx, &entry).await?;
    let mut changes = Changes::new(ids);
    let closed = order.become_status(OrderStatus::Refunded, at);
    changes.transition(closed, at, Moved { kind: MovementKind::Returned, actor: why.actor })?;
    let change = changes.write_one(&tx).await?;
    audit(&tx, why).await?;
    tx.commit().await?;
    Ok(Closed::Now(change))
}

//! The outbox: notes that something is still to follow from a change of an order.

use std::collections::HashMap;

use domain::{
    clock::Instant,
    error::Fault,
    id::{OrderId, TypedId},
    order::status::OrderChange,
};
use entity::order_follow_ups;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::reading;
use crate::sql::{
    Database,
    convert::{count, limit, millis},
    error::fault,
    retry::Setback,
    write::{VALUES, padded},
};

/// Notes that are not younger than `before`, the oldest first, each with its order as the change left it.
pub(super) async fn left(db: &Database, before: Instant, max: usize) -> Result<Vec<OrderChange>, Fault> {
    let notes = order_follow_ups::Entity::find()
        .filter(order_follow_ups::Column::CreatedAt.lte(millis(before)))
        // Ids follow the time of the change.
        .order_by_asc(order_follow_ups::Column::Id)
        .limit(limit(max))
        .all(db.reader())
        .await
        .map_err(fault)?;
    if notes.is_empty() {
        return Ok(Vec::new());
    }
    // Read later than the notes, the orders may have moved on. `as_of` takes them back to the change.
    let ids: Vec<OrderId> = notes.iter().map(|note| OrderId::from_uuid(note.order_id)).collect();
    let orders: HashMap<_, _> =
        reading::by_ids(db.reader(), &ids).await?.into_iter().map(|order| (order.id, order)).collect();
    let mut events: HashMap<_, _> = reading::events(db.reader(), &ids)
        .await?
        .into_iter()
        .map(|event| ((event.order_id, event.version), event))
        .collect();
    let mut changes = Vec::with_capacity(notes.len());
    for note in notes {
        let key = (OrderId::from_uuid(note.order_id), count(note.version)?);
        if let (Some(order), Some(event)) = (orders.get(&key.0), events.remove(&key)) {
            changes.push(OrderChange { order: order.as_of(&event), event, follow_up: Some(note.id) });
        } else {
            // Must not be; and must not keep the others from being seen to.
            tracing::error!(note = %note.id, order = %key.0, version = key.1, "a note about no change");
        }
    }
    Ok(changes)
}

/// Takes notes out.
pub(super) async fn done(db: &Database, notes: &[Uuid]) -> Result<(), Setback> {
    if notes.is_empty() {
        return Ok(());
    }
    let tx = db.begin().await?;
    for chunk in notes.chunks(VALUES) {
        order_follow_ups::Entity::delete_many()
            .filter(order_follow_ups::Column::Id.is_in(padded(chunk.iter().copied())))
            .exec(&tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

//! What is written with every change of orders: events, movements of stock, and notes in the outbox.

use std::sync::Arc;

use domain::{
    admin::stock::MovementKind,
    clock::Instant,
    error::Fault,
    id::{IdSource, MovementId, TypedId, UserId},
    order::{
        Order,
        status::{OrderChange, OrderEvent},
    },
};
use entity::{order_events, order_follow_ups, stock_movements};
use sea_orm::{ActiveValue::Set, ConnectionTrait};

use super::rows;
use crate::sql::{
    convert::{column, millis},
    retry::Setback,
    write::insert_all,
};

/// How the units of an order move with a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    /// Between which columns.
    pub(super) kind: MovementKind,
    /// By which administrator; none for what buyers and the clock do.
    pub(super) actor: Option<UserId>,
}

impl Moved {
    /// A movement that no administrator made.
    pub(super) const fn by_itself(kind: MovementKind) -> Self {
        Self { kind, actor: None }
    }
}

/// Collects what belongs to the changes of one transaction, to write it in few statements.
pub(super) struct Changes<'a> {
    ids: &'a Arc<dyn IdSource>,
    events: Vec<order_events::ActiveModel>,
    movements: Vec<stock_movements::ActiveModel>,
    notes: Vec<order_follow_ups::ActiveModel>,
    made: Vec<OrderChange>,
}

impl<'a> Changes<'a> {
    /// Nothing yet.
    pub(super) fn new(ids: &'a Arc<dyn IdSource>) -> Self {
        Self { ids, events: Vec::new(), movements: Vec::new(), notes: Vec::new(), made: Vec::new() }
    }

    /// An event from which nothing follows.
    pub(super) fn event(&mut self, event: &OrderEvent) -> Result<(), Fault> {
        self.events.push(rows::event_row(event)?);
        Ok(())
    }

    /// A change: its event, the movement of the order's units, and the note that something is to follow.
    pub(super) fn change(&mut self, order: Order, event: OrderEvent, moved: Option<Moved>) -> Result<(), Fault> {
        self.event(&event)?;
        self.movements.extend(moved.map(|moved| self.movement(&order, moved, event.at)));
        let note = self.ids.uuid(event.at);
        self.notes.push(order_follow_ups::ActiveModel {
            id: Set(note),
            order_id: Set(order.id.uuid()),
            version: Set(column(event.version)?),
            created_at: Set(millis(event.at)),
        });
        self.made.push(OrderChange { order, event, follow_up: Some(note) });
        Ok(())
    }

    /// The change by which `order` has just come to stand where it stands.
    pub(super) fn transition(&mut self, order: Order, at: Instant, moved: Moved) -> Result<(), Fault> {
        let event = OrderEvent { order_id: order.id, version: order.version, status: order.status, at, reason: None };
        self.change(order, event, Some(moved))
    }

    fn movement(&self, order: &Order, moved: Moved, at: Instant) -> stock_movements::ActiveModel {
        let (available, held, sold) = moved.kind.columns(i64::from(order.quantity));
        stock_movements::ActiveModel {
            id: Set(self.ids.next::<MovementId>(at).uuid()),
            campaign_id: Set(order.campaign_id.uuid()),
            order_id: Set(Some(order.id.uuid())),
            kind: Set(moved.kind.name().to_owned()),
            available: Set(available),
            held: Set(held),
            sold: Set(sold),
            reason: Set(None),
            actor: Set(moved.actor.map(TypedId::uuid)),
            at: Set(millis(at)),
        }
    }

    /// Writes all of it. Returns the changes; they are true once the transaction is committed.
    pub(super) async fn write(self, tx: &impl ConnectionTrait) -> Result<Vec<OrderChange>, Setback> {
        insert_all(tx, self.events).await?;
        insert_all(tx, self.movements).await?;
        insert_all(tx, self.notes).await?;
        Ok(self.made)
    }

    /// Writes the one change that there is.
    pub(super) async fn write_one(self, tx: &impl ConnectionTrait) -> Result<OrderChange, Setback> {
        let only = self.write(tx).await?.pop();
        only.ok_or_else(|| Fault::internal("a transition without a change").into())
    }
}

//! The order itself: what it says, whose it is, and the states that it was in.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::order::status;

use crate::{
    context::Asked,
    errors::Result,
    graph::{Graph, part},
    link::{CampaignRef, UserRef},
    scalars::Money,
};

/// Where an order is. `QUEUED → PENDING_PAYMENT → PAID → REFUNDED`; a queued order may be `REJECTED`, one that waits for
/// payment `CANCELLED` or `EXPIRED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::order::OrderStatus")]
pub enum OrderStatus {
    /// The units are the buyer's; the order is on its way to the database.
    Queued,
    /// Waits to be paid until `payBefore`.
    PendingPayment,
    /// Paid.
    Paid,
    /// Given up before it was paid. Its units are back on sale.
    Cancelled,
    /// Not paid in time. Its units are back on sale.
    Expired,
    /// Refused by the last check before the database; the history says why.
    Rejected,
    /// Paid, and then paid back. Its units are back on sale.
    Refunded,
}

/// A state that an order was in.
#[derive(Debug, Clone, SimpleObject)]
pub struct OrderEvent {
    /// How many changes of state came before.
    pub version: u32,
    /// The state.
    pub status: OrderStatus,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Why, where that does not go without saying; else null.
    pub reason: Option<String>,
}

impl From<status::OrderEvent> for OrderEvent {
    fn from(event: status::OrderEvent) -> Self {
        Self { version: event.version, status: event.status.into(), at: event.at, reason: event.reason }
    }
}

part!(/// What is known of an order from the moment of the grab. Every graph that shows orders answers it by itself, so
    /// that a grab needs no other subgraph.
    OrderFacts of OrderRef);

#[Object(name = "OrderFacts")]
impl<G: Graph> OrderFacts<G> {
    /// How many units.
    #[graphql(shareable)]
    async fn quantity(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(self.link.stored(ctx).await?.quantity)
    }

    /// What one unit cost when it was grabbed.
    #[graphql(shareable)]
    async fn unit_price(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(self.link.stored(ctx).await?.unit_price.into())
    }

    /// What all units cost.
    #[graphql(shareable)]
    async fn total(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(self.link.stored(ctx).await?.total().into())
    }

    /// Where it is.
    #[graphql(shareable)]
    async fn status(&self, ctx: &Context<'_>) -> Result<OrderStatus> {
        Ok(self.link.stored(ctx).await?.status.into())
    }

    /// How many changes of state it has been through. A client that reconnects gives it to `orderStatus` as
    /// `afterVersion`.
    #[graphql(shareable)]
    async fn version(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(self.link.stored(ctx).await?.version)
    }

    /// When it was grabbed.
    #[graphql(shareable)]
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(self.link.stored(ctx).await?.created_at)
    }

    /// When it expires if it is not paid; null while it is queued, or if it was rejected.
    #[graphql(shareable)]
    async fn pay_before(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.link.stored(ctx).await?.pay_before)
    }

    /// When it was paid; null if it was not.
    #[graphql(shareable)]
    async fn paid_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.link.stored(ctx).await?.paid_at)
    }

    /// When it was cancelled, expired, rejected or refunded; null if it was not.
    #[graphql(shareable)]
    async fn closed_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.link.stored(ctx).await?.closed_at)
    }
}

part!(/// What the order domain alone says of an order.
    OrderInOrder of OrderRef);

#[Object(name = "OrderInOrder")]
impl<G: Graph> OrderInOrder<G> {
    /// The campaign that its units come from.
    async fn campaign(&self, ctx: &Context<'_>) -> Result<G::Campaign> {
        Ok(CampaignRef::to(self.link.stored(ctx).await?.campaign_id).into())
    }

    /// Its buyer.
    async fn user(&self, ctx: &Context<'_>) -> Result<G::User> {
        Ok(UserRef::to(self.link.stored(ctx).await?.user_id).into())
    }

    /// Every state that it was in, the first one first.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<OrderEvent>> {
        let events = ctx.services()?.orders.history(self.link.stored(ctx).await?).await?;
        Ok(events.into_iter().map(OrderEvent::from).collect())
    }
}

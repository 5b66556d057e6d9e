//! The stock ledger, and moving units by hand.

use std::marker::PhantomData;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use domain::admin::stock;

use super::errors::AdjustStockErrorCode;
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::{CampaignRef, OrderRef, UserRef},
    payload::{outcome, payload},
};

/// Why units moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "stock::MovementKind")]
pub enum StockMovementKind {
    /// The campaign was published with its first units.
    Stocked,
    /// An administrator added units or took some away.
    Adjusted,
    /// An order holds them.
    Held,
    /// The order was paid.
    Sold,
    /// The order was cancelled or expired.
    Released,
    /// The order was refunded.
    Returned,
}

/// A line of the stock ledger.
pub struct StockMovement<G> {
    movement: stock::StockMovement,
    graph: PhantomData<fn() -> G>,
}

impl<G> From<stock::StockMovement> for StockMovement<G> {
    fn from(movement: stock::StockMovement) -> Self {
        Self { movement, graph: PhantomData }
    }
}

/// A line of a campaign's stock ledger: how units moved between its three columns. For administrators.
#[Object(name = "StockMovement")]
impl<G: Graph> StockMovement<G> {
    /// Identity: opaque, and sortable by the time at which it was made.
    async fn id(&self) -> ID {
        ids::shown(self.movement.id)
    }

    /// Why units moved.
    async fn kind(&self) -> StockMovementKind {
        self.movement.kind.into()
    }

    /// Units that became available; negative for those that are no more.
    async fn available(&self) -> i64 {
        self.movement.available
    }

    /// Units that became held by an order that is not paid; negative for those that are no more.
    async fn held(&self) -> i64 {
        self.movement.held
    }

    /// Units that became sold; negative for those that came back.
    async fn sold(&self) -> i64 {
        self.movement.sold
    }

    /// For which order; null for what administrators do.
    async fn order(&self) -> Option<G::Order> {
        self.movement.order_id.map(|order| OrderRef::to(order).into())
    }

    /// What the administrator gave as a reason; null for what buyers and the clock do.
    async fn reason(&self) -> Option<&str> {
        self.movement.reason.as_deref()
    }

    /// Which administrator; null for what buyers and the clock do.
    async fn actor(&self) -> Option<G::User> {
        self.movement.actor.map(|actor| UserRef::to(actor).into())
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.movement.at
    }
}

/// Units to be added to a campaign or taken away.
#[derive(InputObject)]
pub struct AdjustStockInput {
    /// Which campaign.
    campaign_id: ID,
    /// How many units come (positive) or go (negative); not zero.
    delta: i32,
    /// Why, for the ledger and the audit log: 1 to 280 characters.
    reason: String,
}

payload! {
    /// What `adjustStock` answers.
    AdjustStockPayload<G>(AdjustStockErrorCode) {
        /// The campaign as it is now; null if nothing was adjusted.
        campaign: Option<G::Campaign>,
    }
}

root!(/// Mutations of stock.
    StockMutation);

#[Object(name = "StockMutation")]
impl<G: Graph> StockMutation<G> {
    /// Adds units to a published campaign, or takes available ones away. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `INVALID_DELTA`, `INVALID_REASON`, `INSUFFICIENT_STOCK`,
    /// `NOT_ALLOWED_IN_STATE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn adjust_stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which campaign, how many units, and why.")] input: AdjustStockInput,
    ) -> Result<AdjustStockPayload<G>> {
        let admin = ctx.administrator().await?;
        let campaign = ids::parse(&input.campaign_id, "input.campaignId")?;
        let adjusted = ctx.services()?.stock_desk.adjust(admin, campaign, input.delta, &input.reason).await;
        let (view, user_errors) = outcome(adjusted)?;
        Ok(AdjustStockPayload { campaign: view.map(|view| CampaignRef::seen(view).into()), user_errors })
    }
}

//! What the sale says of campaigns and products.

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};

use crate::{
    errors::Result,
    graph::{Graph, part},
    link::ProductRef,
    scalars::Money,
};

/// Where a campaign is. It follows from what administrators set, the clock and the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::spike::CampaignState")]
pub enum CampaignState {
    /// Being prepared; only administrators see it.
    Draft,
    /// Will start by itself at `startsAt`.
    Scheduled,
    /// Selling.
    Live,
    /// Stopped by hand; may go on.
    Paused,
    /// Running, with nothing left at the moment: units of orders that are not paid come back.
    SoldOut,
    /// Over, for good.
    Ended,
}

part!(/// The sale of a campaign.
    CampaignInSpike of CampaignRef);

#[Object(name = "CampaignInSpike")]
impl<G: Graph> CampaignInSpike<G> {
    /// Its headline.
    async fn title(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.link.stored(ctx).await?.title.clone())
    }

    /// What is sold.
    async fn product(&self, ctx: &Context<'_>) -> Result<G::Product> {
        Ok(ProductRef::to(self.link.stored(ctx).await?.product_id).into())
    }

    /// Where it is, at this moment.
    async fn state(&self, ctx: &Context<'_>) -> Result<CampaignState> {
        Ok(self.link.view(ctx).await?.state.into())
    }

    /// What one unit costs.
    async fn price(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(self.link.stored(ctx).await?.price.into())
    }

    /// Units that the sale has in all.
    async fn quantity(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(self.link.stored(ctx).await?.quantity)
    }

    /// Units left, at this moment.
    async fn remaining(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(self.link.view(ctx).await?.remaining)
    }

    /// Units that one user may hold or buy.
    async fn per_user_limit(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(self.link.stored(ctx).await?.per_user_limit)
    }

    /// First moment of the sale.
    async fn starts_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(self.link.stored(ctx).await?.starts_at)
    }

    /// First moment after the sale.
    async fn ends_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(self.link.stored(ctx).await?.ends_at)
    }

    /// How long a buyer has to pay, in seconds from the placing of the order.
    async fn payment_window_seconds(&self, ctx: &Context<'_>) -> Result<u32> {
        Ok(self.link.stored(ctx).await?.payment_window_seconds)
    }
}

part!(/// A product as buyers see it.
    ProductInSpike of ProductRef);

#[Object(name = "ProductInSpike")]
impl<G: Graph> ProductInSpike<G> {
    /// Its name.
    async fn name(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.link.stored(ctx).await?.name.clone())
    }

    /// What it is.
    async fn description(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.link.stored(ctx).await?.description.clone())
    }

    /// What it costs outside of campaigns.
    async fn list_price(&self, ctx: &Context<'_>) -> Result<Money> {
        Ok(self.link.stored(ctx).await?.list_price.into())
    }

    /// The address of a picture of it.
    async fn image_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.link.stored(ctx).await?.image_url.clone())
    }
}

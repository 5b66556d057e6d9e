//! Entity resolvers: how a federation gateway comes from another subgraph to an entity of this one, by its
//! key. Only subgraphs merge these parts; the whole graph needs no gateway.
//!
//! A link is a permission ([`crate::link`]), so what the viewer may not see is answered with null here: the gateway
//! is not trusted to have asked.

use async_graphql::{Context, ID, Object};
use domain::{
    error::Fault,
    id::{OrderId, ProductId, UserId},
};

use crate::{
    context::Asked,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::{CampaignRef, OrderRef, ProductRef, UserRef},
    spike,
};

root!(/// Comes to a campaign by its key.
    CampaignEntity);

#[Object(name = "CampaignEntity")]
impl<G: Graph> CampaignEntity<G> {
    #[graphql(entity)]
    async fn campaign_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<G::Campaign>> {
        let found = ctx.services()?.catalog.find(ids::parse(&id, "id")?).await?;
        match found {
            Some(campaign) if spike::is_visible(ctx, &campaign).await? => Ok(Some(CampaignRef::of(campaign).into())),
            _ => Ok(None),
        }
    }
}

root!(/// Comes to a product by its key.
    ProductEntity);

#[Object(name = "ProductEntity")]
impl<G: Graph> ProductEntity<G> {
    #[graphql(entity)]
    async fn product_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<G::Product>> {
        let found = ctx.loaders()?.batch.load_one(ids::parse::<ProductId>(&id, "id")?).await?;
        Ok(found.map(|product| ProductRef::of(product).into()))
    }
}

root!(/// Comes to an order by its key, wherever it is on its way.
    OrderEntity);

#[Object(name = "OrderEntity")]
impl<G: Graph> OrderEntity<G> {
    #[graphql(entity)]
    async fn order_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<G::Order>> {
        let found = ctx.loaders()?.batch.load_one(ids::parse::<OrderId>(&id, "id")?).await?;
        match found {
            Some(order) if may_see(ctx, order.user_id).await? => Ok(Some(OrderRef::of(order).into())),
            _ => Ok(None),
        }
    }
}

root!(/// Comes to a user by its key.
    UserEntity);

#[Object(name = "UserEntity")]
impl<G: Graph> UserEntity<G> {
    #[graphql(entity)]
    async fn user_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<G::User>> {
        let found = ctx.loaders()?.batch.load_one(ids::parse::<UserId>(&id, "id")?).await?;
        match found {
            Some(user) if may_see(ctx, user.id).await? => Ok(Some(UserRef::of(user).into())),
            _ => Ok(None),
        }
    }
}

/// Whether the viewer may see what belongs to this user; an error only if nobody is signed in.
async fn may_see(ctx: &Context<'_>, owner: UserId) -> Result<bool> {
    match ctx.services()?.users.may_see(&ctx.viewer(), owner).await {
        Ok(()) => Ok(true),
        Err(Fault::Forbidden(_)) => Ok(false),
        Err(fault) => Err(fault.into()),
    }
}

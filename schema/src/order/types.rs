//! What orders add to users and campaigns.

use async_graphql::{Context, Object};

use super::entity::OrderStatus;
use crate::{
    connection::{self, Connection},
    context::Asked,
    errors::{Problem, Result},
    graph::{Graph, part},
    link::OrderRef,
    loaders::{BalanceOf, OrdersOf},
    scalars::Money,
};

part!(/// A user's orders and money.
    UserInOrder of UserRef);

#[Object(name = "UserInOrder")]
impl<G: Graph> UserInOrder<G> {
    /// Their orders, the newest first. Those that are queued stand at the top of the first page, on top of its size.
    ///
    /// Errors: `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "Only orders in one of these states; all if left out or empty.")] statuses: Option<
            Vec<OrderStatus>,
        >,
    ) -> Result<Connection<G::Order>> {
        let page = connection::page(ctx, first, after, last, before)?;
        let statuses = connection::distinct(statuses.unwrap_or_default());
        let statuses: Vec<_> = statuses.into_iter().map(Into::into).collect();
        let orders = ctx.services()?.orders.of_user(self.link.id(), &statuses, &page).await?;
        Ok(Connection::of(orders, |order| (order.id, OrderRef::of(order).into())))
    }

    /// What they can pay with.
    async fn balance(&self, ctx: &Context<'_>) -> Result<Money> {
        let balance = ctx.loaders()?.batch.load_one(BalanceOf(self.link.id())).await?;
        Ok(balance.ok_or_else(|| Problem::internal("every user has a balance"))?.into())
    }
}

part!(/// A campaign's orders.
    CampaignInOrder of CampaignRef);

#[Object(name = "CampaignInOrder")]
impl<G: Graph> CampaignInOrder<G> {
    /// The signed-in user's orders in this campaign, the newest first. For signed-in users.
    ///
    /// Errors: `UNAUTHENTICATED`.
    async fn my_orders(&self, ctx: &Context<'_>) -> Result<Vec<G::Order>> {
        let key = OrdersOf { buyer: ctx.user()?, campaign: self.link.id() };
        let orders = ctx.loaders()?.batch.load_one(key).await?;
        Ok(orders.unwrap_or_default().into_iter().map(|order| OrderRef::of(order).into()).collect())
    }
}

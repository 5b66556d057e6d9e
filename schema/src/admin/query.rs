//! Looking at what administrators see.

use async_graphql::{Context, ID, Object};
use domain::order::ports::OrderFilter;

use super::types::AuditEntry;
use crate::{
    connection::{self, Connection},
    context::Asked,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::{OrderRef, ProductRef, UserRef},
    order::entity::OrderStatus,
};

root!(/// Queries of the admin domain.
    AdminQuery);

#[Object(name = "AdminQuery")]
impl<G: Graph> AdminQuery<G> {
    /// A product, also one that was deleted; null if there is none. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: ID,
    ) -> Result<Option<G::Product>> {
        ctx.administrator().await?;
        let found = ctx.services()?.products.by_ids(&[ids::parse(&id, "id")?]).await?.pop();
        Ok(found.map(|product| ProductRef::of(product).into()))
    }

    /// The range of products, the newest first. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
    ) -> Result<Connection<G::Product>> {
        let admin = ctx.administrator().await?;
        let page = connection::page(ctx, first, after, last, before)?;
        let products = ctx.services()?.products.list(admin, &page).await?;
        Ok(Connection::of(products, |product| (product.id, ProductRef::of(product).into())))
    }

    /// Registered people, the newest account first. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "The beginning of a username or of a phone number.")] search: Option<String>,
    ) -> Result<Connection<G::User>> {
        let admin = ctx.administrator().await?;
        let page = connection::page(ctx, first, after, last, before)?;
        let users = ctx.services()?.users.list(admin, search.as_deref(), &page).await?;
        Ok(Connection::of(users, |user| (user.id, UserRef::of(user).into())))
    }

    /// Orders of everybody, the newest first; those that are queued are not among them yet. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "Only orders of this campaign.")] campaign_id: Option<ID>,
        #[graphql(desc = "Only orders of this buyer.")] user_id: Option<ID>,
        #[graphql(desc = "Only orders in one of these states; all if left out or empty.")] statuses: Option<
            Vec<OrderStatus>,
        >,
    ) -> Result<Connection<G::Order>> {
        let admin = ctx.administrator().await?;
        let page = connection::page(ctx, first, after, last, before)?;
        let filter = OrderFilter {
            campaign: ids::parse_any(campaign_id.as_ref(), "campaignId")?,
            user: ids::parse_any(user_id.as_ref(), "userId")?,
            statuses: connection::distinct(statuses.unwrap_or_default()).into_iter().map(Into::into).collect(),
        };
        let orders = ctx.services()?.orders.list(admin, &filter, &page).await?;
        Ok(Connection::of(orders, |order| (order.id, OrderRef::of(order).into())))
    }

    /// Who did what, the newest entry first. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuditEntry<G>>> {
        let admin = ctx.administrator().await?;
        let page = connection::page(ctx, first, after, last, before)?;
        let entries = ctx.services()?.audit_log.list(admin, &page).await?;
        Ok(Connection::of(entries, |entry| (entry.id, entry.into())))
    }
}

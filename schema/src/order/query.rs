//! Looking at an order.

use async_graphql::{Context, ID, Object};

use crate::{
    context::Asked,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::OrderRef,
};

root!(/// Queries of the order domain.
    OrderQuery);

#[Object(name = "OrderQuery")]
impl<G: Graph> OrderQuery<G> {
    /// An order of one's own, or any order for an administrator; null if there is none, or if it is somebody else's. For
    /// signed-in users.
    ///
    /// Errors: `UNAUTHENTICATED`, `BAD_USER_INPUT`.
    async fn order(&self, ctx: &Context<'_>, #[graphql(desc = "The order's id.")] id: ID) -> Result<Option<G::Order>> {
        let viewer = ctx.viewer();
        viewer.user()?;
        let order = ctx.services()?.orders.visible(&viewer, ids::parse(&id, "id")?).await?;
        Ok(order.map(|order| OrderRef::of(order).into()))
    }
}

//! Watching orders.

use async_graphql::{Context, ID, Subscription};
use domain::order::watch::Subject;
use futures_util::{StreamExt, stream::BoxStream};

use crate::{
    context::Asked,
    errors::{Problem, Result},
    graph::{Graph, root},
    ids,
    link::OrderRef,
};

root!(/// Subscriptions of the order domain.
    OrderSubscription);

#[Subscription(name = "OrderSubscription")]
impl<G: Graph> OrderSubscription<G> {
    /// One order, or all of one's own: each as it is now, and then every change of its state, once and in order. Of one's
    /// own orders the newest hundred are told at first. A subscription to one order completes when the order can change
    /// no more. For the buyer; an administrator may watch any order.
    ///
    /// Errors: `UNAUTHENTICATED`, `BAD_USER_INPUT`, `NOT_FOUND` (also for somebody else's order).
    async fn order_status(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id; all of one's own orders if left out.")] order_id: Option<ID>,
        #[graphql(
            desc = "The last `version` of the order that the client has seen: what came after it is told first, \
            so that nothing is missed over a reconnect. Only with `orderId`."
        )]
        after_version: Option<i32>,
    ) -> Result<BoxStream<'static, Result<G::Order>>> {
        let viewer = ctx.viewer();
        let user = viewer.user()?;
        let id = ids::parse_any(order_id.as_ref(), "orderId")?;
        let after = after_version.map(|version| {
            u32::try_from(version).map_err(|_| Problem::bad_input("afterVersion", "a version is not negative"))
        });
        let services = ctx.services()?;
        let (owner, subject) = match (id, after.transpose()?) {
            (Some(id), after) => {
                let order = services.orders.visible(&viewer, id).await?.ok_or(Problem::NotFound("order"))?;
                (order.user_id, Subject::One(id, after))
            }
            (None, None) => (user, Subject::AllOwn),
            (None, Some(_)) => return Err(Problem::bad_input("afterVersion", "give it with orderId")),
        };
        let orders = services.order_watch.watch(owner, subject).await?;
        Ok(orders.map(|order| Ok(OrderRef::of(order?).into())).boxed())
    }
}

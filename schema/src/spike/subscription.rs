//! Watching a campaign.

use async_graphql::{Context, ID, Subscription};
use futures_util::{StreamExt, stream::BoxStream};

use super::is_visible;
use crate::{
    context::Asked,
    errors::{Problem, Result},
    graph::{Graph, root},
    ids,
    link::CampaignRef,
};

root!(/// Subscriptions of the spike domain.
    SpikeSubscription);

#[Subscription(name = "SpikeSubscription")]
impl<G: Graph> SpikeSubscription<G> {
    /// A campaign as it is now, and then each time that its state, what is left of it or its terms change: at most a few
    /// times a second. Completes when the campaign has ended. For anybody.
    ///
    /// Errors: `BAD_USER_INPUT`, `NOT_FOUND` (also for a draft, unless the viewer is an administrator).
    async fn campaign_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign's id.")] id: ID,
    ) -> Result<BoxStream<'static, Result<G::Campaign>>> {
        let services = ctx.services()?;
        let view = services.catalog.view_by_id(ids::parse(&id, "id")?).await?;
        let view = view.ok_or(Problem::NotFound("campaign"))?;
        if !is_visible(ctx, &view.campaign).await? {
            return Err(Problem::NotFound("campaign"));
        }
        let views = services.campaign_watch.watch(view);
        Ok(views.map(|view| Ok(CampaignRef::seen(view?).into())).boxed())
    }
}

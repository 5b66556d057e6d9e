//! Looking at campaigns.

use async_graphql::{Context, ID, Object};

use super::{is_visible, types::CampaignState};
use crate::{
    connection::{self, Connection},
    context::Asked,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::CampaignRef,
};

root!(/// Queries of the spike domain.
    SpikeQuery);

#[Object(name = "SpikeQuery")]
impl<G: Graph> SpikeQuery<G> {
    /// A campaign; null if there is none, or if it is a draft and the viewer is no administrator. For anybody.
    ///
    /// Errors: `BAD_USER_INPUT`.
    async fn campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign's id.")] id: ID,
    ) -> Result<Option<G::Campaign>> {
        let found = ctx.services()?.catalog.find(ids::parse(&id, "id")?).await?;
        match found {
            Some(campaign) if is_visible(ctx, &campaign).await? => Ok(Some(CampaignRef::of(campaign).into())),
            _ => Ok(None),
        }
    }

    /// Campaigns, the newest first. For anybody; drafts are listed for administrators alone.
    ///
    /// Errors: `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn campaigns(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
        #[graphql(desc = "Only campaigns in one of these states; all if left out or empty.")] states: Option<
            Vec<CampaignState>,
        >,
    ) -> Result<Connection<G::Campaign>> {
        let page = connection::page(ctx, first, after, last, before)?;
        let states = connection::distinct(states.unwrap_or_default()).into_iter().map(Into::into).collect();
        let admin = ctx.administrator_if_so().await?;
        let found = ctx.services()?.campaigns.list(admin, states, &page).await?;
        Ok(Connection::of(found, |campaign| (campaign.id, CampaignRef::of(campaign).into())))
    }
}

//! Moving a campaign through its stages by hand.

use async_graphql::{Context, ID, InputObject, Object};
use domain::{admin::lifecycle::Move, spike::catalog::CampaignView};

use super::errors::CampaignErrorCode;
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::CampaignRef,
    payload::{UserError, outcome, payload},
};

/// A draft to be published.
#[derive(InputObject)]
pub struct PublishCampaignInput {
    /// Which campaign.
    campaign_id: ID,
}

/// A campaign to be stopped for a while.
#[derive(InputObject)]
pub struct PauseCampaignInput {
    /// Which campaign.
    campaign_id: ID,
}

/// A campaign to go on.
#[derive(InputObject)]
pub struct ResumeCampaignInput {
    /// Which campaign.
    campaign_id: ID,
}

/// A campaign to be ended for good.
#[derive(InputObject)]
pub struct EndCampaignInput {
    /// Which campaign.
    campaign_id: ID,
}

payload! {
    /// What `publishCampaign` answers.
    PublishCampaignPayload<G>(CampaignErrorCode) {
        /// The campaign as it is now; null if it was not published.
        campaign: Option<G::Campaign>,
    }
}

payload! {
    /// What `pauseCampaign` answers.
    PauseCampaignPayload<G>(CampaignErrorCode) {
        /// The campaign as it is now; null if it was not paused.
        campaign: Option<G::Campaign>,
    }
}

payload! {
    /// What `resumeCampaign` answers.
    ResumeCampaignPayload<G>(CampaignErrorCode) {
        /// The campaign as it is now; null if it was not resumed.
        campaign: Option<G::Campaign>,
    }
}

payload! {
    /// What `endCampaign` answers.
    EndCampaignPayload<G>(CampaignErrorCode) {
        /// The campaign as it is now; null if it was not ended.
        campaign: Option<G::Campaign>,
    }
}

root!(/// Mutations of a campaign's stage.
    LifecycleMutation);

#[Object(name = "LifecycleMutation")]
impl<G: Graph> LifecycleMutation<G> {
    /// Makes a draft visible to all. Its sale starts and ends by itself. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `PRODUCT_NOT_FOUND` (it was deleted meanwhile), `NOT_ALLOWED_IN_STATE` (it is
    /// no draft, or its end has come), `CHANGED_MEANWHILE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn publish_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft to be published.")] input: PublishCampaignInput,
    ) -> Result<PublishCampaignPayload<G>> {
        let (campaign, user_errors) = step::<G>(ctx, &input.campaign_id, Move::Publish).await?;
        Ok(PublishCampaignPayload { campaign, user_errors })
    }

    /// Stops the sale of a published campaign for a while. Orders that exist go on. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `NOT_ALLOWED_IN_STATE` (it is not published, is paused already, or its end has
    /// come), `CHANGED_MEANWHILE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn pause_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign to be stopped for a while.")] input: PauseCampaignInput,
    ) -> Result<PauseCampaignPayload<G>> {
        let (campaign, user_errors) = step::<G>(ctx, &input.campaign_id, Move::Pause).await?;
        Ok(PauseCampaignPayload { campaign, user_errors })
    }

    /// Goes on with the sale of a paused campaign. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `NOT_ALLOWED_IN_STATE` (it is not paused, or its end has come),
    /// `CHANGED_MEANWHILE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn resume_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign to go on.")] input: ResumeCampaignInput,
    ) -> Result<ResumeCampaignPayload<G>> {
        let (campaign, user_errors) = step::<G>(ctx, &input.campaign_id, Move::Resume).await?;
        Ok(ResumeCampaignPayload { campaign, user_errors })
    }

    /// Ends a published or paused campaign for good, before its time. Orders that exist go on. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `NOT_ALLOWED_IN_STATE` (it is a draft, or over already), `CHANGED_MEANWHILE`.
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn end_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign to be ended.")] input: EndCampaignInput,
    ) -> Result<EndCampaignPayload<G>> {
        let (campaign, user_errors) = step::<G>(ctx, &input.campaign_id, Move::End).await?;
        Ok(EndCampaignPayload { campaign, user_errors })
    }
}

type Stepped<G> = (Option<<G as Graph>::Campaign>, Vec<UserError<CampaignErrorCode>>);

async fn step<G: Graph>(ctx: &Context<'_>, campaign: &ID, step: Move) -> Result<Stepped<G>> {
    let admin = ctx.administrator().await?;
    let id = ids::parse(campaign, "input.campaignId")?;
    let (view, user_errors) = outcome(ctx.services()?.campaigns.move_stage(admin, id, step).await)?;
    Ok((view.map(|view: CampaignView| CampaignRef::seen(view).into()), user_errors))
}

//! Preparing and changing campaigns.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use domain::admin::campaigns::CampaignForm;

use super::errors::CampaignErrorCode;
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::CampaignRef,
    payload::{outcome, payload},
    scalars::MoneyInput,
};

/// A new campaign.
#[derive(InputObject)]
pub struct CreateCampaignInput {
    /// What it sells.
    product_id: ID,
    /// Its headline: 1 to 120 characters.
    title: String,
    /// What one unit costs, in the shop's currency.
    price: MoneyInput,
    /// Units that it has: 1 to 10000000.
    quantity: i32,
    /// Units that one user may hold or buy: 1 to 1000.
    #[graphql(default = 1)]
    per_user_limit: i32,
    /// First moment of the sale.
    starts_at: DateTime<Utc>,
    /// First moment after the sale: after its start, in the future, at most a year long.
    ends_at: DateTime<Utc>,
    /// How long a buyer has to pay, in seconds: 1 second to 30 days.
    #[graphql(default = 900)]
    payment_window_seconds: i32,
}

/// What to change of a campaign. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateCampaignInput {
    /// Which campaign.
    campaign_id: ID,
    /// What it sells. Only of a draft.
    product_id: Option<ID>,
    /// Its headline.
    title: Option<String>,
    /// What one unit costs. Only before the sale starts; orders keep the price at which they were grabbed.
    price: Option<MoneyInput>,
    /// Units that it has. Only of a draft: later, use `adjustStock`.
    quantity: Option<i32>,
    /// Units that one user may hold or buy. Only before the end.
    per_user_limit: Option<i32>,
    /// First moment of the sale. Only before the sale starts.
    starts_at: Option<DateTime<Utc>>,
    /// First moment after the sale. Only before the end.
    ends_at: Option<DateTime<Utc>>,
    /// How long a buyer has to pay, in seconds. Only before the end; for orders that are grabbed from then on.
    payment_window_seconds: Option<i32>,
}

/// A campaign to be deleted.
#[derive(InputObject)]
pub struct DeleteCampaignInput {
    /// Which campaign.
    campaign_id: ID,
}

payload! {
    /// What `createCampaign` answers.
    CreateCampaignPayload<G>(CampaignErrorCode) {
        /// The new campaign, a draft; null if it was refused.
        campaign: Option<G::Campaign>,
    }
}

payload! {
    /// What `updateCampaign` answers.
    UpdateCampaignPayload<G>(CampaignErrorCode) {
        /// The campaign as it is now; null if the change was refused.
        campaign: Option<G::Campaign>,
    }
}

payload! {
    /// What `deleteCampaign` answers.
    DeleteCampaignPayload(CampaignErrorCode) {
        /// The id of the campaign that is no more; null if it was not deleted.
        deleted_campaign_id: Option<ID>,
    }
}

root!(/// Mutations of campaigns.
    CampaignMutation);

#[Object(name = "CampaignMutation")]
impl<G: Graph> CampaignMutation<G> {
    /// Makes a campaign, as a draft that only administrators see. For administrators.
    ///
    /// User errors: `PRODUCT_NOT_FOUND`, `INVALID_TITLE`, `INVALID_PRICE`, `WRONG_CURRENCY`, `INVALID_QUANTITY`,
    /// `INVALID_LIMIT`, `INVALID_PAYMENT_WINDOW`, `INVALID_SCHEDULE` (all that are wrong with the input at once).
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn create_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new campaign.")] input: CreateCampaignInput,
    ) -> Result<CreateCampaignPayload<G>> {
        let admin = ctx.administrator().await?;
        let form = CampaignForm {
            product_id: Some(ids::parse(&input.product_id, "input.productId")?),
            title: Some(input.title),
            price: Some(input.price.into()),
            quantity: Some(input.quantity),
            per_user_limit: Some(input.per_user_limit),
            starts_at: Some(input.starts_at),
            ends_at: Some(input.ends_at),
            payment_window_seconds: Some(input.payment_window_seconds),
        };
        let (view, user_errors) = outcome(ctx.services()?.campaigns.create(admin, form).await)?;
        Ok(CreateCampaignPayload { campaign: view.map(|view| CampaignRef::seen(view).into()), user_errors })
    }

    /// Changes a campaign, as far as its state allows: a draft entirely, a running sale only in what takes nothing from
    /// those who see it. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `PRODUCT_NOT_FOUND`, `INVALID_TITLE`, `INVALID_PRICE`, `WRONG_CURRENCY`,
    /// `INVALID_QUANTITY`, `INVALID_LIMIT`, `INVALID_PAYMENT_WINDOW`, `INVALID_SCHEDULE`, `NOT_ALLOWED_IN_STATE`,
    /// `CHANGED_MEANWHILE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn update_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateCampaignInput,
    ) -> Result<UpdateCampaignPayload<G>> {
        let admin = ctx.administrator().await?;
        let id = ids::parse(&input.campaign_id, "input.campaignId")?;
        let form = CampaignForm {
            product_id: ids::parse_any(input.product_id.as_ref(), "input.productId")?,
            title: input.title,
            price: input.price.map(Into::into),
            quantity: input.quantity,
            per_user_limit: input.per_user_limit,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            payment_window_seconds: input.payment_window_seconds,
        };
        let (view, user_errors) = outcome(ctx.services()?.campaigns.update(admin, id, form).await)?;
        Ok(UpdateCampaignPayload { campaign: view.map(|view| CampaignRef::seen(view).into()), user_errors })
    }

    /// Deletes a campaign that has not started and has no orders. For administrators.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `NOT_ALLOWED_IN_STATE`, `HAS_ORDERS`, `CHANGED_MEANWHILE`. Errors:
    /// `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn delete_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign to be deleted.")] input: DeleteCampaignInput,
    ) -> Result<DeleteCampaignPayload> {
        let admin = ctx.administrator().await?;
        let id = ids::parse(&input.campaign_id, "input.campaignId")?;
        let (deleted, user_errors) = outcome(ctx.services()?.campaigns.delete(admin, id).await)?;
        Ok(DeleteCampaignPayload { deleted_campaign_id: deleted.map(ids::shown), user_errors })
    }
}

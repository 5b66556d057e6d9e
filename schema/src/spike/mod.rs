//! The sale in the graph: campaigns, products, and the grab.

pub mod errors;
pub mod mutation;
pub mod query;
pub mod subscription;
pub mod types;

use async_graphql::Context;
use domain::spike::{Campaign, Stage};

use crate::{context::Asked, errors::Result};

/// Whether the viewer may see a campaign: drafts are for administrators alone.
pub(crate) async fn is_visible(ctx: &Context<'_>, campaign: &Campaign) -> Result<bool> {
    Ok(campaign.stage != Stage::Draft || ctx.administrator_if_so().await?.is_some())
}

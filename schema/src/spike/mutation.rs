//! The grab.

use async_graphql::{Context, ID, InputObject, Name, Object, Value, indexmap::IndexMap};
use domain::{
    id::UserId,
    spike::{grab::Attempt, stock::RequestKey},
};

use super::errors::GrabErrorCode;
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::OrderRef,
    payload::{outcome, payload},
};

/// An attempt to grab units of a campaign.
#[derive(InputObject)]
pub struct GrabInput {
    /// Of which campaign.
    campaign_id: ID,
    /// How many units, at least 1.
    #[graphql(default_with = "Self::QUANTITY")]
    quantity: i32,
    /// What the client calls this attempt: 1 to 128 visible ASCII characters, such as a UUID. The same key by the same
    /// user gets the same order, so a request whose answer got lost can be sent again.
    idempotency_key: Option<String>,
}

impl GrabInput {
    /// How many units are wanted by who says nothing of it.
    const QUANTITY: i32 = 1;

    /// The attempt that a user makes with it.
    fn attempt(self, user: UserId) -> Result<Attempt> {
        Ok(Attempt {
            user,
            campaign: ids::parse(&self.campaign_id, "input.campaignId")?,
            quantity: self.quantity,
            request_key: self.idempotency_key.as_deref().map(RequestKey::parse).transpose()?,
        })
    }

    /// The same of an input that was not read yet: by its fields, which are not copied. None if something is wrong or
    /// unusual about them.
    pub(crate) fn attempt_in(fields: &IndexMap<Name, Value>, user: UserId) -> Option<Attempt> {
        let (mut campaign, mut quantity, mut request_key) = (None, Self::QUANTITY, None);
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("campaignId", Value::String(id)) => campaign = Some(id.parse().ok()?),
                ("quantity", Value::Number(units)) => quantity = i32::try_from(units.as_i64()?).ok()?,
                ("idempotencyKey", Value::String(key)) => request_key = Some(RequestKey::parse(key).ok()?),
                ("idempotencyKey", Value::Null) => {}
                _ => return None,
            }
        }
        Some(Attempt { user, campaign: campaign?, quantity, request_key })
    }
}

payload! {
    /// What `grab` answers.
    GrabPayload<G>(GrabErrorCode) {
        /// The buyer's order, `QUEUED` until it is in the database; null if the grab was refused.
        order: Option<G::Order>,
        /// Units left for others after this grab; null if it was refused, or repeats an attempt that got its order.
        remaining: Option<u32>,
    }
}

root!(/// Mutations of the spike domain.
    SpikeMutation);

#[Object(name = "SpikeMutation")]
impl<G: Graph> SpikeMutation<G> {
    /// Grabs units of a live campaign. Answers as soon as they are safely the caller's: follow the order with
    /// `orderStatus`, and pay it with `pay` before its deadline. For signed-in users.
    ///
    /// User errors: `CAMPAIGN_NOT_FOUND`, `NOT_STARTED`, `PAUSED`, `ENDED`, `SOLD_OUT`, `INSUFFICIENT_STOCK`,
    /// `LIMIT_EXCEEDED`, `NOT_ELIGIBLE`, `INVALID_QUANTITY`, `IDEMPOTENCY_KEY_REUSED`. Errors: `UNAUTHENTICATED`,
    /// `BAD_USER_INPUT`, `RATE_LIMITED`, `SERVICE_UNAVAILABLE` (nothing is told about the units: ask again with the same
    /// idempotency key).
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn grab(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to grab.")] input: GrabInput,
    ) -> Result<GrabPayload<G>> {
        let attempt = input.attempt(ctx.user()?)?;
        let (grabbed, user_errors) = outcome(ctx.services()?.grabs.grab(attempt).await)?;
        let remaining = grabbed.as_ref().and_then(|grabbed| grabbed.remaining);
        let order = grabbed.map(|grabbed| OrderRef::of(grabbed.order).into());
        Ok(GrabPayload { order, remaining, user_errors })
    }
}

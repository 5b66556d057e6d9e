//! Giving units back, and noting what is published, in groups.

use std::sync::Arc;

use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
};

use super::shared::{Shared, by_campaign};
use crate::{
    group::{Commit, for_each},
    redis::{
        error::{PART, unreadable},
        script, text,
    },
};

/// Gives the units of orders back.
#[derive(Clone)]
pub(super) struct Releasing(pub(super) Arc<Shared>);

impl Commit for Releasing {
    type Item = (CampaignId, OrderId);
    /// How many units came back.
    type Answer = u32;
    const PART: &'static str = PART;

    async fn commit(&self, group: Vec<Self::Item>) -> Vec<Result<u32, Fault>> {
        by_campaign(
            group,
            |(campaign, _)| *campaign,
            |campaign, part| async move {
                let orders: Vec<OrderId> = part.into_iter().map(|(_, order)| order).collect();
                match self.0.release(campaign, &orders, Handed::Too).await {
                    Ok(units) => units.into_iter().map(|units| u32::try_from(units).map_err(unreadable)).collect(),
                    Err(fault) => for_each(orders.len(), Err(fault)),
                }
            },
        )
        .await
    }
}

/// Whether a hold is given back that was handed out to somebody who may publish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handed {
    /// It is.
    Too,
    /// It is left alone.
    Not,
}

impl Shared {
    /// Gives the units of orders of a campaign back. Returns how many came back, for each; less than none if it was
    /// left alone.
    pub(super) async fn release(
        &self,
        campaign: CampaignId,
        orders: &[OrderId],
        handed: Handed,
    ) -> Result<Vec<i64>, Fault> {
        let mut call = script::RELEASE.on(&self.keys(campaign).life()).with(u8::from(handed == Handed::Not));
        for order in orders {
            call.arg(text::id(*order));
        }
        self.run(&call).await
    }
}

/// Notes that messages are safe in the queue.
#[derive(Clone)]
pub(super) struct Noting(pub(super) Arc<Shared>);

impl Commit for Noting {
    /// The campaign, the order and the epoch of a hold.
    type Item = (CampaignId, OrderId, u32);
    type Answer = ();
    const PART: &'static str = PART;

    async fn commit(&self, group: Vec<Self::Item>) -> Vec<Result<(), Fault>> {
        by_campaign(
            group,
            |(campaign, ..)| *campaign,
            |campaign, part| async move {
                let mut call = script::PUBLISHED.on(&self.0.keys(campaign).life());
                for (_, order, epoch) in &part {
                    call.arg(text::id(*order)).arg(epoch);
                }
                match self.0.run::<Vec<bool>>(&call).await {
                    Ok(noted) => part.iter().zip(noted).map(|(hold, noted)| confirmed(noted, hold.1)).collect(),
                    Err(fault) => for_each(part.len(), Err(fault)),
                }
            },
        )
        .await
    }
}

fn confirmed(noted: bool, order: OrderId) -> Result<(), Fault> {
    if noted { Ok(()) } else { Err(Fault::unavailable(PART, format!("{order} is of a life that is over"))) }
}

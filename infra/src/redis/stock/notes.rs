//! Giving units back, and noting what is published, in groups.

use std::sync::Arc;

use domain::{
    error::Fault,
    group::{Commit, for_each},
    id::{CampaignId, OrderId},
    spike::Hold,
};
use futures_util::future::join_all;

use super::{
    RedisStock,
    shared::{Shared, by_campaign},
};
use crate::redis::{
    error::{PART, unreadable},
    script, text,
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

impl Shared {
    /// Notes that the messages of a campaign's holds are safe in the queue.
    pub(super) async fn note(&self, campaign: CampaignId, holds: &[&Hold]) -> Vec<Result<(), Fault>> {
        let keys = self.keys(campaign).life();
        let of_one_life = holds.chunk_by(|one, next| one.epoch == next.epoch);
        let notes = of_one_life.flat_map(|holds| holds.chunks(RedisStock::GROUP)).map(|holds| {
            let mut call = script::PUBLISHED.on(&keys).with(holds[0].epoch);
            for hold in holds {
                call.arg(text::entry(hold));
            }
            async move {
                match self.run::<Vec<bool>>(&call).await {
                    Ok(noted) => holds.iter().zip(noted).map(|(hold, noted)| confirmed(noted, hold.order_id)).collect(),
                    Err(fault) => for_each(holds.len(), Err(fault)),
                }
            }
        });
        join_all(notes).await.into_iter().flatten().collect()
    }
}

fn confirmed(noted: bool, order: OrderId) -> Result<(), Fault> {
    if noted { Ok(()) } else { Err(Fault::unavailable(PART, format!("{order} is of a life that is over"))) }
}

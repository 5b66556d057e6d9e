//! Opening a campaign: its stock is built in the store from what the database and the queue know.
//!
//! It happens on the first grab after the store started empty, or after it noticed that it may have forgotten
//! something, whatever the reason, so a store never sells from a guess. One opener at a time, over all replicas:
//! it has the store's claim. The order of its steps is what makes it safe:
//!
//! 1. what the store itself still has of an earlier life and did not publish, then what is in flight in the
//!    queue: a hold goes that way, so none slips through in between;
//! 2. all of that becomes orders, right now: nothing of an earlier life is on its way any more;
//! 3. the campaign's epoch rises and its orders are read, in one transaction. From now on the guards of the
//!    database refuse a hold of an earlier life that was not counted ([`crate::order::placing`]). Its buyer was
//!    not told yes: the store does not confirm a hold of a life that is over;
//! 4. the store opens the new life, if the claim is still good.

use std::{sync::Arc, time::Duration as Time};

use chrono::Duration;
use moka::future::Cache;
use tokio::sync::Mutex;

use super::{
    campaign::Stage,
    ports::{CampaignReader, MessageBus, StockStore},
    stock::{Hold, OpeningClaim, RememberedRequest, SaleStock, SaleTerms},
};
use crate::{
    clock::Clock,
    error::Fault,
    id::{CampaignId, OrderId},
    order::{placing::Placing, ports::OrderStore, reading::not_placed},
};

/// What became of the wish to open a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// Grabs are answered now.
    Open,
    /// It is over, so its stock is not opened any more.
    Over,
    /// There is no such campaign for buyers.
    Unknown,
}

/// Opens campaigns.
pub struct Opening {
    stock: Arc<dyn StockStore>,
    bus: Arc<dyn MessageBus>,
    campaigns: Arc<dyn CampaignReader>,
    orders: Arc<dyn OrderStore>,
    placing: Arc<Placing>,
    clock: Arc<dyn Clock>,
    /// One opening of a campaign at a time in this process: a crowd that finds it closed must not claim it a
    /// thousand times.
    turns: Cache<CampaignId, Arc<Mutex<()>>>,
}

impl Opening {
    /// How long an opening waits for another replica that is at it.
    const PATIENCE: Duration = Duration::seconds(10);
    /// How often it looks whether that one is done.
    const LOOK: Duration = Duration::milliseconds(50);

    /// Wires the service.
    pub fn new(
        stock: Arc<dyn StockStore>,
        bus: Arc<dyn MessageBus>,
        campaigns: Arc<dyn CampaignReader>,
        orders: Arc<dyn OrderStore>,
        placing: Arc<Placing>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        // A turn that is dropped here while somebody has it costs a second claim, which the store refuses.
        let turns = Cache::builder().max_capacity(10_000).time_to_idle(Time::from_mins(10)).build();
        Self { stock, bus, campaigns, orders, placing, clock, turns }
    }

    /// Opens a campaign if it is not open.
    pub async fn ensure(&self, id: CampaignId) -> Result<Opened, Fault> {
        // Before the turn: those who come too late for a sale must not keep those waiting who open it.
        if self.stock.level(id).await?.is_some() {
            return Ok(Opened::Open);
        }
        match self.campaigns.by_ids(&[id]).await?.pop() {
            None => return Ok(Opened::Unknown),
            Some(campaign) if campaign.stage == Stage::Draft => return Ok(Opened::Unknown),
            Some(campaign) if campaign.stage == Stage::Ended || self.clock.now() >= campaign.ends_at => {
                return Ok(Opened::Over);
            }
            Some(_) => {}
        }
        let turn = self.turns.get_with(id, async { Arc::default() }).await;
        let _turn = turn.lock().await;
        match self.claim(id).await? {
            Some(claim) => self.open(id, &claim).await,
            None => Ok(Opened::Open),
        }
    }

    /// Claims the opening; none if the campaign was opened by somebody else meanwhile.
    async fn claim(&self, id: CampaignId) -> Result<Option<OpeningClaim>, Fault> {
        let deadline = self.clock.now() + Self::PATIENCE;
        loop {
            if self.stock.level(id).await?.is_some() {
                return Ok(None);
            }
            if let Some(claim) = self.stock.claim_opening(id).await? {
                return Ok(Some(claim));
            }
            if self.clock.now() >= deadline {
                return Err(Fault::unavailable("stock", format!("another process is opening {id}")));
            }
            self.clock.sleep(Self::LOOK).await;
        }
    }

    async fn open(&self, id: CampaignId, claim: &OpeningClaim) -> Result<Opened, Fault> {
        let unpublished = self.stock.unpublished(Duration::zero(), usize::MAX).await?;
        let mut in_flight: Vec<Hold> = unpublished.into_iter().filter(|hold| hold.campaign_id == id).collect();
        in_flight.extend(self.bus.in_flight(id).await?);
        let unplaceable = self.place_all(in_flight).await?;
        let Some(sheet) = self.campaigns.open_stock_sheet(id).await? else { return Ok(Opened::Unknown) };

        let mut holds = sheet.holds;
        let mut requests = sheet.requests;
        for hold in not_placed(&*self.orders, unplaceable).await? {
            requests.extend(RememberedRequest::of(&hold));
            holds.push(hold);
        }
        let stock = SaleStock {
            campaign_id: id,
            epoch: sheet.campaign.epoch,
            quantity: sheet.campaign.quantity,
            terms: SaleTerms::from(&sheet.campaign),
            holds,
            requests,
        };
        let (epoch, loaded): (_, Vec<OrderId>) = (stock.epoch, stock.holds.iter().map(|hold| hold.order_id).collect());
        crash_point!("opening.read");
        if !self.stock.load(stock, claim).await? {
            return Err(Fault::unavailable("stock", format!("the claim to open {id} ended before it was opened")));
        }
        tracing::info!(campaign = %id, epoch, holds = loaded.len(), "stock opened");
        crash_point!("opening.loaded");
        if let Err(fault) = self.release_closed(id, &loaded).await {
            // Half opened is closed: the next grab opens it whole.
            self.stock.unload(id).await?;
            return Err(fault);
        }
        Ok(Opened::Open)
    }

    /// Makes orders of holds, each once. Returns those of which none can be made: their messages were put aside
    /// or will be, and their units stay held.
    async fn place_all(&self, holds: Vec<Hold>) -> Result<Vec<Hold>, Fault> {
        if holds.is_empty() {
            return Ok(holds);
        }
        match self.placing.place(&holds).await {
            Ok(_) => return Ok(Vec::new()),
            Err(fault @ Fault::Unavailable { .. }) => return Err(fault),
            Err(_) => {}
        }
        let mut unplaceable = Vec::new();
        for hold in holds {
            match self.placing.place(std::slice::from_ref(&hold)).await {
                Ok(_) => {}
                Err(fault @ Fault::Unavailable { .. }) => return Err(fault),
                Err(fault) => {
                    let error = &fault as &dyn std::error::Error;
                    tracing::error!(order = %hold.order_id, error, "a hold in flight cannot become an order");
                    unplaceable.push(hold);
                }
            }
        }
        Ok(unplaceable)
    }

    /// An order that was closed after its hold was read and before it was loaded gave its units back to a store
    /// that did not have them yet.
    async fn release_closed(&self, id: CampaignId, loaded: &[OrderId]) -> Result<(), Fault> {
        for order in self.orders.by_ids(loaded).await?.iter().filter(|order| !order.status.has_units()) {
            self.stock.release(id, order.id).await?;
        }
        Ok(())
    }

    /// Goes through the open campaigns: gives the store the terms that it missed, and closes those that are
    /// over and have nothing on its way any more. Returns how many were changed.
    pub async fn keep_in_step(&self) -> Result<usize, Fault> {
        let open = self.stock.loaded().await?;
        if open.is_empty() {
            return Ok(0);
        }
        let left = self.stock.unpublished(Duration::zero(), usize::MAX).await?;
        let mut changed = 0;
        for campaign in self.campaigns.by_ids(&open).await? {
            let Some(level) = self.stock.level(campaign.id).await? else { continue };
            let over = campaign.stage == Stage::Ended || self.clock.now() >= campaign.ends_at;
            let on_its_way = left.iter().any(|hold| hold.campaign_id == campaign.id);
            if level.terms_version < campaign.version {
                self.stock.set_terms(campaign.id, &SaleTerms::from(&campaign)).await?;
                changed += 1;
            } else if over && !on_its_way && self.bus.in_flight(campaign.id).await?.is_empty() {
                self.stock.unload(campaign.id).await?;
                tracing::info!(campaign = %campaign.id, "stock closed");
                changed += 1;
            }
        }
        Ok(changed)
    }
}

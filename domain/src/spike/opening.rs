//! Opening a campaign: its stock is built in the store from what the database and the queue know.
//!
//! It happens on the first grab after the store started empty, whatever the reason, so a store that forgot
//! its stock never sells from a guess. The queue is read **before** the database: a message that is
//! consumed in between is then seen twice, which the order id tells, and never not at all.

use std::sync::Arc;

use chrono::Duration;
use tokio::sync::Mutex;

use super::{
    campaign::Stage,
    ports::{CampaignReader, MessageBus, StockStore},
    stock::{RememberedRequest, SaleStock, SaleTerms},
};
use crate::{
    clock::Clock,
    error::Fault,
    id::{CampaignId, OrderId},
    order::{ports::OrderStore, reading::not_placed},
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
    clock: Arc<dyn Clock>,
    /// One opening at a time: a crowd that finds a campaign closed must not rebuild it a thousand times.
    turn: Mutex<()>,
}

impl Opening {
    /// Wires the service.
    pub fn new(
        stock: Arc<dyn StockStore>,
        bus: Arc<dyn MessageBus>,
        campaigns: Arc<dyn CampaignReader>,
        orders: Arc<dyn OrderStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { stock, bus, campaigns, orders, clock, turn: Mutex::new(()) }
    }

    /// Opens a campaign if it is not open.
    pub async fn ensure(&self, id: CampaignId) -> Result<Opened, Fault> {
        // Before the turn: those who come too late for a sale must not keep those waiting who open another.
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
        let _turn = self.turn.lock().await;
        if self.stock.level(id).await?.is_some() {
            return Ok(Opened::Open);
        }
        let in_flight = self.bus.in_flight(id).await?;
        let Some(sheet) = self.campaigns.open_stock_sheet(id).await? else { return Ok(Opened::Unknown) };

        let mut holds = sheet.holds;
        let mut requests = sheet.requests;
        for hold in not_placed(&*self.orders, in_flight).await? {
            if let Some(key) = &hold.request_key {
                requests.push(RememberedRequest {
                    user_id: hold.user_id,
                    request_key: key.clone(),
                    campaign_id: hold.campaign_id,
                    quantity: hold.quantity,
                    order_id: hold.order_id,
                });
            }
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
        tracing::info!(campaign = %id, epoch = stock.epoch, holds = stock.holds.len(), "stock opened");
        let loaded: Vec<OrderId> = stock.holds.iter().map(|hold| hold.order_id).collect();
        self.stock.load(stock).await?;
        if let Err(fault) = self.release_closed(id, &loaded).await {
            // Half opened is closed: the next grab opens it whole.
            self.stock.unload(id).await?;
            return Err(fault);
        }
        Ok(Opened::Open)
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
                let _turn = self.turn.lock().await;
                self.stock.unload(campaign.id).await?;
                tracing::info!(campaign = %campaign.id, "stock closed");
                changed += 1;
            }
        }
        Ok(changed)
    }
}

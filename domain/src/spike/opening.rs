//! Opening a campaign: its stock is built in the store from what the database and the queue know.
//!
//! It happens on the first grab after the store started empty, or after it noticed that it may have forgotten
//! something, whatever the reason, so a store never sells from a guess. One opener at a time, over all replicas:
//! it has the store's claim, and keeps it while it works. Those who find a campaign closed at the same moment wait for
//! one opening, which goes on when they are gone: it must not leave a claim behind. The order of its steps is what makes
//! it safe:
//!
//! 1. it waits for [`Hold::PASSAGE`]: nothing is taken any more, and whatever was granted without another look at the
//!    store is in the queue by then;
//! 2. what the store itself still has of an earlier life and did not publish, then what is in flight in the
//!    queue: a hold goes that way, so none slips through in between. All of that becomes orders, right now: nothing of an
//!    earlier life is on its way any more;
//! 3. the campaign's epoch rises, from what it was before the claim, and its orders are read, in one transaction: an
//!    opener whose claim ended while it worked raises nothing above the life that another one opened. From now on the guards of the
//!    database refuse a hold of an earlier life that was not counted ([`crate::order::placing`]). Its buyer was
//!    not told yes: its passage took too long, and the store does not confirm a hold of a life that is over;
//! 4. the store opens the new life, if the claim is still good.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::Duration;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tracing::Instrument;

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

/// What became of the wish to claim an opening.
enum Claimed {
    /// It is ours, and the campaign's epoch in the database as it was before that.
    Ours { claim: OpeningClaim, epoch: u32 },
    /// There is nothing to open any more.
    Otherwise(Opened),
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
    under_way: Mutex<UnderWay>,
}

/// The openings of this process, until they end.
type UnderWay = HashMap<CampaignId, Shared<BoxFuture<'static, Result<Opened, Arc<Fault>>>>>;

impl Opening {
    /// How long an opening waits for another replica that is at it.
    const PATIENCE: Duration = Duration::seconds(10);
    /// How often it looks whether that one is done.
    const LOOK: Duration = Duration::milliseconds(50);
    /// How often it says that it is still at it itself: some times within [`OpeningClaim::LEASE`].
    const KEEP: Duration = Duration::seconds(1);

    /// Wires the service.
    pub fn new(
        stock: Arc<dyn StockStore>,
        bus: Arc<dyn MessageBus>,
        campaigns: Arc<dyn CampaignReader>,
        orders: Arc<dyn OrderStore>,
        placing: Arc<Placing>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { stock, bus, campaigns, orders, placing, clock, under_way: Mutex::default() }
    }

    /// Opens a campaign if it is not open.
    pub async fn ensure(self: &Arc<Self>, id: CampaignId) -> Result<Opened, Fault> {
        // Those who come too late for a sale must not claim it.
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
        self.join(id).await.map_err(|fault| fault.again())
    }

    /// The opening of a campaign that is under way, or else a new one.
    fn join(self: &Arc<Self>, id: CampaignId) -> impl Future<Output = Result<Opened, Arc<Fault>>> + use<> {
        let begin = || {
            let (opening, end) = (Arc::clone(self), End { opening: Arc::clone(self), id });
            let work = async move {
                let _end = end;
                opening.claim_and_open(id).await
            };
            let task = tokio::spawn(work.in_current_span());
            let ended = async { task.await.unwrap_or_else(|died| Err(Fault::internal(died))).map_err(Arc::new) };
            ended.boxed().shared()
        };
        self.under_way().entry(id).or_insert_with(begin).clone()
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn claim_and_open(self: &Arc<Self>, id: CampaignId) -> Result<Opened, Fault> {
        let (claim, epoch) = match self.claim(id).await? {
            Claimed::Ours { claim, epoch } => (claim, epoch),
            Claimed::Otherwise(opened) => return Ok(opened),
        };
        let opened = tokio::select! {
            opened = self.open(id, &claim, epoch) => opened,
            never = self.keep(&claim) => match never {},
        };
        if opened.is_err() {
            // Nobody waits for that: the store may be what does not answer.
            let opening = Arc::clone(self);
            tokio::spawn(async move { opening.keep_for(&claim, OpeningClaim::PAUSE).await }.in_current_span());
        }
        opened
    }

    /// Keeps a claim while it is worked under.
    async fn keep(&self, claim: &OpeningClaim) -> Infallible {
        loop {
            self.clock.sleep(Self::KEEP).await;
            self.keep_for(claim, OpeningClaim::LEASE).await;
        }
    }

    /// Keeps a claim for so much longer. Once it has ended the store opens nothing by it, so that needs no word here.
    async fn keep_for(&self, claim: &OpeningClaim, longer: Duration) {
        if let Err(fault) = self.stock.keep_claim(claim, longer).await {
            let error = &fault as &dyn std::error::Error;
            tracing::warn!(campaign = %claim.campaign_id, error, "a claim to open was not kept");
        }
    }

    /// Claims the opening.
    async fn claim(&self, id: CampaignId) -> Result<Claimed, Fault> {
        let deadline = self.clock.now() + Self::PATIENCE;
        loop {
            if self.stock.level(id).await?.is_some() {
                return Ok(Claimed::Otherwise(Opened::Open));
            }
            // Before the claim: whoever opens it from now on raises the epoch from this one, or we do.
            let Some(campaign) = self.campaigns.by_ids(&[id]).await?.pop() else {
                return Ok(Claimed::Otherwise(Opened::Unknown));
            };
            if let Some(claim) = self.stock.claim_opening(id).await? {
                return Ok(Claimed::Ours { claim, epoch: campaign.epoch });
            }
            if self.clock.now() >= deadline {
                return Err(Fault::unavailable("stock", format!("another process is opening {id}")));
            }
            self.clock.sleep(Self::LOOK).await;
        }
    }

    async fn open(&self, id: CampaignId, claim: &OpeningClaim, epoch: u32) -> Result<Opened, Fault> {
        // By the clock of the process: it is its own time that must pass, and not that of a sale.
        tokio::time::sleep(Hold::PASSAGE).await;
        let unpublished = self.stock.unpublished(Duration::zero(), usize::MAX).await?;
        let mut in_flight: Vec<Hold> = unpublished.into_iter().filter(|hold| hold.campaign_id == id).collect();
        in_flight.extend(self.bus.in_flight(id).await?);
        let unplaceable = self.place_all(in_flight).await?;
        let Some(sheet) = self.campaigns.open_stock_sheet(id, epoch).await? else {
            return Err(Fault::unavailable("stock", format!("another process opened {id} meanwhile, or it is gone")));
        };

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

/// Takes an opening from those that are under way, however it ends.
struct End {
    opening: Arc<Opening>,
    id: CampaignId,
}

impl Drop for End {
    fn drop(&mut self) {
        self.opening.under_way().remove(&self.id);
    }
}

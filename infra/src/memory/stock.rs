//! The stock store of a single process.
//!
//! Each campaign has a lock of its own, held for the microsecond that a grab takes and never over an await.
//! Two indexes over all campaigns (attempts by key, campaigns by order) are only ever locked shard by shard.
//! Lock order: the shard of an attempt's key, then a campaign.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use dashmap::{DashMap, Entry};
use domain::{
    clock::Clock,
    error::Fault,
    id::{CampaignId, OrderId, UserId},
    spike::{
        Hold,
        ports::StockStore,
        stock::{
            OpeningClaim, RememberedRequest, RequestKey, Reserve, Reserved, SaleStock, SaleTerms, StockAdjusted,
            StockLevel,
        },
    },
};

use super::campaign_stock::CampaignStock;

type Shared = Arc<Mutex<CampaignStock>>;

/// Stock in the memory of this process.
pub struct MemoryStock {
    clock: Arc<dyn Clock>,
    campaigns: DashMap<CampaignId, Shared>,
    requests: DashMap<(UserId, RequestKey), RememberedRequest>,
    campaign_of: DashMap<OrderId, CampaignId>,
    claims: DashMap<CampaignId, u64>,
    claims_made: AtomicU64,
}

impl MemoryStock {
    /// A store in which no campaign is open.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            campaigns: DashMap::new(),
            requests: DashMap::new(),
            campaign_of: DashMap::new(),
            claims: DashMap::new(),
            claims_made: AtomicU64::new(0),
        }
    }

    /// The stock of an open campaign, without a lock on the map.
    fn find(&self, campaign: CampaignId) -> Option<Shared> {
        self.campaigns.get(&campaign).map(|stock| Arc::clone(&stock))
    }

    fn take(&self, ask: &Reserve) -> Reserved {
        let Some(stock) = self.find(ask.campaign_id) else { return Reserved::NotLoaded };
        let reserved = locked(&stock).reserve(ask, self.clock.now());
        if let Reserved::Held { hold, .. } = &reserved {
            self.campaign_of.insert(hold.order_id, hold.campaign_id);
        }
        reserved
    }

    /// Takes units for an attempt that has a name. The shard of the name is locked all the way, so that
    /// the same attempt twice at the same moment is one attempt.
    fn take_named(&self, ask: &Reserve, key: &RequestKey) -> Reserved {
        match self.requests.entry((ask.user_id, key.clone())) {
            Entry::Occupied(known) => {
                let request = known.get().clone();
                if request.campaign_id != ask.campaign_id || request.quantity != ask.quantity {
                    return Reserved::KeyReused;
                }
                let Some(stock) = self.find(request.campaign_id) else {
                    return Reserved::Known { request, unpublished: None };
                };
                let stock = locked(&stock);
                if request.order_id == ask.order_id
                    && let Some(hold) = stock.hold(ask.order_id)
                {
                    // The same ask again.
                    return Reserved::Held { hold: hold.clone(), remaining: stock.level().available };
                }
                let unpublished = stock.unpublished_hold(request.order_id).cloned();
                Reserved::Known { request, unpublished }
            }
            Entry::Vacant(free) => {
                let reserved = self.take(ask);
                if let Reserved::Held { hold, .. } = &reserved {
                    free.insert(RememberedRequest {
                        user_id: ask.user_id,
                        request_key: key.clone(),
                        campaign_id: ask.campaign_id,
                        quantity: ask.quantity,
                        order_id: hold.order_id,
                    });
                }
                reserved
            }
        }
    }
}

/// A poisoned lock is still a lock: no method of [`CampaignStock`] leaves half a change behind.
fn locked(stock: &Mutex<CampaignStock>) -> MutexGuard<'_, CampaignStock> {
    stock.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl StockStore for MemoryStock {
    fn is_durable(&self) -> bool {
        false
    }

    async fn reserve_all(&self, asks: &[Reserve]) -> Vec<Result<Reserved, Fault>> {
        let reserve = |ask: &Reserve| match &ask.request_key {
            Some(key) => self.take_named(ask, key),
            None => self.take(ask),
        };
        asks.iter().map(|ask| Ok(reserve(ask))).collect()
    }

    async fn release(&self, campaign: CampaignId, order: OrderId) -> Result<u32, Fault> {
        let released = self.find(campaign).and_then(|stock| locked(&stock).release(order));
        self.campaign_of.remove(&order);
        Ok(released.map_or(0, |hold| hold.quantity))
    }

    async fn level(&self, campaign: CampaignId) -> Result<Option<StockLevel>, Fault> {
        Ok(self.find(campaign).map(|stock| locked(&stock).level()))
    }

    async fn find_hold(&self, order: OrderId) -> Result<Option<Hold>, Fault> {
        let campaign = self.campaign_of.get(&order).map(|campaign| *campaign);
        let stock = campaign.and_then(|campaign| self.find(campaign));
        Ok(stock.and_then(|stock| locked(&stock).hold(order).cloned()))
    }

    async fn holds_of(&self, user: UserId, campaign: Option<CampaignId>) -> Result<Vec<Hold>, Fault> {
        let stocks: Vec<Shared> = match campaign {
            Some(campaign) => self.find(campaign).into_iter().collect(),
            None => self.campaigns.iter().map(|stock| Arc::clone(&stock)).collect(),
        };
        let mut holds: Vec<Hold> =
            stocks.iter().flat_map(|stock| locked(stock).holds_of(user).cloned().collect::<Vec<_>>()).collect();
        holds.sort_by_key(|hold| std::cmp::Reverse(hold.order_id));
        Ok(holds)
    }

    async fn recall(&self, user: UserId, key: &RequestKey) -> Result<Option<RememberedRequest>, Fault> {
        let Some(request) = self.requests.get(&(user, key.clone())).map(|request| request.clone()) else {
            return Ok(None);
        };
        // Its message may not be safe yet: then it must go through `reserve`, which hands its hold out.
        let stock = self.find(request.campaign_id);
        let not_noted = stock.is_some_and(|stock| locked(&stock).unpublished_hold(request.order_id).is_some());
        Ok(if not_noted { None } else { Some(request) })
    }

    /// The latest claim counts and ends those before it, so one that was left behind is in nobody's way. In one
    /// process the openers of a campaign take turns before they claim.
    async fn claim_opening(&self, campaign: CampaignId) -> Result<Option<OpeningClaim>, Fault> {
        if self.campaigns.contains_key(&campaign) {
            return Ok(None);
        }
        let token = self.claims_made.fetch_add(1, Ordering::Relaxed);
        self.claims.insert(campaign, token);
        Ok(Some(OpeningClaim { campaign_id: campaign, token: token.to_string() }))
    }

    /// It ends with the next claim alone.
    async fn keep_claim(&self, _claim: &OpeningClaim, _longer: chrono::Duration) -> Result<(), Fault> {
        Ok(())
    }

    async fn load(&self, stock: SaleStock, claim: &OpeningClaim) -> Result<bool, Fault> {
        let campaign = stock.campaign_id;
        if self.claims.remove_if(&campaign, |_, token| token.to_string() == claim.token).is_none() {
            return Ok(false);
        }
        // The indexes first, and before the campaign's shard is locked (see the lock order above): an
        // attempt that comes again must be known before its campaign answers grabs.
        for request in &stock.requests {
            self.requests.insert((request.user_id, request.request_key.clone()), request.clone());
        }
        for hold in &stock.holds {
            self.campaign_of.insert(hold.order_id, campaign);
        }
        self.campaigns.insert(campaign, Arc::new(Mutex::new(CampaignStock::new(stock))));
        Ok(true)
    }

    async fn unload(&self, campaign: CampaignId) -> Result<(), Fault> {
        self.campaigns.remove(&campaign);
        self.campaign_of.retain(|_, of| *of != campaign);
        self.requests.retain(|_, request| request.campaign_id != campaign);
        Ok(())
    }

    async fn loaded(&self) -> Result<Vec<CampaignId>, Fault> {
        Ok(self.campaigns.iter().map(|stock| *stock.key()).collect())
    }

    async fn set_terms(&self, campaign: CampaignId, terms: &SaleTerms) -> Result<(), Fault> {
        if let Some(stock) = self.find(campaign) {
            locked(&stock).set_terms(terms);
        }
        Ok(())
    }

    async fn adjust(&self, campaign: CampaignId, delta: i32) -> Result<StockAdjusted, Fault> {
        Ok(self.find(campaign).map_or(StockAdjusted::NotLoaded, |stock| locked(&stock).adjust(delta)))
    }

    async fn unpublished(&self, older_than: chrono::Duration, max: usize) -> Result<Vec<Hold>, Fault> {
        let before = self.clock.now() - older_than;
        let stocks: Vec<Shared> = self.campaigns.iter().map(|stock| Arc::clone(&stock)).collect();
        let mut left = Vec::new();
        for stock in stocks {
            left.extend(locked(&stock).unpublished_before(before, max - left.len()).cloned());
            if left.len() >= max {
                break;
            }
        }
        Ok(left)
    }

    async fn note_published(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
        let note = |hold: &Hold| match self.find(hold.campaign_id) {
            Some(stock) if locked(&stock).published(hold) => Ok(()),
            _ => Err(Fault::unavailable("stock", format!("{} is of a life that is over", hold.order_id))),
        };
        holds.iter().map(note).collect()
    }

    async fn holds(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        Ok(self.find(campaign).map(|stock| locked(&stock).holds()).unwrap_or_default())
    }
}

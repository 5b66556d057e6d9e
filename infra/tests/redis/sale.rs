//! A sale on a Redis under test.

use std::{
    sync::Arc,
    time::{Duration as Time, Instant},
};

use chrono::Duration;
use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
    spike::{
        Hold,
        ports::StockStore,
        stock::{OpeningClaim, RequestKey, Reserve, Reserved, SaleStock, SaleTerms, StockAdjusted},
    },
    testing::{self, id, instant},
};
use infra::redis::{RedisOptions, RedisStock};

use crate::contract::redis::{START, answered};

/// A store, on which one campaign is sold.
pub(crate) struct Sale {
    pub(crate) store: Arc<RedisStock>,
}

/// Units that are sold.
pub(crate) const UNITS: u32 = 10;

pub(crate) fn campaign() -> CampaignId {
    id(1)
}

impl Sale {
    /// A store by Redis's own clock, with nothing open.
    pub(crate) async fn closed(options: RedisOptions) -> Self {
        let begun = Instant::now();
        loop {
            match RedisStock::open(&options).await {
                Ok(store) => return Self { store: Arc::new(store) },
                // The machine may be slow.
                Err(error) if error.is_transient() && begun.elapsed() < Time::from_mins(2) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// A store with the first life of the campaign open.
    pub(crate) async fn open(options: RedisOptions) -> Self {
        let sale = Self::closed(options).await;
        assert!(sale.load(1, Vec::new()).await);
        sale
    }

    /// Opens a life of the campaign.
    pub(crate) async fn load(&self, epoch: u32, holds: Vec<Hold>) -> bool {
        self.load_campaign(campaign(), epoch, holds).await
    }

    pub(crate) async fn load_campaign(&self, campaign_id: CampaignId, epoch: u32, holds: Vec<Hold>) -> bool {
        let claim = answered(|| self.store.claim_opening(campaign_id)).await.expect("nobody else opens it");
        answered(|| self.store.load(stock(campaign_id, epoch, holds.clone()), &claim)).await
    }

    /// Opens a life of the campaign by this claim.
    pub(crate) async fn load_by(&self, claim: &OpeningClaim, epoch: u32) -> bool {
        answered(|| self.store.load(stock(campaign(), epoch, Vec::new()), claim)).await
    }

    /// What a grab of one unit is answered.
    pub(crate) async fn grab(&self, order: u128) -> Result<Reserved, Fault> {
        self.store.reserve(&ask(order)).await
    }

    /// A hold of one unit. The same order is taken once, however often it is asked for.
    pub(crate) async fn hold(&self, order: u128) -> Hold {
        match self.grab_when_back(order).await {
            Reserved::Held { hold, .. } => hold,
            other => panic!("expected a hold, got {other:?}"),
        }
    }

    /// What a grab is answered once the engine is back. Grabs that are not answered until then must not count.
    pub(crate) async fn grab_when_back(&self, order: u128) -> Reserved {
        answered(|| self.grab(order)).await
    }

    pub(crate) async fn available(&self) -> Option<u32> {
        let level = answered(|| self.store.level(campaign())).await;
        level.inspect(|level| assert_eq!(level.quantity, level.available + level.held)).map(|level| level.available)
    }

    /// The orders that wait to be published.
    pub(crate) async fn unpublished(&self) -> Vec<OrderId> {
        let left = answered(|| self.store.unpublished(Duration::zero(), usize::MAX)).await;
        left.iter().map(|hold| hold.order_id).collect()
    }
}

fn stock(campaign_id: CampaignId, epoch: u32, holds: Vec<Hold>) -> SaleStock {
    // Around both Redis's own clock and the clock of a test.
    let sample = testing::campaign(instant(START) - Duration::days(1), instant("2100-01-01T00:00:00Z"));
    let terms = SaleTerms { per_user_limit: UNITS, ..SaleTerms::from(&sample) };
    SaleStock { campaign_id, epoch, quantity: UNITS, terms, holds, requests: Vec::new() }
}

/// A grab of one unit, each by another user.
pub(crate) fn ask(order: u128) -> Reserve {
    Reserve { campaign_id: campaign(), user_id: id(order), order_id: id(order), quantity: 1, request_key: None }
}

/// A grab of one unit that has a name.
pub(crate) fn ask_named(order: u128, user: u128, key: &str) -> Reserve {
    Reserve { user_id: id(user), request_key: Some(RequestKey::parse(key).unwrap()), ..ask(order) }
}

/// What a life that is over says: it sells nothing, confirms nothing, and is not told as open.
pub(crate) async fn assert_over(sale: &Sale, held: &Hold) {
    assert_eq!(sale.grab_when_back(900).await, Reserved::NotLoaded);
    assert_eq!(sale.available().await, None);
    assert_eq!(answered(|| sale.store.loaded()).await, []);
    assert_eq!(answered(|| sale.store.find_hold(held.order_id)).await, None);
    assert_eq!(answered(|| sale.store.adjust(campaign(), 1)).await, StockAdjusted::NotLoaded);
    let late = sale.store.published(std::slice::from_ref(held)).await;
    assert!(matches!(late, Err(Fault::Unavailable { part: "stock", .. })), "{late:?}");
}

/// The next life sells again.
pub(crate) async fn assert_opens_again(sale: &Sale, epoch: u32, holds: Vec<Hold>) {
    let left = UNITS - u32::try_from(holds.len()).unwrap();
    assert!(sale.load(epoch, holds).await);
    assert_eq!(sale.available().await, Some(left));
    assert_eq!(sale.hold(901).await.epoch, epoch);
    assert_eq!(sale.available().await, Some(left - 1));
}

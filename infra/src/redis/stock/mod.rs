//! The stock store on Redis.
//!
//! Grabs that come together share one script call a campaign. So do releases that wait at the same moment: they go
//! through a group commit ([`domain::group`]), a campaign always through the same of several lanes, so that one whose
//! node does not answer holds up few others.

mod campaigns;
mod look;
mod names;
mod notes;
mod opening;
mod reserve;
mod shared;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use domain::{
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
use futures_util::future::{join_all, try_join_all};

use self::{
    notes::Releasing,
    reserve::Granting,
    shared::{Lanes, Shared, by_campaign},
};
use super::{OpenError, RedisOptions, Server};
use domain::group::GroupBounds;

/// The stock of running campaigns, in a Redis that all replicas share.
pub struct RedisStock {
    shared: Arc<Shared>,
    granting: Granting,
    releasing: Lanes<Releasing>,
}

impl RedisStock {
    /// The most that one script call does: it keeps a call below a few milliseconds.
    const GROUP: usize = 256;
    /// Calls of one lane at the same time: while Redis does one, the next is on its way.
    const AT_ONCE: usize = 2;
    /// The least that is worth a call beside another: below, the next call takes more.
    const BESIDE: usize = 128;
    /// What may wait in one lane.
    const WAITING: usize = 10_000;

    /// Connects, checks that this Redis can be relied on, and starts the tasks that commit.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn open(options: &RedisOptions) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared::new(Server::open(options).await?, options));
        let bounds = GroupBounds {
            group: Self::GROUP,
            at_once: Self::AT_ONCE,
            beside: Self::BESIDE,
            in_the_way: None,
            waiting: Self::WAITING,
            leave_out_abandoned: false,
        };
        let releasing = Lanes::start(bounds, || Releasing(Arc::clone(&shared)));
        Ok(Self { granting: Granting::default(), releasing, shared })
    }

    /// Ends it: what waits is still done and answered, and whoever releases from now on is refused.
    pub async fn close(&self) {
        self.releasing.close().await;
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.shared.ping().await
    }
}

#[async_trait]
impl StockStore for RedisStock {
    fn is_durable(&self) -> bool {
        self.shared.server.is_durable()
    }

    async fn reserve_all(&self, asks: &[Reserve]) -> Vec<Result<Reserved, Fault>> {
        let campaign = |ask: &&Reserve| ask.campaign_id;
        by_campaign(asks.iter().collect(), campaign, |campaign, asks| self.grab(campaign, asks)).await
    }

    async fn release(&self, campaign: CampaignId, order: OrderId) -> Result<u32, Fault> {
        self.shared.in_time(self.releasing.of(campaign).submit((campaign, order))).await
    }

    async fn level(&self, campaign: CampaignId) -> Result<Option<StockLevel>, Fault> {
        self.shared.level(campaign).await
    }

    async fn find_hold(&self, order: OrderId) -> Result<Option<Hold>, Fault> {
        let campaigns = self.shared.campaigns().await?;
        let found = join_all(campaigns.into_iter().map(|campaign| self.shared.find_hold(campaign, order))).await;
        // One campaign's node may be away: that is no matter if the hold is found in another's.
        let mut failed = None;
        for found in found {
            match found {
                Ok(Some(hold)) => return Ok(Some(hold)),
                Ok(None) => {}
                Err(fault) => failed = Some(fault),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    async fn holds_of(&self, user: UserId, campaign: Option<CampaignId>) -> Result<Vec<Hold>, Fault> {
        let campaigns = match campaign {
            Some(campaign) => vec![campaign],
            None => self.shared.campaigns().await?,
        };
        let holds = campaigns.into_iter().map(|campaign| self.shared.holds_of(campaign, user));
        let mut holds = try_join_all(holds).await?.concat();
        holds.sort_by_key(|hold| std::cmp::Reverse(hold.order_id));
        Ok(holds)
    }

    async fn recall(&self, user: UserId, key: &RequestKey) -> Result<Option<RememberedRequest>, Fault> {
        let campaigns = self.shared.campaigns().await?;
        let found = campaigns.into_iter().map(|campaign| self.shared.recall(campaign, user, key));
        Ok(try_join_all(found).await?.into_iter().flatten().next())
    }

    async fn claim_opening(&self, campaign: CampaignId) -> Result<Option<OpeningClaim>, Fault> {
        self.shared.claim_opening(campaign).await
    }

    async fn keep_claim(&self, claim: &OpeningClaim, longer: Duration) -> Result<(), Fault> {
        self.shared.keep_claim(claim, longer).await
    }

    async fn load(&self, stock: SaleStock, claim: &OpeningClaim) -> Result<bool, Fault> {
        self.shared.load(&stock, claim).await
    }

    async fn unload(&self, campaign: CampaignId) -> Result<(), Fault> {
        self.shared.unload(campaign).await
    }

    async fn loaded(&self) -> Result<Vec<CampaignId>, Fault> {
        self.shared.loaded().await
    }

    async fn set_terms(&self, campaign: CampaignId, terms: &SaleTerms) -> Result<(), Fault> {
        self.shared.set_terms(campaign, terms).await
    }

    async fn adjust(&self, campaign: CampaignId, delta: i32) -> Result<StockAdjusted, Fault> {
        self.shared.adjust(campaign, delta).await
    }

    async fn unpublished(&self, older_than: Duration, max: usize) -> Result<Vec<Hold>, Fault> {
        let campaigns = self.shared.campaigns().await?;
        let left = campaigns.into_iter().map(|campaign| self.shared.unpublished(campaign, older_than, max));
        let mut left = try_join_all(left).await?.concat();
        left.sort_by_key(|hold| (hold.grabbed_at, hold.order_id));
        left.truncate(max);
        Ok(left)
    }

    async fn note_published(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
        by_campaign(
            holds.iter().collect(),
            |hold| hold.campaign_id,
            |campaign, holds| async move { self.shared.note(campaign, &holds).await },
        )
        .await
    }

    async fn holds(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        self.shared.holds(campaign).await
    }
}

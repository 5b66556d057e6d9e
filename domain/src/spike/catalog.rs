//! Campaigns as buyers see them: the stored campaign, its state now and what is left.
//!
//! Campaigns are read often and change seldom, so they are cached for a second; this process's own
//! changes are seen at once. Grabs do not rely on the cache: the stock store has its own terms. While the database
//! is away, what was known of a campaign goes on.

use std::{sync::Arc, time::Duration};

use super::{
    campaign::{Campaign, CampaignState, Stage},
    opening::Opening,
    ports::{CampaignReader, StockStore},
};
use crate::{clock::Clock, error::Fault, id::CampaignId, last_known::LastKnown};

/// A campaign as it is seen at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignView {
    /// What is stored.
    pub campaign: Arc<Campaign>,
    /// What follows from the clock and the stock.
    pub state: CampaignState,
    /// Units left.
    pub remaining: u32,
}

impl CampaignView {
    /// Whether people see the same: orders that reach the database change the stored campaign, not this.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        (self.state, self.remaining, self.campaign.version) == (other.state, other.remaining, other.campaign.version)
    }
}

/// Reads campaigns.
pub struct Catalog {
    reader: Arc<dyn CampaignReader>,
    stock: Arc<dyn StockStore>,
    opening: Arc<Opening>,
    clock: Arc<dyn Clock>,
    cache: LastKnown<CampaignId, Option<Arc<Campaign>>>,
}

impl Catalog {
    /// Wires the service.
    pub fn new(
        reader: Arc<dyn CampaignReader>,
        stock: Arc<dyn StockStore>,
        opening: Arc<Opening>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let cache = LastKnown::new(clock.clone(), 10_000, Duration::from_secs(1));
        Self { reader, stock, opening, clock, cache }
    }

    /// A campaign, drafts too: whoever calls decides who may see those.
    pub async fn find(&self, id: CampaignId) -> Result<Option<Arc<Campaign>>, Fault> {
        self.cache.get(id, async { Ok(self.reader.by_ids(&[id]).await?.pop().map(Arc::new)) }).await
    }

    /// Many campaigns at once; unknown ids are left out.
    pub async fn find_many(&self, ids: &[CampaignId]) -> Result<Vec<Arc<Campaign>>, Fault> {
        let mut found = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            match self.cache.fresh(id).await {
                Some(cached) => found.extend(cached),
                None => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            for campaign in self.reader.by_ids(&missing).await? {
                let campaign = Arc::new(campaign);
                self.cache.put(campaign.id, Some(Arc::clone(&campaign))).await;
                found.push(campaign);
            }
        }
        Ok(found)
    }

    /// How a campaign is seen now.
    pub async fn view(&self, campaign: Arc<Campaign>) -> Result<CampaignView, Fault> {
        let remaining = self.remaining(&campaign).await?;
        Ok(CampaignView { state: campaign.state(self.clock.now(), remaining), campaign, remaining })
    }

    /// How a campaign is seen now, by its id.
    pub async fn view_by_id(&self, id: CampaignId) -> Result<Option<CampaignView>, Fault> {
        match self.find(id).await? {
            Some(campaign) => Ok(Some(self.view(campaign).await?)),
            None => Ok(None),
        }
    }

    /// Forgets what is cached of a campaign, after it was changed.
    pub async fn forget(&self, id: CampaignId) {
        self.cache.forget(&id).await;
    }

    /// Units left. The stock store knows while the campaign runs; before and after it the database does,
    /// and is not asked to open the stock for somebody who only looks.
    async fn remaining(&self, campaign: &Campaign) -> Result<u32, Fault> {
        if let Some(level) = self.stock.level(campaign.id).await? {
            return Ok(level.available);
        }
        let now = self.clock.now();
        let running = campaign.stage != Stage::Draft
            && campaign.stage != Stage::Ended
            && campaign.starts_at <= now
            && now < campaign.ends_at;
        if running {
            self.opening.ensure(campaign.id).await?;
            if let Some(level) = self.stock.level(campaign.id).await? {
                return Ok(level.available);
            }
        }
        Ok(campaign.unallocated())
    }
}

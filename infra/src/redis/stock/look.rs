//! Looking at a campaign's stock, and the changes that administrators make to it.

use std::collections::HashMap;

use chrono::Duration;
use domain::{
    error::Fault,
    id::{CampaignId, OrderId, UserId},
    spike::{
        Hold,
        stock::{RememberedRequest, RequestKey, SaleTerms, StockAdjusted, StockLevel},
    },
};

use super::{opening::terms, shared::Shared};
use crate::redis::{
    error::{PART, unreadable},
    script,
    text::{self, read_hold, read_id},
    token::token,
};

/// Holds that one call reads.
const PAGE: usize = 1_000;

impl Shared {
    pub(super) async fn level(&self, campaign: CampaignId) -> Result<Option<StockLevel>, Fault> {
        let level: Option<[u32; 5]> = self.run(&script::LEVEL.on(&[self.keys(campaign).sale()])).await?;
        Ok(level.map(|[quantity, available, held, epoch, terms_version]| StockLevel {
            quantity,
            available,
            held,
            epoch,
            terms_version,
        }))
    }

    pub(super) async fn find_hold(&self, campaign: CampaignId, order: OrderId) -> Result<Option<Hold>, Fault> {
        let keys = self.keys(campaign);
        let find = script::FIND_HOLD.on(&[keys.sale(), keys.holds()]).with(text::id(order));
        let found: Option<String> = self.run(&find).await?;
        found.map(|hold| read_hold(campaign, order, &hold)).transpose()
    }

    pub(super) async fn holds_of(&self, campaign: CampaignId, user: UserId) -> Result<Vec<Hold>, Fault> {
        let keys = self.keys(campaign);
        let of = script::HOLDS_OF.on(&[keys.sale(), keys.holds(), keys.buyers()]).with(text::id(user));
        let found: Vec<(String, String)> = self.run(&of).await?;
        found.iter().map(|(order, hold)| read_hold(campaign, read_id(order)?, hold)).collect()
    }

    pub(super) async fn recall(
        &self,
        campaign_id: CampaignId,
        user_id: UserId,
        key: &RequestKey,
    ) -> Result<Option<RememberedRequest>, Fault> {
        let keys = self.keys(campaign_id);
        let recall =
            script::RECALL.on(&[keys.sale(), keys.attempts(), keys.outbox()]).with(text::attempt(user_id, key));
        let Some(got) = self.run::<Option<String>>(&recall).await? else { return Ok(None) };
        let (order, quantity) = got.split_once('|').ok_or_else(|| unreadable("an attempt"))?;
        Ok(Some(RememberedRequest {
            user_id,
            request_key: key.clone(),
            campaign_id,
            quantity: quantity.parse().map_err(unreadable)?,
            order_id: read_id(order)?,
        }))
    }

    pub(super) async fn unpublished(
        &self,
        campaign: CampaignId,
        older_than: Duration,
        max: usize,
    ) -> Result<Vec<Hold>, Fault> {
        let (now, keys) = (self.now(), self.keys(campaign));
        let mut left = HashMap::new();
        let (mut from, mut page) = ("-inf".to_owned(), PAGE);
        // By the moment they were taken, and not by their rank: what is published meanwhile must not shift others
        // out of sight.
        while left.len() < max {
            let call = script::UNPUBLISHED.on(&[keys.holds(), keys.outbox()]);
            let call = call.with(&now).with(older_than.num_milliseconds()).with(&from).with(page);
            let found: Vec<(String, String, String)> = self.run(&call).await?;
            let (read, before) = (found.len(), left.len());
            for (order, since, hold) in found {
                let order: OrderId = read_id(&order)?;
                left.insert(order, read_hold(campaign, order, &hold)?);
                from = since;
            }
            if read < page {
                break;
            }
            if left.len() == before {
                // More than a page of the same moment.
                page *= 2;
            }
        }
        let mut left: Vec<Hold> = left.into_values().collect();
        left.sort_by_key(|hold| (hold.grabbed_at, hold.order_id));
        left.truncate(max);
        Ok(left)
    }

    /// Reads them in parts, so that the server is not held up. If the campaign is opened anew in between, it begins
    /// anew.
    pub(super) async fn holds(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        const TRIES: u32 = 3;
        for _ in 0..TRIES {
            let Some(level) = self.level(campaign).await? else { return Ok(Vec::new()) };
            let holds = self.scan(campaign).await?;
            if self.level(campaign).await?.is_some_and(|now| now.epoch == level.epoch) {
                return Ok(holds);
            }
        }
        Err(Fault::unavailable(PART, format!("{campaign} is opened again and again")))
    }

    async fn scan(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        // A scan tells each that is there all the time at least once.
        let mut holds = HashMap::new();
        let mut cursor = 0_u64;
        loop {
            let mut cmd = redis::cmd("HSCAN");
            cmd.arg(self.keys(campaign).holds()).arg(cursor).arg("COUNT").arg(PAGE);
            let (next, found): (u64, Vec<(String, String)>) = self.send(&cmd).await?;
            for (order, hold) in found {
                let order: OrderId = read_id(&order)?;
                holds.insert(order, read_hold(campaign, order, &hold)?);
            }
            if next == 0 {
                return Ok(holds.into_values().collect());
            }
            cursor = next;
        }
    }

    pub(super) async fn set_terms(&self, campaign: CampaignId, new: &SaleTerms) -> Result<(), Fault> {
        let mut call = script::SET_TERMS.on(&[self.keys(campaign).sale()]).with(new.version);
        for (name, value) in terms(new) {
            call.arg(name).arg(value);
        }
        self.run::<u64>(&call).await.map(drop)
    }

    pub(super) async fn adjust(&self, campaign: CampaignId, delta: i32) -> Result<StockAdjusted, Fault> {
        let token = token()?;
        let call = script::ADJUST.on(&[self.keys(campaign).sale()]).with(token).with(delta);
        let answer: Option<Vec<u32>> = self.run(&call).await?;
        Ok(match answer.as_deref() {
            None => StockAdjusted::NotLoaded,
            Some([available]) => StockAdjusted::TooFewAvailable { available: *available },
            Some(&[available, quantity, held, epoch, terms_version]) => {
                StockAdjusted::Adjusted(StockLevel { quantity, available, held, epoch, terms_version })
            }
            Some(_) => return Err(unreadable("an adjustment")),
        })
    }
}

//! The campaigns that have keys, each with the epoch it was last opened with: where to look for an order, a user or
//! an attempt whose campaign is not told. They are few.
//!
//! A campaign is written there before it opens, so one that is open is always there. One that has no keys any more
//! is taken out by whoever sees it, unless it was opened again with another epoch meanwhile.

use std::collections::HashMap;

use domain::{error::Fault, id::CampaignId};
use futures_util::future::try_join_all;
use redis::{Cmd, Value};

use super::shared::{Shared, read};
use crate::redis::{
    keys, script,
    text::{self, read_id},
};

impl Shared {
    /// The campaigns that have keys, open or not.
    pub(super) async fn campaigns(&self) -> Result<Vec<CampaignId>, Fault> {
        read_campaigns(self.send(&self.hkeys()).await?)
    }

    /// Asks which campaigns have keys.
    pub(super) fn hkeys(&self) -> Cmd {
        let mut cmd = redis::cmd("HKEYS");
        cmd.arg(keys::campaigns(&self.prefix));
        cmd
    }

    /// Makes a campaign known that is about to be opened.
    pub(super) async fn know(&self, campaign: CampaignId, epoch: u32) -> Result<(), Fault> {
        let mut cmd = redis::cmd("HSET");
        cmd.arg(keys::campaigns(&self.prefix)).arg(text::id(campaign)).arg(epoch);
        self.send::<u64>(&cmd).await.map(drop)
    }

    /// The campaigns that are open. Puts away what is left of those that are over.
    pub(super) async fn loaded(&self) -> Result<Vec<CampaignId>, Fault> {
        let known: HashMap<String, String> =
            self.send(redis::cmd("HGETALL").arg(keys::campaigns(&self.prefix))).await?;
        let standing = known.into_iter().map(|(campaign, epoch)| self.standing(campaign, epoch));
        Ok(try_join_all(standing).await?.into_iter().flatten().collect())
    }

    /// The campaign, if it is open.
    async fn standing(&self, known: String, epoch: String) -> Result<Option<CampaignId>, Fault> {
        let campaign: CampaignId = read_id(&known)?;
        let standing: String = self.run(&script::STANDING.on(&self.keys(campaign).all())).await?;
        match standing.as_str() {
            "open" => return Ok(Some(campaign)),
            "gone" => {
                tracing::debug!(%campaign, epoch, "nothing is left of a life of its stock");
                let forget = script::FORGET.on(&[keys::campaigns(&self.prefix)]).with(known).with(epoch);
                self.run::<u64>(&forget).await?;
            }
            _ => {}
        }
        Ok(None)
    }
}

/// Reads which campaigns have keys.
pub(super) fn read_campaigns(said: Value) -> Result<Vec<CampaignId>, Fault> {
    read::<Vec<String>>(said)?.iter().map(|campaign| read_id(campaign)).collect()
}

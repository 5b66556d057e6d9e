//! What a campaign is: one sale of one product at one price, in a window of time.
//!
//! What is stored is the [`Stage`] that administrators set; the [`CampaignState`] that people see follows
//! from it, the clock and the stock. Nothing has to run at the moment when a sale starts or ends.

use std::str::FromStr;

use crate::{
    clock::Instant,
    id::{CampaignId, ProductId},
    money::Money,
    user::account::UnknownName,
};

/// What administrators made of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Being prepared; only administrators see it.
    Draft,
    /// Sells by itself between its start and its end.
    Published,
    /// Stopped by hand; may go on.
    Paused,
    /// Ended by hand; for good.
    Ended,
}

impl Stage {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Published => "PUBLISHED",
            Self::Paused => "PAUSED",
            Self::Ended => "ENDED",
        }
    }
}

impl FromStr for Stage {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        [Self::Draft, Self::Published, Self::Paused, Self::Ended]
            .into_iter()
            .find(|stage| stage.name() == name)
            .ok_or_else(|| UnknownName { what: "stage", name: name.to_owned() })
    }
}

/// What people see of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CampaignState {
    /// Being prepared.
    Draft,
    /// Will start by itself.
    Scheduled,
    /// Selling.
    Live,
    /// Stopped by hand.
    Paused,
    /// Running, with nothing left at the moment: unpaid units may come back.
    SoldOut,
    /// Over.
    Ended,
}

impl CampaignState {
    /// The name in the graph.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Scheduled => "SCHEDULED",
            Self::Live => "LIVE",
            Self::Paused => "PAUSED",
            Self::SoldOut => "SOLD_OUT",
            Self::Ended => "ENDED",
        }
    }
}

/// A campaign as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Identity.
    pub id: CampaignId,
    /// What is sold.
    pub product_id: ProductId,
    /// Its headline.
    pub title: String,
    /// Of one unit.
    pub price: Money,
    /// Units that the sale has in all.
    pub quantity: u32,
    /// Units in orders that hold or bought them, as the database knows it.
    pub allocated: u32,
    /// Units that one user may hold or buy.
    pub per_user_limit: u32,
    /// First moment of the sale.
    pub starts_at: Instant,
    /// First moment after the sale.
    pub ends_at: Instant,
    /// Seconds from the placing of an order to its payment deadline.
    pub payment_window_seconds: u32,
    /// What administrators made of it.
    pub stage: Stage,
    /// Rises with each change by an administrator, so that two of them cannot overwrite each other and
    /// the stock store never goes back to older terms.
    pub version: u32,
    /// Rises each time the stock is rebuilt from the database.
    pub epoch: u32,
    /// When it was created.
    pub created_at: Instant,
}

impl Campaign {
    /// The most units of one campaign: far below what would overflow a total.
    pub const MAX_QUANTITY: u32 = 10_000_000;

    /// What people see at `now` when `available` units are left.
    #[must_use]
    pub fn state(&self, now: Instant, available: u32) -> CampaignState {
        match self.stage {
            Stage::Draft => CampaignState::Draft,
            Stage::Ended => CampaignState::Ended,
            Stage::Published | Stage::Paused if now >= self.ends_at => CampaignState::Ended,
            Stage::Paused => CampaignState::Paused,
            Stage::Published if now < self.starts_at => CampaignState::Scheduled,
            Stage::Published if available == 0 => CampaignState::SoldOut,
            Stage::Published => CampaignState::Live,
        }
    }

    /// Units left by what the database knows: too high while holds are on their way to it.
    #[must_use]
    pub const fn unallocated(&self) -> u32 {
        self.quantity.saturating_sub(self.allocated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_state_follows_the_stage_the_clock_and_the_stock() {
        use CampaignState as S;
        let at = testing::instant;
        let campaign =
            |stage| Campaign { stage, ..testing::campaign(at("2026-01-01T10:00:00Z"), at("2026-01-01T11:00:00Z")) };
        let (before, first, last, after) = ("09:59:59", "10:00:00", "10:59:59", "11:00:00");
        for (stage, time, left, expected) in [
            (Stage::Draft, first, 5, S::Draft),
            (Stage::Draft, after, 5, S::Draft),
            (Stage::Published, before, 0, S::Scheduled),
            (Stage::Published, first, 5, S::Live),
            (Stage::Published, last, 0, S::SoldOut),
            (Stage::Published, after, 5, S::Ended),
            (Stage::Paused, before, 5, S::Paused),
            (Stage::Paused, last, 0, S::Paused),
            (Stage::Paused, after, 5, S::Ended),
            (Stage::Ended, before, 5, S::Ended),
        ] {
            let now = at(&format!("2026-01-01T{time}Z"));
            assert_eq!(campaign(stage).state(now, left), expected, "{stage:?} at {time} with {left} left");
        }
    }
}

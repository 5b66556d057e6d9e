//! What it means to hold stock: the values that pass through the stock store.
//!
//! Words: a **hold** is a number of units that are one buyer's and nobody else's; it exists from the grab
//! until its order is cancelled, expired, rejected or refunded. The **level** of a campaign is what is left.
//! **Terms** are what the store must know to answer a grab alone. An **epoch** is one life of a campaign's
//! stock: it is rebuilt from the database as the next one when the store may have forgotten something.

use chrono::{Duration, serde::ts_milliseconds};
use serde::{Deserialize, Serialize};

use super::campaign::{Campaign, Stage};
use crate::{
    clock::Instant,
    error::Fault,
    id::{CampaignId, OrderId, UserId},
    money::Money,
};

/// What a client calls one attempt, so that it can ask again without grabbing twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestKey(String);

impl RequestKey {
    /// Reads an idempotency key: 1 to 128 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::bad_input("input.idempotencyKey", "must be 1 to 128 visible ASCII characters"))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Units that are one buyer's. The same value is the message that makes an order of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The order that these units are for.
    pub order_id: OrderId,
    /// The campaign that they come from.
    pub campaign_id: CampaignId,
    /// The buyer.
    pub user_id: UserId,
    /// How many.
    pub quantity: u32,
    /// What one unit cost when it was grabbed.
    pub unit_price: Money,
    /// The limit per user at that moment.
    pub per_user_limit: u32,
    /// Seconds from the placing of the order to its payment deadline, at that moment.
    pub payment_window_seconds: u32,
    /// What the client called its attempt.
    pub request_key: Option<RequestKey>,
    /// When it was grabbed, by the stock store's clock.
    #[serde(with = "ts_milliseconds")]
    pub grabbed_at: Instant,
    /// In which life of the campaign's stock.
    pub epoch: u32,
}

impl Hold {
    /// How long a hold may be on its **passage**, from the moment at which the store is asked for the units until the
    /// queue has confirmed its message, and count as granted without another look at the store.
    ///
    /// The store may lose its memory meanwhile, and be rebuilt without the hold. Whoever rebuilds it waits this long,
    /// once it is closed, before they ask the queue what is in flight: then every message that made its passage in time
    /// is in there and is counted. Both measure a duration of their own, so no two clocks need to agree; but they must
    /// not stand still, as that of a virtual machine does that is paused. (A lease, read from the other side: Gray and
    /// Cheriton, 1989.)
    ///
    /// Several times what a message takes when all is well, and nothing that anybody notices when a sale opens.
    pub const PASSAGE: std::time::Duration = std::time::Duration::from_millis(30);
}

/// What the store must know of a campaign to answer a grab alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleTerms {
    /// The campaign's version: older terms never replace newer ones.
    pub version: u32,
    /// First moment of the sale.
    pub starts_at: Instant,
    /// First moment after the sale.
    pub ends_at: Instant,
    /// Stopped by hand.
    pub paused: bool,
    /// Over by hand.
    pub ended: bool,
    /// Units that one user may hold or buy.
    pub per_user_limit: u32,
    /// Of one unit.
    pub unit_price: Money,
    /// Seconds to pay.
    pub payment_window_seconds: u32,
}

impl From<&Campaign> for SaleTerms {
    fn from(campaign: &Campaign) -> Self {
        Self {
            version: campaign.version,
            starts_at: campaign.starts_at,
            ends_at: campaign.ends_at,
            paused: campaign.stage == Stage::Paused,
            ended: matches!(campaign.stage, Stage::Ended | Stage::Draft),
            per_user_limit: campaign.per_user_limit,
            unit_price: campaign.price,
            payment_window_seconds: campaign.payment_window_seconds,
        }
    }
}

/// What a remembered attempt asked for, and the order it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedRequest {
    /// Who asked.
    pub user_id: UserId,
    /// What they called it.
    pub request_key: RequestKey,
    /// Where.
    pub campaign_id: CampaignId,
    /// How many units.
    pub quantity: u32,
    /// What they got.
    pub order_id: OrderId,
}

impl RememberedRequest {
    /// The attempt that a hold came from, if it had a name.
    #[must_use]
    pub fn of(hold: &Hold) -> Option<Self> {
        hold.request_key.clone().map(|request_key| Self {
            user_id: hold.user_id,
            request_key,
            campaign_id: hold.campaign_id,
            quantity: hold.quantity,
            order_id: hold.order_id,
        })
    }
}

/// A campaign's stock as it is loaded into the store.
#[derive(Debug, Clone)]
pub struct SaleStock {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Its next life.
    pub epoch: u32,
    /// Units in all.
    pub quantity: u32,
    /// What a grab is answered by.
    pub terms: SaleTerms,
    /// All holds: of orders in the database and of messages on their way to it.
    pub holds: Vec<Hold>,
    /// All attempts that got an order, whatever became of it.
    pub requests: Vec<RememberedRequest>,
}

/// The right to open a campaign; see [`super::ports::StockStore::claim_opening`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningClaim {
    /// Which campaign.
    pub campaign_id: CampaignId,
    /// Tells this claim from any other, in the store's own words.
    pub token: String,
}

impl OpeningClaim {
    /// After how long a claim that nobody keeps ends by itself: as long as a sale stands still when the process that
    /// opens it dies.
    pub const LEASE: Duration = Duration::seconds(5);
    /// The same for the claim of an opening that failed: a sale does not stand still for it, and what makes openings fail is
    /// not asked again and again by everybody who grabs.
    pub const PAUSE: Duration = Duration::milliseconds(500);
}

/// A grab, as the store is asked.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// Of which campaign.
    pub campaign_id: CampaignId,
    /// For whom.
    pub user_id: UserId,
    /// The id that the order will have.
    pub order_id: OrderId,
    /// Units, at least 1.
    pub quantity: u32,
    /// What the client calls this attempt.
    pub request_key: Option<RequestKey>,
}

/// What the store answered, in the order in which it checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// This attempt got an order before. `unpublished` is its hold if it is not noted as published.
    Known {
        /// The attempt and its order.
        request: RememberedRequest,
        /// To be published, once more perhaps.
        unpublished: Option<Hold>,
    },
    /// The same user used this key for something else.
    KeyReused,
    /// The store does not know the campaign (any more): load it and ask again.
    NotLoaded,
    /// Over.
    Ended,
    /// Stopped by hand.
    Paused,
    /// Not yet.
    NotStarted {
        /// When it will.
        starts_at: Instant,
    },
    /// More than one user may have.
    LimitExceeded {
        /// Units that one user may have.
        limit: u32,
        /// Units that this user has.
        holding: u32,
    },
    /// Nothing left.
    SoldOut,
    /// Something left, but not as much.
    Insufficient {
        /// How much.
        remaining: u32,
    },
    /// The units are the caller's.
    Held {
        /// They, and on what terms.
        hold: Hold,
        /// What is left for others.
        remaining: u32,
    },
}

/// How a campaign's stock stands in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockLevel {
    /// Units in all.
    pub quantity: u32,
    /// Units left.
    pub available: u32,
    /// Units held, counted apart from those that are left.
    pub held: u32,
    /// The life of this stock.
    pub epoch: u32,
    /// The version of its terms.
    pub terms_version: u32,
}

/// What the store answered to an adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockAdjusted {
    /// Done.
    Adjusted(StockLevel),
    /// Fewer units are left than are to be taken away.
    TooFewAvailable {
        /// How many are left.
        available: u32,
    },
    /// The campaign is not loaded, so there is nothing to adjust.
    NotLoaded,
}

//! The stock ledger of a campaign: every unit that moved, and moving units by hand.
//!
//! A campaign's units stand in one of three columns: available, held by unpaid orders, sold. A movement
//! changes the columns; their sums are the truth that reports are computed from.

use std::{str::FromStr, sync::Arc};

use super::{
    audit::Auditor,
    ports::{CampaignStore, LedgerAdjusted},
};
use crate::{
    clock::{Clock, Instant},
    error::{Failure, Fault, Refusal},
    id::{CampaignId, IdSource, MovementId, OrderId, UserId},
    page::{Page, PageRequest},
    spike::{
        Stage,
        catalog::{CampaignView, Catalog},
        opening::{Opened, Opening},
        ports::{CampaignReader, StockStore},
        stock::StockAdjusted,
    },
    text,
    user::{Administrator, account::UnknownName},
};

/// Why units moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// The campaign was published with its first units.
    Stocked,
    /// An administrator added units or took some away.
    Adjusted,
    /// An order holds them.
    Held,
    /// The order was paid.
    Sold,
    /// The order was cancelled or expired.
    Released,
    /// The order was refunded.
    Returned,
}

impl MovementKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Stocked, Self::Adjusted, Self::Held, Self::Sold, Self::Released, Self::Returned];

    /// The name in the graph and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stocked => "STOCKED",
            Self::Adjusted => "ADJUSTED",
            Self::Held => "HELD",
            Self::Sold => "SOLD",
            Self::Released => "RELEASED",
            Self::Returned => "RETURNED",
        }
    }

    /// How `units` of an order move the three columns (available, held, sold).
    #[must_use]
    pub const fn columns(self, units: i64) -> (i64, i64, i64) {
        match self {
            Self::Stocked | Self::Adjusted => (units, 0, 0),
            Self::Held => (-units, units, 0),
            Self::Sold => (0, -units, units),
            Self::Released => (units, -units, 0),
            Self::Returned => (units, 0, -units),
        }
    }
}

impl FromStr for MovementKind {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName { what: "stock movement", name: name.to_owned() };
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(unknown)
    }
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockMovement {
    /// Identity.
    pub id: MovementId,
    /// Of which campaign.
    pub campaign_id: CampaignId,
    /// For which order.
    pub order_id: Option<OrderId>,
    /// Why.
    pub kind: MovementKind,
    /// Units that became available.
    pub available: i64,
    /// Units that became held.
    pub held: i64,
    /// Units that became sold.
    pub sold: i64,
    /// What the administrator gave as a reason.
    pub reason: Option<String>,
    /// Which administrator; none for what buyers and the clock do.
    pub actor: Option<UserId>,
    /// When.
    pub at: Instant,
}

/// Why stock was not adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under AdjustStockErrorCode")]
pub enum AdjustRefusal {
    CampaignNotFound,
    InvalidDelta,
    InvalidReason,
    InsufficientStock,
    NotAllowedInState,
}

/// Moves units by hand and shows the ledger.
pub struct StockDesk {
    store: Arc<dyn CampaignStore>,
    reader: Arc<dyn CampaignReader>,
    stock: Arc<dyn StockStore>,
    opening: Arc<Opening>,
    catalog: Arc<Catalog>,
    auditor: Auditor,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl StockDesk {
    /// Wires the service.
    #[expect(clippy::too_many_arguments, reason = "a wiring, called once")]
    pub fn new(
        store: Arc<dyn CampaignStore>,
        reader: Arc<dyn CampaignReader>,
        stock: Arc<dyn StockStore>,
        opening: Arc<Opening>,
        catalog: Arc<Catalog>,
        auditor: Auditor,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { store, reader, stock, opening, catalog, auditor, clock, ids }
    }

    /// Adds units to a campaign or takes available ones away.
    ///
    /// The order of the two steps keeps the stock store from ever having more than the database: what is
    /// taken away leaves the store first, what is added enters it last. Between the steps the store has
    /// less, which sells nothing twice.
    pub async fn adjust(
        &self,
        admin: Administrator,
        id: CampaignId,
        delta: i32,
        reason: &str,
    ) -> Result<CampaignView, Failure<AdjustRefusal>> {
        use AdjustRefusal as Code;
        let reason = reason.trim();
        if !text::fits(reason, 1, 280, true) {
            return Err(Refusal::at(Code::InvalidReason, "reason", "a reason has 1 to 280 characters").into());
        }
        if delta == 0 || delta.unsigned_abs() > crate::spike::Campaign::MAX_QUANTITY {
            return Err(Refusal::at(
                Code::InvalidDelta,
                "delta",
                "a delta is not zero and not beyond what a campaign can have",
            )
            .into());
        }
        let not_found = || Refusal::at(Code::CampaignNotFound, "campaignId", "there is no such campaign");
        let campaign = self.reader.by_ids(&[id]).await?.pop().ok_or_else(not_found)?;
        let now = self.clock.now();
        if matches!(campaign.stage, Stage::Draft | Stage::Ended) || now >= campaign.ends_at {
            let message = "stock is adjusted from publication to the end; a draft's quantity is set by updateCampaign";
            return Err(Refusal::new(Code::NotAllowedInState, message).into());
        }
        if self.opening.ensure(id).await? != Opened::Open {
            return Err(Refusal::new(Code::NotAllowedInState, "the campaign has ended").into());
        }
        let too_few = |available: u32| {
            Refusal::at(Code::InsufficientStock, "delta", format!("only {available} units are available"))
        };
        if delta < 0 {
            match self.stock.adjust(id, delta).await? {
                StockAdjusted::Adjusted(_) => {}
                StockAdjusted::TooFewAvailable { available } => return Err(too_few(available).into()),
                StockAdjusted::NotLoaded => return Err(Fault::Unavailable { part: "stock", cause: None }.into()),
            }
        }
        let movement = StockMovement {
            id: self.ids.next(now),
            campaign_id: id,
            order_id: None,
            kind: MovementKind::Adjusted,
            available: i64::from(delta),
            held: 0,
            sold: 0,
            reason: Some(reason.to_owned()),
            actor: Some(admin.id()),
            at: now,
        };
        let audit = self.auditor.entry(admin, "adjustStock", id, format!("{delta:+}: {reason}"));
        let adjusted = self.store.adjust(id, &movement, &audit).await;
        let done = matches!(adjusted, Ok(LedgerAdjusted::Adjusted(_)));
        // Into the store: what was added, or back what the database did not let go.
        if done == (delta > 0) {
            self.stock.adjust(id, delta.saturating_abs()).await?;
        }
        match adjusted? {
            LedgerAdjusted::Adjusted(campaign) => {
                self.catalog.forget(id).await;
                Ok(self.catalog.view(Arc::new(campaign)).await?)
            }
            LedgerAdjusted::NotFound => Err(not_found().into()),
            LedgerAdjusted::OutOfRange if delta > 0 => {
                Err(Refusal::at(Code::InvalidDelta, "delta", "more than a campaign can have").into())
            }
            LedgerAdjusted::OutOfRange => Err(too_few(campaign.unallocated()).into()),
        }
    }

    /// The ledger of a campaign, the newest movement first.
    pub async fn movements(
        &self,
        _: Administrator,
        id: CampaignId,
        page: &PageRequest<MovementId>,
    ) -> Result<Page<StockMovement>, Fault> {
        self.store.movements(id, page).await
    }
}

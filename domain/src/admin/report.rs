//! The report of a campaign: computed from the ledgers, and checked against them.

use std::{collections::HashMap, sync::Arc};

use chrono::Duration;

use super::ports::{CampaignStore, LedgerFigures};
use crate::{
    error::Fault,
    id::OrderId,
    money::Money,
    order::OrderStatus,
    spike::{
        Campaign, Hold,
        ports::{MessageBus, StockStore},
        stock::StockLevel,
    },
    user::Administrator,
};

/// How a campaign does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of the graph's CampaignReport")]
pub struct CampaignReport {
    pub grabs: u32,
    pub queued: u32,
    pub pending_payment: u32,
    pub paid: u32,
    pub cancelled: u32,
    pub expired: u32,
    pub rejected: u32,
    pub refunded: u32,
    pub available: u32,
    pub revenue: Money,
    /// Whether the ledgers agree: see [`balanced`].
    pub balanced: bool,
}

/// Writes reports.
pub struct Reports {
    store: Arc<dyn CampaignStore>,
    stock: Arc<dyn StockStore>,
    bus: Arc<dyn MessageBus>,
}

impl Reports {
    /// How often an imbalance is looked at again before it is believed: between two looks a change that was
    /// half seen, such as an adjustment, is through.
    const LOOKS: usize = 5;

    /// Wires the service.
    pub fn new(store: Arc<dyn CampaignStore>, stock: Arc<dyn StockStore>, bus: Arc<dyn MessageBus>) -> Self {
        Self { store, stock, bus }
    }

    /// The report of a campaign as it stands.
    pub async fn of(&self, _: Administrator, campaign: &Campaign) -> Result<CampaignReport, Fault> {
        let mut look = self.look(campaign).await?;
        for _ in 1..Self::LOOKS {
            if look.balanced() {
                break;
            }
            look = self.look(campaign).await?;
        }
        let figures = &look.figures;
        let count = |status| figures.orders.get(&status).map_or(0, |(orders, _)| *orders);
        let queued = u32::try_from(look.on_the_way.len()).unwrap_or(u32::MAX);
        Ok(CampaignReport {
            grabs: queued + OrderStatus::ALL.into_iter().map(count).sum::<u32>(),
            queued,
            pending_payment: count(OrderStatus::PendingPayment),
            paid: count(OrderStatus::Paid),
            cancelled: count(OrderStatus::Cancelled),
            expired: count(OrderStatus::Expired),
            rejected: count(OrderStatus::Rejected),
            refunded: count(OrderStatus::Refunded),
            // Of the figures and not of the campaign, which may have been read a moment ago.
            available: look.level.map_or(figures.quantity.saturating_sub(figures.allocated), |level| level.available),
            revenue: Money::new(figures.revenue_minor, campaign.price.currency),
            balanced: look.balanced(),
        })
    }

    /// Looks at the stock store, the queue and the database, one after the other.
    ///
    /// If the store stood still meanwhile, every hold in it was seen exactly once: before its message is
    /// published it is noted as unpublished, then it is in flight, then its order is in the database. They are
    /// asked in that order, and the database in the same transaction as its sums, so that what moves on in
    /// between is seen in the later place and counted there.
    async fn look(&self, campaign: &Campaign) -> Result<Look, Fault> {
        let before = self.stock.level(campaign.id).await?;
        let unpublished = self.stock.unpublished(Duration::zero(), usize::MAX).await?;
        let mut on_the_way: HashMap<OrderId, Hold> = unpublished
            .into_iter()
            .filter(|hold| hold.campaign_id == campaign.id)
            .map(|hold| (hold.order_id, hold))
            .collect();
        on_the_way.extend(self.bus.in_flight(campaign.id).await?.into_iter().map(|hold| (hold.order_id, hold)));
        let ids: Vec<OrderId> = on_the_way.keys().copied().collect();
        let figures = self.store.figures(campaign.id, &ids).await?.unwrap_or_default();
        on_the_way.retain(|id, _| !figures.placed.contains(id));
        let level = self.stock.level(campaign.id).await?;
        Ok(Look { stood_still: before == level, level, on_the_way, figures })
    }
}

/// What was seen of a campaign.
struct Look {
    level: Option<StockLevel>,
    stood_still: bool,
    on_the_way: HashMap<OrderId, Hold>,
    figures: LedgerFigures,
}

impl Look {
    /// Whether the ledgers agree, as far as they were seen at one moment: a stock store that sold something
    /// while it was looked at cannot be compared.
    fn balanced(&self) -> bool {
        let units = self.on_the_way.values().map(|hold| u64::from(hold.quantity)).sum();
        balanced(&self.figures, self.level.filter(|_| self.stood_still), units)
    }
}

/// The ledger check: quantity = available + held + sold, in the movements, in the campaign's row and in the
/// orders; the money journal sums to zero and its revenue is what paid orders cost; and the stock store has
/// what the ledger says is available.
///
/// The database is read in one transaction and must always agree with itself. The store has what the ledger says
/// is available, less the units of holds that are on their way to the database, and perhaps less the units of
/// closed orders that are on their way back. At rest nothing is on its way and the comparison is exact.
#[must_use]
pub fn balanced(figures: &LedgerFigures, level: Option<StockLevel>, units_on_the_way: u64) -> bool {
    let units = |status| figures.orders.get(&status).map_or(0, |(_, units)| i64::try_from(*units).unwrap_or(i64::MAX));
    let ledger = figures.moved_available + figures.moved_held + figures.moved_sold;
    // A draft has no movements yet.
    let draft = ledger == 0 && figures.orders.is_empty() && figures.allocated == 0;
    let database = draft
        || (ledger == i64::from(figures.quantity)
            && figures.moved_available >= 0
            && figures.moved_held == units(OrderStatus::PendingPayment)
            && figures.moved_sold == units(OrderStatus::Paid)
            && i64::from(figures.allocated) == figures.moved_held + figures.moved_sold);
    let money = figures.postings_minor == 0 && figures.revenue_minor == figures.paid_minor;
    let store = level.is_none_or(|level| {
        let units = |units: u64| i64::try_from(units).unwrap_or(i64::MAX);
        let most = figures.moved_available - units(units_on_the_way);
        let least = most - units(figures.returning);
        level.quantity == figures.quantity
            && level.available + level.held == level.quantity
            && (least..=most).contains(&i64::from(level.available))
    });
    database && money && store
}

//! The report of a campaign: computed from the ledgers, and checked against them.

use std::sync::Arc;

use super::ports::{CampaignStore, LedgerFigures};
use crate::{
    error::Fault,
    money::Money,
    order::{OrderStatus, ports::OrderStore, reading::not_placed},
    spike::{
        Campaign,
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
    orders: Arc<dyn OrderStore>,
    stock: Arc<dyn StockStore>,
    bus: Arc<dyn MessageBus>,
}

impl Reports {
    /// Wires the service.
    pub fn new(
        store: Arc<dyn CampaignStore>,
        orders: Arc<dyn OrderStore>,
        stock: Arc<dyn StockStore>,
        bus: Arc<dyn MessageBus>,
    ) -> Self {
        Self { store, orders, stock, bus }
    }

    /// The report of a campaign as it stands.
    pub async fn of(&self, _: Administrator, campaign: &Campaign) -> Result<CampaignReport, Fault> {
        let in_flight = self.bus.in_flight(campaign.id).await?;
        let figures = self.store.figures(campaign.id).await?.unwrap_or_default();
        let level = self.stock.level(campaign.id).await?;
        let on_the_way = not_placed(&*self.orders, in_flight).await?;
        let count = |status| figures.orders.get(&status).map_or(0, |(orders, _)| *orders);
        let queued = u32::try_from(on_the_way.len()).unwrap_or(u32::MAX);
        Ok(CampaignReport {
            grabs: queued + OrderStatus::ALL.into_iter().map(count).sum::<u32>(),
            queued,
            pending_payment: count(OrderStatus::PendingPayment),
            paid: count(OrderStatus::Paid),
            cancelled: count(OrderStatus::Cancelled),
            expired: count(OrderStatus::Expired),
            rejected: count(OrderStatus::Rejected),
            refunded: count(OrderStatus::Refunded),
            available: level.map_or(campaign.unallocated(), |level| level.available),
            revenue: Money::new(figures.revenue_minor, campaign.price.currency),
            balanced: balanced(&figures, level, on_the_way.iter().map(|hold| u64::from(hold.quantity)).sum()),
        })
    }
}

/// The ledger check: quantity = available + held + sold, in the movements, in the campaign's row and in the
/// orders; the money journal sums to zero and its revenue is what paid orders cost; and the stock store has
/// what the ledger says is available.
///
/// The database is read in one transaction and must always agree with itself. The stock store cannot be read
/// in the same moment: units whose message or return is on its way may be counted on either side, so the
/// store must lie within them. At rest nothing is on its way and the comparison is exact.
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
        let on_the_way = i64::try_from(units_on_the_way + figures.returning).unwrap_or(i64::MAX);
        let available = i64::from(level.available);
        level.quantity == figures.quantity
            && level.available + level.held == level.quantity
            && available <= figures.moved_available
            && available >= figures.moved_available - on_the_way
    });
    database && money && store
}

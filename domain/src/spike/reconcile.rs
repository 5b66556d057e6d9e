//! Reconciliation: the stock store, the queue and the database are held against each other, and what differs is
//! repaired.
//!
//! A hold goes one way: it is noted as unpublished, then in flight, then its order is in the database. They are
//! looked at in that order, after the holds of the store, so a hold that is nowhere was really lost on its way, and
//! nothing that only moved on is taken for lost. What may differ, and what mends it:
//!
//! | what was found | what is done |
//! |---|---|
//! | a hold whose message is gone | it is published again |
//! | a hold whose order is closed | its units come back |
//! | an order with units that the store does not hold, or another quantity | the stock is rebuilt in a new life |
//!
//! Every repair is one that is harmless if the finding was wrong.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    campaign::Campaign,
    opening::Opening,
    ports::{CampaignReader, MessageBus, StockStore},
    stock::Hold,
};
use crate::{
    error::Fault,
    id::{CampaignId, OrderId},
    order::{
        Order, OrderStatus,
        ports::{OrderFilter, OrderStore},
    },
    page::{MAX_PAGE, PageRequest},
};

/// What differed in a campaign. Empty is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Holds whose message is gone: in neither the outbox, nor the queue, nor the database.
    pub lost: Vec<OrderId>,
    /// Holds whose order is closed: units that never came back.
    pub kept: Vec<OrderId>,
    /// Orders with units that the store does not hold: it would sell them again.
    pub unheld: Vec<OrderId>,
    /// Units of the campaign by the database and by the store, if they differ.
    pub quantity: Option<(u32, u32)>,
}

impl Findings {
    /// Whether nothing differed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the store must be rebuilt to be right again.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        !self.unheld.is_empty() || self.quantity.is_some()
    }
}

/// The units of a campaign by the database and by the store, at one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In all, by the database.
    pub quantity: u32,
    /// In orders, by the database.
    pub allocated: u32,
    /// In all, by the store.
    pub store_quantity: u32,
    /// Held, by the store.
    pub store_held: u32,
}

/// Compares and repairs.
pub struct Reconciliation {
    stock: Arc<dyn StockStore>,
    bus: Arc<dyn MessageBus>,
    campaigns: Arc<dyn CampaignReader>,
    orders: Arc<dyn OrderStore>,
    opening: Arc<Opening>,
}

impl Reconciliation {
    /// Orders of one read.
    const BATCH: usize = 500;

    /// Wires the service.
    pub fn new(
        stock: Arc<dyn StockStore>,
        bus: Arc<dyn MessageBus>,
        campaigns: Arc<dyn CampaignReader>,
        orders: Arc<dyn OrderStore>,
        opening: Arc<Opening>,
    ) -> Self {
        Self { stock, bus, campaigns, orders, opening }
    }

    /// The open campaigns whose store and database do not have the same units in hand at the moment: while grabs
    /// are on their way that is so, at rest it is not.
    pub async fn out_of_step(&self) -> Result<HashMap<CampaignId, Standing>, Fault> {
        let mut differing = HashMap::new();
        for campaign in self.campaigns.by_ids(&self.stock.loaded().await?).await? {
            let Some(level) = self.stock.level(campaign.id).await? else { continue };
            let standing = Standing {
                quantity: campaign.quantity,
                allocated: campaign.allocated,
                store_quantity: level.quantity,
                store_held: level.held,
            };
            if (standing.quantity, standing.allocated) != (standing.store_quantity, standing.store_held) {
                differing.insert(campaign.id, standing);
            }
        }
        Ok(differing)
    }

    /// What differs in a campaign. Empty if it is not open: there is nothing to compare.
    pub async fn compare(&self, id: CampaignId) -> Result<Findings, Fault> {
        if self.stock.level(id).await?.is_none() {
            return Ok(Findings::default());
        }
        let holds = self.stock.holds(id).await?;
        let mut on_the_way: HashSet<OrderId> = HashSet::new();
        let unpublished = self.stock.unpublished(chrono::Duration::zero(), usize::MAX).await?;
        on_the_way.extend(unpublished.iter().map(|hold| hold.order_id));
        on_the_way.extend(self.bus.in_flight(id).await?.iter().map(|hold| hold.order_id));

        let mut findings = Findings::default();
        for holds in holds.chunks(Self::BATCH) {
            self.compare_holds(holds, &on_the_way, &mut findings).await?;
        }
        let held: HashSet<OrderId> = holds.iter().map(|hold| hold.order_id).collect();
        findings.unheld = self.unheld(id, &held).await?;
        findings.quantity = self.quantities(id).await?;
        Ok(findings)
    }

    async fn compare_holds(
        &self,
        holds: &[Hold],
        on_the_way: &HashSet<OrderId>,
        findings: &mut Findings,
    ) -> Result<(), Fault> {
        let ids: Vec<OrderId> = holds.iter().map(|hold| hold.order_id).collect();
        let orders = self.orders.by_ids(&ids).await?;
        let placed: HashSet<OrderId> = orders.iter().map(|order| order.id).collect();
        let closed: Vec<OrderId> =
            orders.iter().filter(|order| !order.status.has_units()).map(|order| order.id).collect();
        findings.kept.extend(self.still_held(&closed).await?);
        let nowhere: Vec<OrderId> =
            ids.into_iter().filter(|id| !placed.contains(id) && !on_the_way.contains(id)).collect();
        findings.lost.extend(self.still_held(&nowhere).await?);
        Ok(())
    }

    /// Those that the store still holds: the others were given back meanwhile.
    async fn still_held(&self, orders: &[OrderId]) -> Result<Vec<OrderId>, Fault> {
        let mut held = Vec::new();
        for order in orders {
            if self.stock.find_hold(*order).await?.is_some() {
                held.push(*order);
            }
        }
        Ok(held)
    }

    /// Orders with units that the store does not hold. Suspects are looked at once more: a hold may be younger than
    /// the list of holds, and an order may have been closed meanwhile.
    async fn unheld(&self, id: CampaignId, held: &HashSet<OrderId>) -> Result<Vec<OrderId>, Fault> {
        let statuses = OrderStatus::ALL.into_iter().filter(|status| status.has_units()).collect();
        let filter = OrderFilter { campaign: Some(id), user: None, statuses };
        let mut page = PageRequest { limit: MAX_PAGE, ..PageRequest::default() };
        let mut suspects = Vec::new();
        loop {
            let found = self.orders.list(&filter, &page).await?;
            for Order { id, .. } in found.items.iter().filter(|order| !held.contains(&order.id)) {
                if self.stock.find_hold(*id).await?.is_none() {
                    suspects.push(*id);
                }
            }
            match found.items.last() {
                Some(last) if found.has_next => page.after = Some(last.id),
                _ => break,
            }
        }
        let mut unheld = Vec::new();
        for suspects in suspects.chunks(Self::BATCH) {
            let orders = self.orders.by_ids(suspects).await?;
            unheld.extend(orders.iter().filter(|order| order.status.has_units()).map(|order| order.id));
        }
        Ok(unheld)
    }

    /// The quantities, if they differ: looked at twice, because an adjustment changes one after the other.
    async fn quantities(&self, id: CampaignId) -> Result<Option<(u32, u32)>, Fault> {
        let mut before = None;
        loop {
            let Some(Campaign { quantity, .. }) = self.campaigns.by_ids(&[id]).await?.pop() else { return Ok(None) };
            let Some(level) = self.stock.level(id).await? else { return Ok(None) };
            let found = (quantity != level.quantity).then_some((quantity, level.quantity));
            if found.is_none() || found == before {
                return Ok(found);
            }
            before = found;
        }
    }

    /// Repairs what was found.
    pub async fn repair(&self, id: CampaignId, findings: &Findings) -> Result<(), Fault> {
        for order in &findings.lost {
            if let Some(hold) = self.stock.find_hold(*order).await? {
                tracing::warn!(%order, campaign = %id, "the message of a hold was lost; publishing it again");
                self.bus.publish(&hold).await?;
            }
        }
        for order in &findings.kept {
            tracing::warn!(%order, campaign = %id, "the units of a closed order had not come back");
            self.stock.release(id, *order).await?;
        }
        if findings.needs_rebuild() {
            tracing::error!(campaign = %id, unheld = findings.unheld.len(), quantity = ?findings.quantity,
                "the stock does not fit the orders; rebuilding it");
            self.stock.unload(id).await?;
            self.opening.ensure(id).await?;
        }
        Ok(())
    }
}

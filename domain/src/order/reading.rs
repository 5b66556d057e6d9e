//! Reading orders: from the database, and until they are there from their holds.

use std::{collections::HashSet, sync::Arc};

use super::{
    ports::{OrderFilter, OrderStore},
    status::{Order, OrderEvent, OrderStatus},
};
use crate::{
    error::Fault,
    id::{CampaignId, OrderId, UserId},
    page::{Page, PageRequest},
    spike::{
        Hold,
        ports::StockStore,
        stock::{RememberedRequest, Reserve},
    },
    user::{Administrator, Viewer, profile::Users},
};

/// The holds whose orders the database does not have, open or closed.
pub async fn not_placed(store: &dyn OrderStore, holds: Vec<Hold>) -> Result<Vec<Hold>, Fault> {
    if holds.is_empty() {
        return Ok(holds);
    }
    let ids: Vec<OrderId> = holds.iter().map(|hold| hold.order_id).collect();
    let placed: HashSet<OrderId> = store.by_ids(&ids).await?.iter().map(|order| order.id).collect();
    Ok(holds.into_iter().filter(|hold| !placed.contains(&hold.order_id)).collect())
}

/// Reads orders.
pub struct Orders {
    store: Arc<dyn OrderStore>,
    stock: Arc<dyn StockStore>,
    users: Arc<Users>,
}

impl Orders {
    /// Wires the service.
    pub fn new(store: Arc<dyn OrderStore>, stock: Arc<dyn StockStore>, users: Arc<Users>) -> Self {
        Self { store, stock, users }
    }

    /// An order that the viewer may see: their own, or any for an administrator. Somebody else's is
    /// answered like an unknown one.
    pub async fn visible(&self, viewer: &Viewer, id: OrderId) -> Result<Option<Order>, Fault> {
        viewer.user()?;
        let Some(order) = self.find(id).await? else { return Ok(None) };
        match self.users.may_see(viewer, order.user_id).await {
            Ok(()) => Ok(Some(order)),
            Err(Fault::Forbidden(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// An order, wherever it is on its way.
    pub async fn find(&self, id: OrderId) -> Result<Option<Order>, Fault> {
        Ok(self.find_many(&[id]).await?.pop())
    }

    /// Orders, wherever they are on their way; unknown ids are left out.
    pub async fn find_many(&self, ids: &[OrderId]) -> Result<Vec<Order>, Fault> {
        let mut found = self.store.by_ids(ids).await?;
        let known: HashSet<OrderId> = found.iter().map(|order| order.id).collect();
        let mut gone = Vec::new();
        for id in ids.iter().filter(|id| !known.contains(id)) {
            match self.stock.find_hold(*id).await? {
                Some(hold) => found.push(Order::queued(&hold)),
                None => gone.push(*id),
            }
        }
        // Placed and closed again between the two looks: now the database has it.
        if !gone.is_empty() {
            found.extend(self.store.by_ids(&gone).await?);
        }
        Ok(found)
    }

    /// What a buyer's attempt got before, by the database.
    pub async fn by_request(&self, ask: &Reserve) -> Result<Option<RememberedRequest>, Fault> {
        match &ask.request_key {
            Some(key) => self.store.by_request(ask.user_id, key).await,
            None => Ok(None),
        }
    }

    /// The states that an order was in.
    pub async fn history(&self, order: &Order) -> Result<Vec<OrderEvent>, Fault> {
        if order.status == OrderStatus::Queued {
            return Ok(vec![OrderEvent {
                order_id: order.id,
                version: 0,
                status: OrderStatus::Queued,
                at: order.created_at,
                reason: None,
            }]);
        }
        self.store.events(&[order.id]).await
    }

    /// All orders, for administrators.
    pub async fn list(
        &self,
        _: Administrator,
        filter: &OrderFilter,
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, Fault> {
        self.store.list(filter, page).await
    }

    /// A buyer's orders, the newest first. Those on their way to the database stand at the top of the
    /// first page, on top of its limit.
    pub async fn of_user(
        &self,
        user: UserId,
        statuses: &[OrderStatus],
        page: &PageRequest<OrderId>,
    ) -> Result<Page<Order>, Fault> {
        let filter = OrderFilter { campaign: None, user: Some(user), statuses: statuses.to_vec() };
        // Holds first: an order that is placed in between is then in the database.
        let first_page = page.after.is_none() && page.before.is_none() && !page.backward;
        let wanted = statuses.is_empty() || statuses.contains(&OrderStatus::Queued);
        let queued = if first_page && wanted { self.queued(user, None).await? } else { Vec::new() };
        let mut found = self.store.list(&filter, page).await?;
        let queued = still_queued(queued, &found.items);
        found.total = found.total.map(|total| total + queued.len() as u64);
        found.items = queued.into_iter().chain(found.items).collect();
        Ok(found)
    }

    /// A buyer's orders in a campaign, the newest first.
    pub async fn of_user_in(&self, user: UserId, campaigns: &[CampaignId]) -> Result<Vec<Order>, Fault> {
        let mut queued = Vec::new();
        for campaign in campaigns {
            queued.extend(self.queued(user, Some(*campaign)).await?);
        }
        let placed = self.store.of_user_in(user, campaigns).await?;
        let mut orders = still_queued(queued, &placed);
        orders.extend(placed);
        Ok(orders)
    }

    /// A buyer's orders that the database does not know yet.
    async fn queued(&self, user: UserId, campaign: Option<CampaignId>) -> Result<Vec<Order>, Fault> {
        let holds = self.stock.holds_of(user, campaign).await?;
        Ok(not_placed(&*self.store, holds).await?.iter().map(Order::queued).collect())
    }
}

/// Queued orders without those that were placed after they were read: these would be in a list twice.
fn still_queued(mut queued: Vec<Order>, placed: &[Order]) -> Vec<Order> {
    queued.retain(|order| placed.iter().all(|placed| placed.id != order.id));
    queued
}

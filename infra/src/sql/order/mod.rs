//! Orders and money on SQL.
//!
//! | module | what it does |
//! |---|---|
//! | [`placing`] | a batch of holds becomes orders |
//! | [`payment`], [`closing`] | the arrows of the state machine that begin in the database |
//! | [`reading`] | lists, and single orders |
//! | [`follow_ups`] | the outbox |
//! | [`ledger`] | balances and top-ups |
//! | [`changes`], [`transition`], [`books`], [`rows`] | what those share |
//!
//! A change of an order, its event, its movement of stock, its postings and its note in the outbox are one
//! transaction. Every such transaction locks in the same order, so that two of them cannot wait for each other:
//! orders, then campaigns by id, then wallets; placing locks campaigns alone, because its orders are new.
//!
//! What this may not touch: the decision what becomes of a hold, which is `domain::order::placing::decide`.

mod books;
mod changes;
mod closing;
mod follow_ups;
mod ledger;
mod payment;
mod placing;
mod reading;
mod rows;
mod transition;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    admin::audit::AuditEntry,
    clock::Instant,
    error::Fault,
    id::{CampaignId, IdSource, JournalEntryId, OrderId, UserId},
    order::{
        Order,
        ports::{Closed, OrderFilter, OrderStore, Paid, Payment},
        status::{OrderChange, OrderEvent},
    },
    page::{Page, PageRequest},
    spike::{
        Hold,
        stock::{RememberedRequest, RequestKey},
    },
};
use uuid::Uuid;

pub use self::ledger::SqlLedger;
use self::reading::Attempts;
use super::{Database, gather::Gather};

/// The store of orders.
pub struct SqlOrders {
    db: Database,
    ids: Arc<dyn IdSource>,
    attempts: Gather<Attempts>,
}

impl SqlOrders {
    /// Makes the store. `ids` names movements of stock and notes in the outbox.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn new(db: Database, ids: Arc<dyn IdSource>) -> Self {
        Self { attempts: Gather::start(Attempts(db.clone()), db.patience()), db, ids }
    }
}

#[async_trait]
impl OrderStore for SqlOrders {
    async fn place(&self, holds: &[Hold], now: Instant) -> Result<Vec<OrderChange>, Fault> {
        self.db.retried(|| placing::place(&self.db, &self.ids, holds, now)).await
    }

    async fn by_ids(&self, ids: &[OrderId]) -> Result<Vec<Order>, Fault> {
        reading::by_ids(self.db.reader(), ids).await
    }

    async fn by_request(&self, user: UserId, key: &RequestKey) -> Result<Option<RememberedRequest>, Fault> {
        self.attempts.find((user, key.clone())).await
    }

    async fn events(&self, orders: &[OrderId]) -> Result<Vec<OrderEvent>, Fault> {
        reading::events(self.db.reader(), orders).await
    }

    async fn list(&self, filter: &OrderFilter, page: &PageRequest<OrderId>) -> Result<Page<Order>, Fault> {
        reading::list(self.db.reader(), filter, page).await
    }

    async fn of_user_in(&self, user: UserId, campaigns: &[CampaignId]) -> Result<Vec<Order>, Fault> {
        reading::of_user_in(self.db.reader(), user, campaigns).await
    }

    async fn pay(&self, payment: &Payment) -> Result<Paid, Fault> {
        self.db.retried(|| payment::pay(&self.db, &self.ids, payment)).await
    }

    async fn cancel(&self, order: OrderId, owner: Option<UserId>, at: Instant) -> Result<Closed, Fault> {
        self.db.retried(|| closing::cancel(&self.db, &self.ids, order, owner, at)).await
    }

    async fn refund(
        &self,
        order: OrderId,
        at: Instant,
        entry: JournalEntryId,
        audit: &AuditEntry,
    ) -> Result<Closed, Fault> {
        self.db.retried(|| payment::refund(&self.db, &self.ids, order, at, entry, audit)).await
    }

    async fn expire(&self, at: Instant, max: usize) -> Result<Vec<OrderChange>, Fault> {
        self.db.retried(|| closing::expire(&self.db, &self.ids, at, max)).await
    }

    async fn next_deadline(&self) -> Result<Option<Instant>, Fault> {
        closing::next_deadline(self.db.reader()).await
    }

    async fn follow_ups(&self, before: Instant, max: usize) -> Result<Vec<OrderChange>, Fault> {
        follow_ups::left(&self.db, before, max).await
    }

    async fn follow_ups_done(&self, notes: &[Uuid]) -> Result<(), Fault> {
        self.db.retried(|| follow_ups::done(&self.db, notes)).await
    }
}

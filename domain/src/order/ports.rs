//! What the order domain needs of the world.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use uuid::Uuid;

use super::status::{Order, OrderChange, OrderEvent, OrderStatus};
use crate::{
    admin::audit::AuditEntry,
    clock::Instant,
    error::Fault,
    id::{CampaignId, JournalEntryId, OrderId, UserId},
    money::Money,
    page::{Page, PageRequest},
    spike::{
        Hold,
        stock::{RememberedRequest, RequestKey},
    },
};

/// Which orders a list is about.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// Of this buyer.
    pub user: Option<UserId>,
    /// In one of these states; all if empty.
    pub statuses: Vec<OrderStatus>,
}

/// What came of an attempt to pay.
#[derive(Debug, Clone)]
pub enum Paid {
    /// It is paid now.
    Now(OrderChange),
    /// The same attempt paid it before.
    Before(Order),
    /// This buyer has no such order.
    NotFound,
    /// The same key was used for another order.
    KeyReused,
    /// The order is not waiting for payment (any more), or its deadline has passed.
    NotPayable(Order),
    /// The balance is too low. Nothing was changed.
    InsufficientFunds {
        /// What there is.
        balance: Money,
    },
}

/// What came of an attempt to close an order.
#[derive(Debug, Clone)]
pub enum Closed {
    /// It is closed now.
    Now(OrderChange),
    /// There is no such order (of this buyer).
    NotFound,
    /// It stands where this arrow of the state machine does not begin.
    Not(Order),
}

/// An attempt to pay.
#[derive(Debug, Clone)]
pub struct Payment {
    /// What.
    pub order: OrderId,
    /// Who.
    pub user: UserId,
    /// What the client calls it.
    pub request_key: Option<RequestKey>,
    /// When.
    pub at: Instant,
    /// The journal entry that books it.
    pub entry: JournalEntryId,
}

/// Stores orders, with the movements of stock and money that belong to each change, in one transaction.
#[async_trait]
pub trait OrderStore: Send + Sync + 'static {
    /// Writes a batch by [`super::placing::decide`]; known orders are left alone. All or none.
    async fn place(&self, holds: &[Hold], now: Instant) -> Result<Vec<OrderChange>, Fault>;
    /// Reads orders; unknown ids are left out, the order is free.
    async fn by_ids(&self, ids: &[OrderId]) -> Result<Vec<Order>, Fault>;
    /// The order that this attempt got.
    async fn by_request(&self, user: UserId, key: &RequestKey) -> Result<Option<RememberedRequest>, Fault>;
    /// The states that orders were in, by order and version.
    async fn events(&self, orders: &[OrderId]) -> Result<Vec<OrderEvent>, Fault>;
    /// Lists orders, the newest first.
    async fn list(&self, filter: &OrderFilter, page: &PageRequest<OrderId>) -> Result<Page<Order>, Fault>;
    /// A buyer's orders in these campaigns, the newest first.
    async fn of_user_in(&self, user: UserId, campaigns: &[CampaignId]) -> Result<Vec<Order>, Fault>;
    /// `PENDING_PAYMENT → PAID` before the deadline, and the money from the buyer's balance.
    async fn pay(&self, payment: &Payment) -> Result<Paid, Fault>;
    /// `PENDING_PAYMENT → CANCELLED`, of this buyer if one is given.
    async fn cancel(&self, order: OrderId, owner: Option<UserId>, at: Instant) -> Result<Closed, Fault>;
    /// `PAID → REFUNDED`, and the money back.
    async fn refund(
        &self,
        order: OrderId,
        at: Instant,
        entry: JournalEntryId,
        audit: &AuditEntry,
    ) -> Result<Closed, Fault>;
    /// `PENDING_PAYMENT → EXPIRED` for up to `max` orders whose deadline is not after `at`.
    async fn expire(&self, at: Instant, max: usize) -> Result<Vec<OrderChange>, Fault>;
    /// The next deadline of an order that waits for payment.
    async fn next_deadline(&self) -> Result<Option<Instant>, Fault>;
    /// Notes in the outbox that are not younger than `before`, the oldest first.
    async fn follow_ups(&self, before: Instant, max: usize) -> Result<Vec<OrderChange>, Fault>;
    /// Takes notes out of the outbox.
    async fn follow_ups_done(&self, notes: &[Uuid]) -> Result<(), Fault>;
}

/// What came of a top-up.
#[derive(Debug, Clone)]
pub enum ToppedUp {
    /// Booked now.
    Now,
    /// The same attempt booked it before.
    Before,
    /// The same key was used for another top-up.
    KeyReused,
}

/// Money that an administrator puts on a user's balance.
#[derive(Debug, Clone)]
pub struct TopUp {
    /// Whose balance.
    pub user: UserId,
    /// How much.
    pub amount: Money,
    /// What the client calls it.
    pub request_key: Option<RequestKey>,
    /// When.
    pub at: Instant,
    /// The journal entry that books it.
    pub entry: JournalEntryId,
}

/// Keeps the money: double entry, every journal entry sums to zero.
#[async_trait]
pub trait LedgerStore: Send + Sync + 'static {
    /// Books a top-up. The user exists.
    async fn top_up(&self, top_up: &TopUp, audit: &AuditEntry) -> Result<ToppedUp, Fault>;
    /// Balances of users, in minor units; users without one are left out.
    async fn balances(&self, users: &[UserId]) -> Result<Vec<(UserId, i64)>, Fault>;
}

/// What a subscription to the feed yields.
#[derive(Debug, Clone)]
pub enum FeedSignal {
    /// An order changed.
    Changed(Arc<OrderChange>),
    /// Something may have been missed: read the state again.
    Missed,
}

/// Tells changes of orders to those who watch, on whichever replica. At most once: whoever misses
/// something is told so, or reads again.
#[async_trait]
pub trait StatusFeed: Send + Sync + 'static {
    /// Tells changes. Never fails: telling is best effort, reading is the truth.
    async fn publish(&self, changes: &[OrderChange]);
    /// Every change of a user's orders from now on.
    async fn subscribe(&self, user: UserId) -> Result<BoxStream<'static, FeedSignal>, Fault>;
}

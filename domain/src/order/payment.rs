//! Paying for an order, and paying back.
//!
//! The money moves in the same transaction that changes the order, so nobody is charged for an order that
//! is not paid. Pay and expiry compete for one arrow of the state machine, and one of them wins.

use std::sync::Arc;

use super::{
    follow_up::FollowUps,
    ports::{Closed, OrderStore, Paid, Payment},
    reading::Orders,
    status::{Order, OrderStatus},
};
use crate::{
    admin::audit::Auditor,
    clock::Clock,
    error::{Failure, Refusal},
    id::{IdSource, OrderId, UserId},
    spike::stock::RequestKey,
    user::Administrator,
};

/// Why an order was not paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under PayErrorCode")]
pub enum PayRefusal {
    OrderNotFound,
    OrderQueued,
    InsufficientFunds,
    PaymentWindowClosed,
    AlreadyPaid,
    OrderClosed,
    IdempotencyKeyReused,
}

/// Why an order was not refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under RefundOrderErrorCode")]
pub enum RefundRefusal {
    OrderNotFound,
    NotPaid,
    AlreadyRefunded,
}

/// Takes payments and pays back.
pub struct Payments {
    store: Arc<dyn OrderStore>,
    orders: Arc<Orders>,
    follow_ups: Arc<FollowUps>,
    auditor: Auditor,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Payments {
    /// Wires the service.
    pub fn new(
        store: Arc<dyn OrderStore>,
        orders: Arc<Orders>,
        follow_ups: Arc<FollowUps>,
        auditor: Auditor,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { store, orders, follow_ups, auditor, clock, ids }
    }

    /// Pays an order from its buyer's balance.
    pub async fn pay(
        &self,
        user: UserId,
        order: OrderId,
        key: Option<RequestKey>,
    ) -> Result<Order, Failure<PayRefusal>> {
        use PayRefusal as Code;
        let at = self.clock.now();
        let payment = Payment { order, user, request_key: key, at, entry: self.ids.next(at) };
        let no = |code, message: &'static str| Err(Refusal::new(code, message).into());
        match self.store.pay(&payment).await? {
            Paid::Now(change) => {
                let order = change.order.clone();
                self.follow_ups.enqueue(vec![change]);
                Ok(order)
            }
            Paid::Before(order) => Ok(order),
            Paid::KeyReused => no(Code::IdempotencyKeyReused, "this idempotency key was used for another payment"),
            Paid::InsufficientFunds { balance } => {
                Err(Refusal::new(Code::InsufficientFunds, format!("the balance is {balance}")).into())
            }
            Paid::NotFound => match self.orders.find(order).await? {
                Some(found) if found.user_id == user && found.status == OrderStatus::Queued => {
                    no(Code::OrderQueued, "the order is still on its way; try again in a moment")
                }
                _ => Err(Refusal::at(Code::OrderNotFound, "orderId", "you have no such order").into()),
            },
            Paid::NotPayable(found) => match found.status {
                OrderStatus::Paid => no(Code::AlreadyPaid, "the order is paid already"),
                // Past its deadline, whether or not the sweep has been there yet.
                OrderStatus::PendingPayment | OrderStatus::Expired => {
                    no(Code::PaymentWindowClosed, "the time to pay is over")
                }
                _ => no(Code::OrderClosed, "the order is closed"),
            },
        }
    }

    /// Pays a paid order back to its buyer and puts its units back on sale.
    pub async fn refund(&self, admin: Administrator, order: OrderId) -> Result<Order, Failure<RefundRefusal>> {
        let at = self.clock.now();
        let audit = self.auditor.entry(admin, "refundOrder", order, String::new());
        match self.store.refund(order, at, self.ids.next(at), &audit).await? {
            Closed::Now(change) => {
                let order = change.order.clone();
                self.follow_ups.enqueue(vec![change]);
                Ok(order)
            }
            Closed::Not(found) if found.status == OrderStatus::Refunded => {
                Err(Refusal::new(RefundRefusal::AlreadyRefunded, "the order is refunded already").into())
            }
            Closed::Not(_) => Err(Refusal::new(RefundRefusal::NotPaid, "the order is not paid").into()),
            Closed::NotFound => {
                Err(Refusal::at(RefundRefusal::OrderNotFound, "orderId", "there is no such order").into())
            }
        }
    }
}

//! Closing unpaid orders: by their buyer, or at their deadline.

use std::sync::Arc;

use super::{
    follow_up::FollowUps,
    ports::{Closed, OrderStore},
    reading::Orders,
    status::{Order, OrderStatus},
};
use crate::{
    clock::{Clock, Instant},
    error::{Failure, Fault, Refusal},
    id::{OrderId, UserId},
};

/// Why an order was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under CancelOrderErrorCode")]
pub enum CancelRefusal {
    OrderNotFound,
    OrderQueued,
    AlreadyPaid,
    AlreadyClosed,
}

/// Closes unpaid orders.
pub struct Closing {
    store: Arc<dyn OrderStore>,
    orders: Arc<Orders>,
    follow_ups: Arc<FollowUps>,
    clock: Arc<dyn Clock>,
}

impl Closing {
    const BATCH: usize = 500;

    /// Wires the service.
    pub fn new(
        store: Arc<dyn OrderStore>,
        orders: Arc<Orders>,
        follow_ups: Arc<FollowUps>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, orders, follow_ups, clock }
    }

    /// Gives an unpaid order up. `owner` is whose it must be; none for an administrator.
    pub async fn cancel(&self, owner: Option<UserId>, order: OrderId) -> Result<Order, Failure<CancelRefusal>> {
        use CancelRefusal as Code;
        let no = |code, message: &'static str| Err(Refusal::new(code, message).into());
        match self.store.cancel(order, owner, self.clock.now()).await? {
            Closed::Now(change) => {
                let order = change.order.clone();
                self.follow_ups.enqueue(vec![change]);
                Ok(order)
            }
            Closed::Not(found) if found.status == OrderStatus::Paid => {
                no(Code::AlreadyPaid, "the order is paid; ask for a refund")
            }
            Closed::Not(_) => no(Code::AlreadyClosed, "the order is closed already"),
            Closed::NotFound => match self.orders.find(order).await? {
                Some(found)
                    if owner.is_none_or(|owner| found.user_id == owner) && found.status == OrderStatus::Queued =>
                {
                    no(Code::OrderQueued, "the order is still on its way; try again in a moment")
                }
                _ => Err(Refusal::at(Code::OrderNotFound, "orderId", "there is no such order").into()),
            },
        }
    }

    /// Expires a batch of orders whose deadline has come, the longest due first. Returns how many.
    pub async fn expire_due(&self) -> Result<usize, Fault> {
        let changes = self.store.expire(self.clock.now(), Self::BATCH).await?;
        let expired = changes.len();
        self.follow_ups.enqueue(changes);
        Ok(expired)
    }

    /// The next deadline of an order that waits for payment.
    pub async fn next_deadline(&self) -> Result<Option<Instant>, Fault> {
        self.store.next_deadline().await
    }
}

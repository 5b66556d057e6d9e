//! What an order is, and the state machine that it goes through.
//!
//! ```text
//! QUEUED ──► PENDING_PAYMENT ──► PAID ──► REFUNDED
//!    │              ├──► CANCELLED
//!    └► REJECTED    └──► EXPIRED
//! ```
//! Every arrow is one compare-and-set in the database and has one winner. Each state that an order was in
//! is an [`OrderEvent`] with a version that rises by one, so a subscriber knows what it has seen.

use std::str::FromStr;

use chrono::serde::{ts_milliseconds, ts_milliseconds_option};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::Instant,
    id::{CampaignId, OrderId, UserId},
    money::Money,
    spike::{Hold, stock::RequestKey},
    user::account::UnknownName,
};

/// The states of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// The units are held; the order is on its way to the database.
    Queued,
    /// In the database, waiting to be paid until its deadline.
    PendingPayment,
    /// Paid.
    Paid,
    /// Given up by its buyer before it was paid.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Refused by the database's own guards; should never happen, and is told if it does.
    Rejected,
    /// Paid, then paid back.
    Refunded,
}

impl OrderStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::PendingPayment,
        Self::Paid,
        Self::Cancelled,
        Self::Expired,
        Self::Rejected,
        Self::Refunded,
    ];

    /// The name in the graph and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::PendingPayment => "PENDING_PAYMENT",
            Self::Paid => "PAID",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Rejected => "REJECTED",
            Self::Refunded => "REFUNDED",
        }
    }

    /// Whether an order in this state holds or bought units.
    #[must_use]
    pub const fn has_units(self) -> bool {
        matches!(self, Self::Queued | Self::PendingPayment | Self::Paid)
    }

    /// Whether the state machine has an arrow from here to there.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Queued, Self::PendingPayment | Self::Rejected)
                | (Self::PendingPayment, Self::Paid | Self::Cancelled | Self::Expired)
                | (Self::Paid, Self::Refunded)
        )
    }
}

impl FromStr for OrderStatus {
    type Err = UnknownName;
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let unknown = || UnknownName { what: "order status", name: name.to_owned() };
        Self::ALL.into_iter().find(|status| status.name() == name).ok_or_else(unknown)
    }
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Identity.
    pub id: OrderId,
    /// Of which campaign.
    pub campaign_id: CampaignId,
    /// Whose.
    pub user_id: UserId,
    /// Units.
    pub quantity: u32,
    /// Of one unit, as it was when it was grabbed.
    pub unit_price: Money,
    /// Where it is in the state machine.
    pub status: OrderStatus,
    /// How many changes of state it has been through.
    pub version: u32,
    /// When it was grabbed.
    #[serde(with = "ts_milliseconds")]
    pub created_at: Instant,
    /// When it expires if it is not paid.
    #[serde(with = "ts_milliseconds_option")]
    pub pay_before: Option<Instant>,
    /// When it was paid.
    #[serde(with = "ts_milliseconds_option")]
    pub paid_at: Option<Instant>,
    /// When it was cancelled, expired, rejected or refunded.
    #[serde(with = "ts_milliseconds_option")]
    pub closed_at: Option<Instant>,
    /// What the client called its grab.
    pub request_key: Option<RequestKey>,
}

impl Order {
    /// The order that a hold stands for until the database has it.
    #[must_use]
    pub fn queued(hold: &Hold) -> Self {
        Self {
            id: hold.order_id,
            campaign_id: hold.campaign_id,
            user_id: hold.user_id,
            quantity: hold.quantity,
            unit_price: hold.unit_price,
            status: OrderStatus::Queued,
            version: 0,
            created_at: hold.grabbed_at,
            pay_before: None,
            paid_at: None,
            closed_at: None,
            request_key: hold.request_key.clone(),
        }
    }

    /// What all units cost.
    #[must_use]
    pub const fn total(&self) -> Money {
        self.unit_price.times(self.quantity)
    }

    /// The order as it becomes by an arrow of the state machine.
    #[must_use]
    pub fn become_status(&self, next: OrderStatus, at: Instant) -> Self {
        debug_assert!(self.status.may_become(next), "{} to {}", self.status.name(), next.name());
        let mut order = self.clone();
        order.status = next;
        order.version += 1;
        match next {
            OrderStatus::Paid => order.paid_at = Some(at),
            OrderStatus::Queued | OrderStatus::PendingPayment => {}
            _ => order.closed_at = Some(at),
        }
        order
    }

    /// The order as it was at an earlier event of its history.
    #[must_use]
    pub fn as_of(&self, event: &OrderEvent) -> Self {
        let mut order = self.clone();
        order.status = event.status;
        order.version = event.version;
        match event.status {
            OrderStatus::Queued => (order.pay_before, order.paid_at, order.closed_at) = (None, None, None),
            OrderStatus::PendingPayment => (order.paid_at, order.closed_at) = (None, None),
            OrderStatus::Paid => order.closed_at = None,
            _ => {}
        }
        order
    }
}

/// One state that an order was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Of which order.
    pub order_id: OrderId,
    /// How many changes of state came before.
    pub version: u32,
    /// The state.
    pub status: OrderStatus,
    /// Since when.
    #[serde(with = "ts_milliseconds")]
    pub at: Instant,
    /// Why, where that does not go without saying.
    pub reason: Option<String>,
}

/// A change of an order that was committed, and the note that what follows from it is still to be done
/// (see [`super::follow_up`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChange {
    /// The order after the change.
    pub order: Order,
    /// The change.
    pub event: OrderEvent,
    /// The note in the outbox; none for a change that the database does not know yet.
    pub follow_up: Option<Uuid>,
}

impl OrderChange {
    /// The first state of an order, before the database knows it.
    #[must_use]
    pub fn queued(hold: &Hold) -> Self {
        let order = Order::queued(hold);
        let event =
            OrderEvent { order_id: order.id, version: 0, status: order.status, at: order.created_at, reason: None };
        Self { order, event, follow_up: None }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;

    use super::*;
    use crate::testing;

    fn attempts() -> impl Strategy<Value = Vec<OrderStatus>> {
        prop::collection::vec(prop::sample::select(OrderStatus::ALL.to_vec()), 0..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Pay, cancel, refund and expiry in any order: who comes first takes the arrow, the others find it taken.
        #[test]
        fn any_interleaving_ends_with_one_winner_for_each_arrow(attempts in attempts()) {
            let start = testing::instant("2026-01-01T10:00:00Z");
            let mut order = Order::queued(&testing::hold(start));
            let mut lived = vec![order.clone()];
            for (next, seconds) in attempts.into_iter().zip(1..) {
                if order.status.may_become(next) {
                    order = order.become_status(next, start + Duration::seconds(seconds));
                    if next == OrderStatus::PendingPayment {
                        order.pay_before = Some(start + Duration::days(1));
                    }
                    lived.push(order.clone());
                }
            }
            let states: Vec<OrderStatus> = lived.iter().map(|order| order.status).collect();
            prop_assert!(states.iter().enumerate().all(|(at, state)| !states[..at].contains(state)), "{:?}", states);
            let of_payment = [OrderStatus::Paid, OrderStatus::Cancelled, OrderStatus::Expired];
            prop_assert!(states.iter().filter(|state| of_payment.contains(state)).count() <= 1, "{:?}", states);
            let given_back = states.windows(2).filter(|pair| pair[0].has_units() && !pair[1].has_units()).count();
            prop_assert_eq!(given_back, usize::from(!order.status.has_units()), "units come back once and stay away");
            prop_assert_eq!(order.paid_at.is_some(), states.contains(&OrderStatus::Paid));
            prop_assert_eq!(order.closed_at.is_some(), !order.status.has_units());

            // Each version as it was at the time can be told from the last one and the event.
            for (version, then) in (0..).zip(&lived) {
                let at = [then.closed_at, then.paid_at].into_iter().flatten().next().unwrap_or(start);
                let event = OrderEvent { order_id: order.id, version, status: then.status, at, reason: None };
                prop_assert_eq!(&order.as_of(&event), then);
            }
        }
    }
}

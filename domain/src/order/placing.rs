//! Placing orders: what the consumers make of the holds that arrive.
//!
//! The stock store has said yes already. The database has guards of its own all the same, because a store
//! can be rolled back or rebuilt wrongly: here is decided, for a batch of holds, which become orders and
//! which are rejected. The decision is a pure function; the adapter runs it inside the transaction that
//! writes the result.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    follow_up::FollowUps,
    ports::OrderStore,
    status::{Order, OrderEvent, OrderStatus},
};
use crate::{
    clock::{Clock, Instant},
    error::Fault,
    id::{CampaignId, UserId},
    spike::{Hold, stock::RequestKey},
};

/// What the database knows of the campaigns and buyers of a batch, read under the transaction's lock.
#[derive(Debug, Default)]
pub struct Guards {
    /// Units that a campaign has left; absent if there is no such campaign.
    pub unallocated: HashMap<CampaignId, u32>,
    /// The present life of a campaign's stock; absent is the first.
    pub epochs: HashMap<CampaignId, u32>,
    /// Units that a buyer holds or bought; absent is none.
    pub holding: HashMap<(CampaignId, UserId), u32>,
    /// Attempts that got another order already.
    pub taken_keys: HashSet<(UserId, RequestKey)>,
}

/// A hold as it is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The order in its new state.
    pub order: Order,
    /// The states that it was in: queued, and then what became of it.
    pub events: [OrderEvent; 2],
}

/// Decides on a batch of holds that the database does not know yet. A batch never takes more than the
/// guards leave; the guards are counted down on the way.
#[must_use]
pub fn decide(holds: &[Hold], guards: &mut Guards, now: Instant) -> Vec<Placement> {
    holds.iter().map(|hold| place(hold, admit(hold, guards), now)).collect()
}

/// Whether the database's guards let a hold become an order, and if not, why.
fn admit(hold: &Hold, guards: &mut Guards) -> Result<(), &'static str> {
    let key = hold.request_key.as_ref().map(|key| (hold.user_id, key.clone()));
    if key.as_ref().is_some_and(|key| guards.taken_keys.contains(key)) {
        return Err("the idempotency key was used for another order");
    }
    let left = guards.unallocated.get_mut(&hold.campaign_id).ok_or("the campaign does not exist any more")?;
    // Whoever rebuilds the stock places what is in flight before the next life begins. A hold of an earlier life
    // that comes later was not counted: its units may be somebody else's, and its buyer was not told yes.
    if guards.epochs.get(&hold.campaign_id).is_some_and(|epoch| hold.epoch < *epoch) {
        return Err("the stock was rebuilt before the grab was safe");
    }
    let still_left = left.checked_sub(hold.quantity).ok_or("the campaign has no units left")?;
    let holding = guards.holding.entry((hold.campaign_id, hold.user_id)).or_insert(0);
    if holding.saturating_add(hold.quantity) > hold.per_user_limit {
        return Err("more units than one user may have");
    }
    *left = still_left;
    *holding += hold.quantity;
    guards.taken_keys.extend(key);
    Ok(())
}

fn place(hold: &Hold, admitted: Result<(), &'static str>, now: Instant) -> Placement {
    let queued = Order::queued(hold);
    let mut order = match admitted {
        Ok(()) => queued.become_status(OrderStatus::PendingPayment, now),
        Err(_) => queued.become_status(OrderStatus::Rejected, now),
    };
    if admitted.is_ok() {
        order.pay_before = Some(now + chrono::Duration::seconds(i64::from(hold.payment_window_seconds)));
    } else {
        // The key belongs to the order that has it already.
        order.request_key = None;
    }
    let event = |version, status, at, reason| OrderEvent { order_id: hold.order_id, version, status, at, reason };
    let events = [
        event(0, OrderStatus::Queued, hold.grabbed_at, None),
        event(1, order.status, now, admitted.err().map(ToOwned::to_owned)),
    ];
    Placement { order, events }
}

/// Writes orders.
pub struct Placing {
    store: Arc<dyn OrderStore>,
    follow_ups: Arc<FollowUps>,
    clock: Arc<dyn Clock>,
}

impl Placing {
    /// Wires the service.
    pub fn new(store: Arc<dyn OrderStore>, follow_ups: Arc<FollowUps>, clock: Arc<dyn Clock>) -> Self {
        Self { store, follow_ups, clock }
    }

    /// Writes a batch of holds as orders, all or none. Holds that are orders already are left alone.
    /// Returns how many were new.
    pub async fn place(&self, holds: &[Hold]) -> Result<usize, Fault> {
        let changes = self.store.place(holds, self.clock.now()).await?;
        let new = changes.len();
        for change in changes.iter().filter(|change| change.order.status == OrderStatus::Rejected) {
            tracing::error!(order = %change.order.id, reason = change.event.reason.as_deref(), "a granted grab was rejected");
        }
        self.follow_ups.enqueue(changes);
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        id::{OrderId, TypedId},
        testing,
    };

    #[test]
    fn a_hold_of_an_earlier_life_of_the_stock_is_rejected() {
        let now = testing::instant("2026-01-01T10:00:00Z");
        let of_life = |epoch: u32| Hold { order_id: testing::id(epoch.into()), epoch, ..testing::hold(now) };
        let mut guards = Guards::default();
        guards.unallocated.insert(testing::id(1), 10);
        guards.epochs.insert(testing::id(1), 2);
        let placed = decide(&[of_life(1), of_life(2)], &mut guards, now);
        let became: Vec<_> = placed.iter().map(|placement| placement.order.status).collect();
        assert_eq!(became, [OrderStatus::Rejected, OrderStatus::PendingPayment]);
        assert_eq!(guards.unallocated[&testing::id(1)], 9);
    }

    proptest! {
        #[test]
        fn a_batch_never_takes_more_than_the_guards_leave(
            left in 0_u32..20,
            held in 0_u32..3,
            asks in prop::collection::vec((0_u8..5, 1_u32..4, prop::option::of(0_u8..4)), 0..40),
        ) {
            let limit = 3;
            let now = testing::instant("2026-01-01T10:00:00Z");
            let campaign = CampaignId::from_uuid(uuid::Uuid::from_u128(1));
            let user = |n: u8| UserId::from_uuid(uuid::Uuid::from_u128(100 + u128::from(n)));
            let holds: Vec<Hold> = asks
                .iter()
                .enumerate()
                .map(|(i, (who, quantity, key))| Hold {
                    order_id: OrderId::from_uuid(uuid::Uuid::from_u128(1000 + i as u128)),
                    campaign_id: campaign,
                    user_id: user(*who),
                    quantity: *quantity,
                    per_user_limit: limit,
                    request_key: key.map(|k| RequestKey::parse(&format!("k{k}")).unwrap()),
                    ..testing::hold(now)
                })
                .collect();
            let mut guards = Guards::default();
            guards.unallocated.insert(campaign, left);
            guards.holding.insert((campaign, user(0)), held);
            let placed = decide(&holds, &mut guards, now);

            prop_assert_eq!(placed.len(), holds.len());
            let mut taken = 0;
            let mut by_user = HashMap::from([(user(0), held)]);
            let mut keys = HashSet::new();
            for placement in &placed {
                let order = &placement.order;
                prop_assert!(OrderStatus::Queued.may_become(order.status));
                prop_assert_eq!(&placement.events[1].status, &order.status);
                if order.status == OrderStatus::PendingPayment {
                    taken += order.quantity;
                    *by_user.entry(order.user_id).or_default() += order.quantity;
                    if let Some(key) = &order.request_key {
                        prop_assert!(keys.insert((order.user_id, key.clone())), "a key has one order");
                    }
                }
            }
            prop_assert!(taken <= left);
            prop_assert!(by_user.values().all(|units| *units <= limit));
            prop_assert_eq!(guards.unallocated[&campaign], left - taken);
        }
    }
}

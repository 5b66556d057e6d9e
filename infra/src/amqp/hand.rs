//! What this process has in hand: messages that were delivered to it and are not settled.
//!
//! A hold is known by its order. It may come in several messages (published twice, delivered again, in a group with
//! others); it is handed out once, and settling it settles it in all of them. A message is acknowledged when all of
//! its holds are settled.
//!
//! A hold that failed before comes in a message that says so. It rests here before it is handed out; after a restart
//! it rests anew.
//!
//! Delivery tags count from 1 on each channel and mean nothing on another one. So when the channels are gone
//! everything is forgotten at once: the broker delivers it again, and what is settled of an earlier life by its order
//! finds either nothing or the same order anew, and both is right.

mod life;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    id::{CampaignId, OrderId},
    spike::{Hold, ports::Delivery},
};
use tokio::sync::{Notify, mpsc, oneshot};

pub(super) use self::life::{Acks, Parcel};
use self::life::{Held, Life};

/// A hold whose failure is being noted.
pub(super) struct Failing {
    pub(super) hold: Hold,
    /// How often it failed before.
    pub(super) attempts: u32,
    /// The messages that it is in now. The one that notes the failure may come in before this is done.
    parcels: Vec<Parcel>,
}

/// What this process has in hand.
#[derive(Default)]
pub(super) struct Hand {
    life: Mutex<Life>,
    bell: Notify,
}

impl Hand {
    /// A poisoned lock is still a lock: nothing in here leaves half a change behind.
    fn locked(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a life with so many lanes. Returns its number.
    pub(super) fn begin(&self, lanes: usize, acks: mpsc::UnboundedSender<Acks>) -> u64 {
        let mut life = self.locked();
        let number = life.number + 1;
        *life = Life { number, acks: Some(acks), lanes: vec![BTreeMap::new(); lanes], ..Life::default() };
        number
    }

    /// Forgets everything: its channels are gone.
    pub(super) fn forget(&self) {
        let mut life = self.locked();
        *life = Life { number: life.number, ..Life::default() };
    }

    /// Whether this life goes on.
    pub(super) fn is_alive(&self, life: u64) -> bool {
        let now = self.locked();
        now.number == life && now.acks.is_some()
    }

    /// Takes a message in. Its holds rest for so long. Messages of a lane must come in their order.
    pub(super) fn take_in(&self, parcel: Parcel, holds: Vec<Hold>, attempts: u32, rest: Duration) {
        let due = (!rest.is_zero()).then(|| Instant::now() + rest);
        let mut life = self.locked();
        if parcel.lane >= life.lanes.len() {
            return;
        }
        let mut unsettled = 0;
        for hold in holds {
            let order = hold.order_id;
            let new = Held { hold, attempts, parcels: Vec::with_capacity(1), out: false, due: None };
            let held = life.orders.entry(order).or_insert(new);
            // A failure that one of its messages tells of has happened.
            held.attempts = held.attempts.max(attempts);
            if held.parcels.last() != Some(&parcel) {
                held.parcels.push(parcel);
                unsettled += 1;
            }
            life.lay_down(order, due);
        }
        // Without holds it stays until it is dropped.
        life.lanes[parcel.lane].insert(parcel.tag, unsettled);
        self.ring(&life);
    }

    /// Acknowledges a message that is none of holds, or whose holds are somewhere else now.
    pub(super) fn drop_parcel(&self, life: u64, parcel: Parcel) {
        let mut now = self.locked();
        if now.number == life {
            // Nobody waits for that.
            now.acknowledge(vec![parcel]);
        }
    }

    /// Hands out what nobody works on, the oldest orders first.
    pub(super) fn hand_out(&self, max: usize) -> Vec<Delivery> {
        let mut life = self.locked();
        let life = &mut *life;
        life.wake(Instant::now());
        let mut deliveries = Vec::with_capacity(max.min(life.ready.len()));
        while deliveries.len() < max
            && let Some(tag) = life.ready.pop_first()
        {
            if let Some(held) = life.orders.get_mut(&tag) {
                held.out = true;
                deliveries.push(Delivery { tag, hold: held.hold.clone(), attempts: held.attempts });
            }
        }
        // Whoever else waits may have work, too.
        if !life.ready.is_empty() {
            self.bell.notify_one();
        }
        deliveries
    }

    /// Returns when there may be something to hand out.
    pub(super) async fn changed(&self) {
        let rested = self.locked().resting.first().map(|(due, _)| *due);
        match rested {
            Some(due) => tokio::select! {
                () = self.bell.notified() => {}
                () = tokio::time::sleep_until(due.into()) => {}
            },
            None => self.bell.notified().await,
        }
    }

    /// Wakes one that waits, if there is something for it now or later. A ring before the wait is kept for it.
    fn ring(&self, life: &Life) {
        if !life.ready.is_empty() || !life.resting.is_empty() {
            self.bell.notify_one();
        }
    }

    /// Wakes everybody who waits.
    pub(super) fn wake_all(&self) {
        self.bell.notify_waiters();
        self.bell.notify_one();
    }

    /// Settles orders. What it returns ends when the broker was told; none if there was nothing to tell.
    pub(super) fn settle(&self, orders: &[OrderId]) -> Option<oneshot::Receiver<()>> {
        let mut life = self.locked();
        let mut parcels = Vec::new();
        for order in orders {
            if let Some(held) = life.remove(*order) {
                parcels.extend(held.parcels);
            }
        }
        life.settle(&parcels)
    }

    /// Gives orders back that somebody worked on.
    pub(super) fn give_back(&self, orders: &[OrderId]) {
        let mut life = self.locked();
        for order in orders {
            if let Some(held) = life.orders.get_mut(order).filter(|held| held.out) {
                held.out = false;
                life.lay_down(*order, None);
            }
        }
        self.ring(&life);
    }

    /// A hold in hand whose failure is to be noted.
    pub(super) fn failing(&self, order: OrderId) -> Option<Failing> {
        let life = self.locked();
        let held = life.orders.get(&order)?;
        Some(Failing { hold: held.hold.clone(), attempts: held.attempts, parcels: held.parcels.clone() })
    }

    /// Settles a hold in the messages that it was in when its failure began to be noted: it is in another one now,
    /// which may be in hand already.
    pub(super) fn failed(&self, failing: &Failing) -> Option<oneshot::Receiver<()>> {
        let mut life = self.locked();
        let order = failing.hold.order_id;
        let held = life.orders.get_mut(&order)?;
        let (left, stay): (Vec<_>, Vec<_>) = held.parcels.iter().partition(|parcel| failing.parcels.contains(parcel));
        held.parcels = stay;
        held.out = false;
        if held.parcels.is_empty() {
            life.remove(order);
        } else {
            life.lay_down(order, None);
        }
        self.ring(&life);
        life.settle(&left)
    }

    /// All holds of a campaign that are in hand.
    pub(super) fn of(&self, campaign: CampaignId) -> Vec<Hold> {
        let life = self.locked();
        let holds = life.orders.values().map(|held| &held.hold);
        holds.filter(|hold| hold.campaign_id == campaign).cloned().collect()
    }

    /// How many holds are in hand.
    pub(super) fn len(&self) -> usize {
        self.locked().orders.len()
    }
}

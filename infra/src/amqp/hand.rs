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

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    id::{CampaignId, OrderId},
    spike::{Hold, ports::Delivery},
};
use tokio::sync::{Notify, mpsc, oneshot};

/// A message: its lane (the channel of a partition) and its tag there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parcel {
    pub(super) lane: usize,
    pub(super) tag: u64,
}

/// Tells the broker that messages are done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ack {
    pub(super) parcel: Parcel,
    /// With all that came before it on its lane.
    pub(super) up_to: bool,
}

/// Acknowledgements to be sent in this order, and who wants to know when they are.
pub(super) struct Acks {
    pub(super) acks: Vec<Ack>,
    pub(super) sent: oneshot::Sender<()>,
}

/// A hold in hand.
struct Held {
    hold: Hold,
    attempts: u32,
    /// The messages that it came in.
    parcels: Vec<Parcel>,
    /// Whether somebody works on it.
    out: bool,
    /// Until when it rests.
    due: Option<Instant>,
}

#[derive(Default)]
struct Life {
    /// Tells this life from earlier ones.
    number: u64,
    /// None while there are no channels.
    acks: Option<mpsc::UnboundedSender<Acks>>,
    orders: HashMap<OrderId, Held>,
    /// What nobody works on and what does not rest.
    ready: BTreeSet<OrderId>,
    /// What rests, and until when.
    resting: BTreeSet<(Instant, OrderId)>,
    /// By lane: what is not acknowledged, and how many holds of it are not settled.
    lanes: Vec<BTreeMap<u64, usize>>,
}

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

impl Life {
    /// Puts a hold where it belongs: nowhere while somebody works on it, to what rests, or to what is ready.
    fn lay_down(&mut self, order: OrderId, due: Option<Instant>) {
        let Some(held) = self.orders.get_mut(&order) else { return };
        if let Some(before) = held.due {
            self.resting.remove(&(before, order));
        }
        held.due = held.due.max(due);
        match held.due {
            _ if held.out => {}
            Some(due) => {
                self.ready.remove(&order);
                self.resting.insert((due, order));
            }
            None => {
                self.ready.insert(order);
            }
        }
    }

    /// Makes ready what has rested.
    fn wake(&mut self, now: Instant) {
        while let Some((due, order)) = self.resting.first().copied()
            && due <= now
        {
            self.resting.pop_first();
            self.ready.insert(order);
            if let Some(held) = self.orders.get_mut(&order) {
                held.due = None;
            }
        }
    }

    fn remove(&mut self, order: OrderId) -> Option<Held> {
        let held = self.orders.remove(&order)?;
        self.ready.remove(&order);
        if let Some(due) = held.due {
            self.resting.remove(&(due, order));
        }
        Some(held)
    }

    /// Counts one hold less in each of these messages, and acknowledges those that have none left.
    fn settle(&mut self, parcels: &[Parcel]) -> Option<oneshot::Receiver<()>> {
        let mut done = Vec::new();
        for parcel in parcels {
            let Some(unsettled) = self.lanes.get_mut(parcel.lane).and_then(|lane| lane.get_mut(&parcel.tag)) else {
                continue;
            };
            *unsettled = unsettled.saturating_sub(1);
            if *unsettled == 0 {
                done.push(*parcel);
            }
        }
        self.acknowledge(done)
    }

    /// Queues the acknowledgement of messages. They are sent in the order in which this was called: one that says
    /// "up to" must not overtake another one, for a tag that is acknowledged twice costs the channel.
    fn acknowledge(&mut self, mut done: Vec<Parcel>) -> Option<oneshot::Receiver<()>> {
        if done.is_empty() {
            return None;
        }
        done.sort_unstable();
        let mut acks: Vec<Ack> = Vec::new();
        for parcel in &done {
            if let Some(lane) = self.lanes.get_mut(parcel.lane) {
                lane.remove(&parcel.tag);
            }
        }
        for parcel in done {
            // Tags come in their order, so whatever is below the lowest that is left is done.
            let lowest_left = self.lanes.get(parcel.lane).and_then(|lane| lane.first_key_value());
            let in_front = lowest_left.is_none_or(|(lowest, _)| parcel.tag < *lowest);
            match acks.last_mut() {
                Some(last) if in_front && last.parcel.lane == parcel.lane => *last = Ack { parcel, up_to: true },
                _ => acks.push(Ack { parcel, up_to: in_front }),
            }
        }
        let (sent, told) = oneshot::channel();
        // If there is nobody to send them, the channels are gone, and it is delivered again.
        self.acks.as_ref()?.send(Acks { acks, sent }).ok()?;
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::{self, id, instant};

    use super::*;

    fn hold(number: u128) -> Hold {
        Hold { order_id: id(number), ..testing::hold(instant("2026-01-01T10:00:00Z")) }
    }

    fn parcel(lane: usize, tag: u64) -> Parcel {
        Parcel { lane, tag }
    }

    struct Scene {
        hand: Hand,
        acks: mpsc::UnboundedReceiver<Acks>,
        life: u64,
    }

    fn scene() -> Scene {
        let hand = Hand::default();
        let (sender, acks) = mpsc::unbounded_channel();
        let life = hand.begin(2, sender);
        Scene { hand, acks, life }
    }

    impl Scene {
        fn take_in(&self, lane: usize, tag: u64, holds: impl IntoIterator<Item = u128>) {
            self.hand.take_in(parcel(lane, tag), holds.into_iter().map(hold).collect(), 0, Duration::ZERO);
        }

        fn settle(&self, orders: impl IntoIterator<Item = u128>) {
            let orders: Vec<_> = orders.into_iter().map(id).collect();
            self.hand.settle(&orders);
        }

        /// What the broker was told since the last time: lane, tag, and whether up to it.
        fn told(&mut self) -> Vec<(usize, u64, bool)> {
            let mut told = Vec::new();
            while let Ok(acks) = self.acks.try_recv() {
                told.extend(acks.acks.iter().map(|ack| (ack.parcel.lane, ack.parcel.tag, ack.up_to)));
            }
            told
        }

        fn handed_out(&self) -> Vec<OrderId> {
            self.hand.hand_out(100).into_iter().map(|delivery| delivery.tag).collect()
        }
    }

    #[test]
    fn a_message_is_acknowledged_when_all_of_its_holds_are_settled() {
        let mut scene = scene();
        scene.take_in(0, 1, [1, 2, 3]);
        assert_eq!(scene.handed_out(), [id(1), id(2), id(3)]);
        scene.settle([1]);
        scene.settle([3, 3, 404]);
        assert_eq!(scene.told(), []);
        scene.settle([2]);
        assert_eq!(scene.told(), [(0, 1, true)]);
        scene.settle([1, 2, 3]);
        assert_eq!((scene.told(), scene.hand.len()), (vec![], 0));
    }

    #[test]
    fn what_is_done_in_front_is_told_in_one_and_the_rest_one_by_one() {
        let mut scene = scene();
        for tag in 1..=6 {
            scene.take_in(0, tag, [tag.into()]);
            scene.take_in(1, tag, [100 + u128::from(tag)]);
        }
        scene.settle([2, 5, 103]);
        assert_eq!(scene.told(), [(0, 2, false), (0, 5, false), (1, 3, false)]);
        scene.settle([1, 3, 6, 101, 102]);
        // Tag 4 is left on the first lane; 3 is not acknowledged a second time on the other one.
        assert_eq!(scene.told(), [(0, 3, true), (0, 6, false), (1, 2, true)]);
        scene.settle([4, 104, 105, 106]);
        assert_eq!(scene.told(), [(0, 4, true), (1, 6, true)]);
    }

    #[test]
    fn duplicates_join_what_is_in_hand() {
        let mut scene = scene();
        scene.take_in(0, 1, [1]);
        assert_eq!(scene.handed_out(), [id(1)]);
        scene.take_in(0, 2, [1, 2]);
        scene.take_in(1, 1, [1, 1]);
        assert_eq!(scene.handed_out(), [id(2)], "the other one is out");
        scene.settle([1]);
        assert_eq!(scene.told(), [(0, 1, true), (1, 1, true)]);
        scene.settle([2]);
        assert_eq!(scene.told(), [(0, 2, true)]);
    }

    #[test]
    fn what_is_given_back_is_handed_out_again_the_oldest_first() {
        let scene = scene();
        scene.take_in(0, 1, [3, 1]);
        scene.take_in(0, 2, [2]);
        assert_eq!(scene.hand.hand_out(2).len(), 2);
        scene.hand.give_back(&[id(2), id(1), id(1), id(404)]);
        assert_eq!(scene.handed_out(), [id(1), id(2), id(3)]);
        assert_eq!(scene.handed_out(), []);
    }

    #[test]
    fn a_life_that_is_over_is_forgotten() {
        let mut scene = scene();
        scene.take_in(0, 1, [1]);
        assert_eq!(scene.handed_out(), [id(1)]);
        scene.hand.forget();
        scene.settle([1]);
        scene.hand.give_back(&[id(1)]);
        assert_eq!((scene.handed_out(), scene.hand.len()), (vec![], 0));
        // Late messages of the old channels are not taken in either.
        scene.take_in(0, 2, [2]);
        assert_eq!(scene.hand.len(), 0);
        let (sender, acks) = mpsc::unbounded_channel();
        let old = std::mem::replace(&mut scene.life, scene.hand.begin(2, sender));
        scene.acks = acks;
        scene.take_in(0, 1, [1]);
        scene.hand.drop_parcel(old, parcel(0, 1));
        assert_eq!(scene.told(), [], "another message");
        // What was out before is settled by whoever had it.
        scene.settle([1]);
        assert_eq!(scene.told(), [(0, 1, true)]);
        scene.hand.drop_parcel(scene.life, parcel(0, 2));
        assert_eq!(scene.told(), [(0, 2, true)]);
    }

    #[test]
    fn what_failed_rests_and_is_in_hand_all_the_time() {
        let mut scene = scene();
        let hour = Duration::from_hours(1);
        scene.hand.take_in(parcel(1, 1), vec![hold(1)], 2, hour);
        scene.take_in(0, 1, [2]);
        assert_eq!(scene.handed_out(), [id(2)]);
        // A repetition does not wake it, nor does giving back what nobody has.
        scene.take_in(0, 2, [1]);
        scene.hand.give_back(&[id(1)]);
        assert_eq!(scene.handed_out(), []);
        assert_eq!(scene.hand.of(hold(1).campaign_id).len(), 2);
        scene.hand.locked().wake(Instant::now() + hour);
        let again = scene.hand.hand_out(10);
        assert_eq!((again[0].tag, again[0].attempts, again.len()), (id(1), 2, 1));
        scene.hand.give_back(&[id(1)]);
        assert_eq!(scene.handed_out(), [id(1)], "it has rested");
        scene.settle([1]);
        assert_eq!(scene.told(), [(0, 2, false), (1, 1, true)]);
        // What rests can be settled.
        scene.hand.take_in(parcel(1, 2), vec![hold(3)], 1, hour);
        scene.settle([3]);
        assert_eq!((scene.told(), scene.hand.len()), (vec![(1, 2, true)], 1));
    }

    #[test]
    fn a_failure_that_comes_in_before_it_is_noted_stays() {
        let mut scene = scene();
        scene.take_in(0, 1, [1]);
        assert_eq!(scene.handed_out(), [id(1)]);
        let failing = scene.hand.failing(id(1)).unwrap();
        assert_eq!((failing.attempts, &failing.hold), (0, &hold(1)));
        // The message that notes it is faster than its confirm.
        scene.hand.take_in(parcel(1, 1), vec![hold(1)], 1, Duration::from_hours(1));
        scene.hand.failed(&failing);
        assert_eq!(scene.told(), [(0, 1, true)], "only the one that failed");
        assert_eq!((scene.handed_out(), scene.hand.len()), (vec![], 1));
        scene.hand.locked().wake(Instant::now() + Duration::from_hours(1));
        let again = scene.hand.hand_out(10);
        assert_eq!((again[0].tag, again[0].attempts), (id(1), 1));
        // Put aside: nothing of it comes back here.
        let failing = scene.hand.failing(id(1)).unwrap();
        scene.hand.failed(&failing);
        assert_eq!((scene.told(), scene.hand.len()), (vec![(1, 1, true)], 0));
        assert!(scene.hand.failing(id(1)).is_none());
        assert!(scene.hand.failed(&failing).is_none());
    }

    #[test]
    fn attempts_are_the_most_that_a_message_tells_of() {
        let scene = scene();
        scene.hand.take_in(parcel(0, 1), vec![hold(1)], 0, Duration::ZERO);
        scene.hand.take_in(parcel(0, 2), vec![hold(1)], 2, Duration::ZERO);
        scene.hand.take_in(parcel(0, 3), vec![hold(1)], 1, Duration::ZERO);
        assert_eq!(scene.hand.hand_out(1)[0].attempts, 2);
        assert_eq!(scene.hand.of(hold(1).campaign_id), [hold(1)]);
        assert_eq!(scene.hand.of(id(77)), []);
    }
}

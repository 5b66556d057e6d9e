//! What is in hand, without a broker.

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

//! The suite of the message bus: one function a case, each on a bus of its own.
//!
//! A case sees the port, and [`Post`] for what a bus does by itself or what is done to it. It grants a bus what the
//! domain grants it: to hand out less than it has ([`take`]), to count what it was just told a moment later
//! ([`comes_to`]), and to count a repetition as long as nobody has received it.

use std::{collections::BTreeSet, sync::Arc, time::Duration as Wall};

use async_trait::async_trait;
use domain::{
    id::{CampaignId, OrderId},
    spike::{
        Hold,
        ports::{Backlog, Delivery, MessageBus},
    },
    testing::{self, id, instant},
};
use futures_util::future::{join_all, try_join_all};

/// A bus, and what is beside its port.
#[async_trait]
pub(crate) trait Post: Send + Sync {
    /// The bus as it is now.
    fn bus(&self) -> Arc<dyn MessageBus>;
    /// How often a message may fail.
    fn max_attempts(&self) -> u32;
    /// Lets enough time pass for messages that failed to come again.
    async fn rest(&self);
    /// Ends the process without warning and starts the next one.
    async fn crash(&mut self);
    /// Puts a message of somebody else's into the queue.
    async fn plant(&self, order: OrderId, campaign: CampaignId, text: &str);
}

/// Makes a test of each case, on the bus that `crate::post` makes of what `$open` opens.
macro_rules! queue_suite {
    ($open:path) => {
        queue_suite!($open => messages_come_in_their_order a_message_is_known_by_its_order
            what_is_given_back_comes_again a_crash_loses_nothing what_failed_rests_while_others_flow
            what_failed_too_often_is_put_aside what_cannot_be_read_is_put_aside what_is_in_flight_is_told_by_campaign
            nothing_is_done_to_what_is_not_there a_waiting_receiver_is_woken a_cancelled_receiver_takes_nothing
            consumers_share_the_work a_crowd_is_published_at_once);
    };
    ($open:path => $($case:ident)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let mut post = crate::post($open().await);
            crate::contract::queue::$case(&mut post).await;
        }
    )+};
}

/// The hold of the order of this number. A larger number is younger.
pub(crate) fn hold(number: u128) -> Hold {
    Hold { order_id: id(number), user_id: id(number), ..testing::hold(instant("2026-01-01T10:00:00.123Z")) }
}

/// More than one message holds, of two campaigns, and one of them twice.
pub(crate) async fn a_crowd_is_published_at_once(post: &mut impl Post) {
    let bus = post.bus();
    let of = |number: u128| Hold { campaign_id: id(1 + number % 2), ..hold(number) };
    let mut crowd: Vec<Hold> = (1..=700).map(of).collect();
    crowd.push(of(1));
    let sent = bus.publish_all(&crowd).await;
    assert_eq!(sent.len(), crowd.len());
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    assert!(bus.publish_all(&[]).await.is_empty());
    let mut received = BTreeSet::new();
    while received.len() < 700 {
        let deliveries = bus.receive(1_000).await.unwrap();
        let tags: Vec<OrderId> = deliveries.iter().map(|delivery| delivery.tag).collect();
        received.extend(deliveries.into_iter().map(|delivery| (delivery.tag, delivery.hold.campaign_id)));
        bus.settle(&tags).await.unwrap();
    }
    assert_eq!(received, crowd.iter().map(|hold| (hold.order_id, hold.campaign_id)).collect());
}

/// Publishes orders of these numbers, one after the other.
async fn publish(bus: &dyn MessageBus, numbers: impl IntoIterator<Item = u128>) {
    for number in numbers {
        bus.publish(&hold(number)).await.unwrap();
    }
}

/// Receives, and fails the test instead of hanging it.
pub(crate) async fn receive(bus: &dyn MessageBus, max: usize) -> Vec<Delivery> {
    tokio::time::timeout(Wall::from_secs(20), bus.receive(max)).await.expect("nothing came").unwrap()
}

/// Receives until so many have come, in their order of coming.
async fn take(bus: &dyn MessageBus, count: usize) -> Vec<Delivery> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.extend(receive(bus, count - taken.len()).await);
    }
    taken
}

/// Waits until the bus counts this. Fails the test instead of hanging it.
pub(crate) async fn comes_to(bus: &dyn MessageBus, expected: Backlog) {
    let mut counted = bus.backlog().await.unwrap();
    for _ in 0..1_600 {
        if counted == expected {
            return;
        }
        tokio::time::sleep(Wall::from_millis(25)).await;
        counted = bus.backlog().await.unwrap();
    }
    assert_eq!(counted, expected);
}

fn tags(deliveries: &[Delivery]) -> Vec<OrderId> {
    deliveries.iter().map(|delivery| delivery.tag).collect()
}

fn orders(numbers: impl IntoIterator<Item = u128>) -> Vec<OrderId> {
    numbers.into_iter().map(id).collect()
}

fn campaign() -> CampaignId {
    hold(1).campaign_id
}

pub(crate) async fn messages_come_in_their_order(post: &mut impl Post) {
    let bus = post.bus();
    publish(&*bus, 1..=5).await;
    comes_to(&*bus, Backlog { waiting: 5, dead: 0 }).await;
    let first = take(&*bus, 3).await;
    let expected: Vec<_> = (1..=3).map(|n| Delivery { tag: id(n), hold: hold(n), attempts: 0 }).collect();
    assert_eq!(first, expected, "the oldest first");
    let second = take(&*bus, 2).await;
    assert_eq!(tags(&second), orders(4..=5), "what is in somebody's hands is not received");
    // As counted until it is settled.
    comes_to(&*bus, Backlog { waiting: 5, dead: 0 }).await;
    bus.settle(&tags(&first)).await.unwrap();
    comes_to(&*bus, Backlog { waiting: 2, dead: 0 }).await;
    bus.settle(&tags(&second)).await.unwrap();
    comes_to(&*bus, Backlog::default()).await;
}

pub(crate) async fn a_message_is_known_by_its_order(post: &mut impl Post) {
    let bus = post.bus();
    let same = hold(1);
    try_join_all((0..20).map(|_| bus.publish(&same))).await.unwrap();
    publish(&*bus, [1, 2]).await;
    let waiting = bus.backlog().await.unwrap().waiting;
    assert!((2..=22).contains(&waiting), "{waiting}");
    assert_eq!(bus.in_flight(campaign()).await.unwrap(), [hold(1), hold(2)]);
    assert_eq!(tags(&take(&*bus, 2).await), orders([1, 2]));
    // Published again while it is in somebody's hands.
    publish(&*bus, [1, 3]).await;
    assert_eq!(tags(&take(&*bus, 1).await), orders([3]));
    comes_to(&*bus, Backlog { waiting: 3, dead: 0 }).await;
    bus.settle(&orders(1..=3)).await.unwrap();
    comes_to(&*bus, Backlog::default()).await;
}

pub(crate) async fn what_is_given_back_comes_again(post: &mut impl Post) {
    let bus = post.bus();
    publish(&*bus, 1..=4).await;
    take(&*bus, 4).await;
    for _ in 0..=post.max_attempts() {
        bus.give_back(&orders([3, 2])).await.unwrap();
        let again = receive(&*bus, 4).await;
        assert_eq!(tags(&again), orders([2, 3]));
        assert!(again.iter().all(|delivery| delivery.attempts == 0), "nothing was wrong with it");
    }
    comes_to(&*bus, Backlog { waiting: 4, dead: 0 }).await;
}

pub(crate) async fn a_crash_loses_nothing(post: &mut impl Post) {
    let bus = post.bus();
    publish(&*bus, 1..=6).await;
    take(&*bus, 4).await;
    bus.settle(&orders([2])).await.unwrap();
    drop(bus);
    post.crash().await;
    let bus = post.bus();
    assert_eq!(tags(&take(&*bus, 5).await), orders([1, 3, 4, 5, 6]));
    bus.settle(&orders(1..=6)).await.unwrap();
    drop(bus);
    post.crash().await;
    comes_to(&*post.bus(), Backlog::default()).await;
}

pub(crate) async fn what_failed_rests_while_others_flow(post: &mut impl Post) {
    let bus = post.bus();
    publish(&*bus, [1]).await;
    receive(&*bus, 1).await;
    assert!(!bus.fail(id(1), "not today").await.unwrap());
    publish(&*bus, [2]).await;
    assert_eq!(tags(&receive(&*bus, 10).await), orders([2]), "it rests");
    post.rest().await;
    let again = receive(&*bus, 10).await;
    assert_eq!((tags(&again), again[0].attempts), (orders([1]), 1));
    comes_to(&*bus, Backlog { waiting: 2, dead: 0 }).await;
}

pub(crate) async fn what_failed_too_often_is_put_aside(post: &mut impl Post) {
    let bus = post.bus();
    publish(&*bus, [1]).await;
    for attempt in 1..=post.max_attempts() {
        // Others flow all the time.
        publish(&*bus, [100 + u128::from(attempt)]).await;
        let mut received = take(&*bus, 2).await;
        received.sort_by_key(|delivery| delivery.tag);
        assert_eq!(tags(&received), orders([1, 100 + u128::from(attempt)]));
        assert_eq!(received[0].attempts, attempt - 1);
        let dead = bus.fail(id(1), &"why ".repeat(2_000)).await.unwrap();
        assert_eq!(dead, attempt == post.max_attempts());
        bus.settle(&[received[1].tag]).await.unwrap();
        post.rest().await;
    }
    comes_to(&*bus, Backlog { waiting: 0, dead: 1 }).await;
    assert_eq!(bus.in_flight(campaign()).await.unwrap(), [hold(1)], "its units are still held");
    drop(bus);
    post.crash().await;
    let bus = post.bus();
    publish(&*bus, [2]).await;
    assert_eq!(tags(&receive(&*bus, 10).await), orders([2]));
    comes_to(&*bus, Backlog { waiting: 1, dead: 1 }).await;
}

pub(crate) async fn what_cannot_be_read_is_put_aside(post: &mut impl Post) {
    let bus = post.bus();
    let later = r#"{"kind":"grab_accepted","version":1000,"hold":{}}"#;
    for (number, text) in [(1, "{"), (2, ""), (3, r#"{"kind":"hello","version":1}"#), (4, later)] {
        post.plant(id(number), campaign(), text).await;
    }
    publish(&*bus, [5]).await;
    // Alone in a batch, and beside others.
    assert_eq!(tags(&receive(&*bus, 2).await), orders([5]));
    comes_to(&*bus, Backlog { waiting: 1, dead: 4 }).await;
    post.plant(id(6), campaign(), "[]").await;
    publish(&*bus, [7]).await;
    assert_eq!(tags(&receive(&*bus, 2).await), orders([7]));
    assert_eq!(bus.in_flight(campaign()).await.unwrap(), [hold(5), hold(7)]);
}

pub(crate) async fn what_is_in_flight_is_told_by_campaign(post: &mut impl Post) {
    let bus = post.bus();
    publish(&*bus, 1..=3).await;
    let other = Hold { campaign_id: id(77), ..hold(4) };
    bus.publish(&other).await.unwrap();
    receive(&*bus, 1).await;
    let mut told = bus.in_flight(campaign()).await.unwrap();
    told.sort_by_key(|hold| hold.order_id);
    assert_eq!(told, [hold(1), hold(2), hold(3)], "also what is in somebody's hands");
    assert_eq!(bus.in_flight(id(77)).await.unwrap(), [other]);
    assert!(bus.in_flight(id(78)).await.unwrap().is_empty());
    bus.settle(&orders([1])).await.unwrap();
    assert_eq!(bus.in_flight(campaign()).await.unwrap().len(), 2);
}

pub(crate) async fn nothing_is_done_to_what_is_not_there(post: &mut impl Post) {
    let bus = post.bus();
    assert!(receive(&*bus, 0).await.is_empty());
    bus.settle(&[]).await.unwrap();
    bus.give_back(&[]).await.unwrap();
    bus.settle(&orders([404])).await.unwrap();
    bus.give_back(&orders([404])).await.unwrap();
    assert!(!bus.fail(id(404), "gone").await.unwrap());
    publish(&*bus, [404]).await;
    assert_eq!(tags(&receive(&*bus, 1).await), orders([404]));
}

pub(crate) async fn a_waiting_receiver_is_woken(post: &mut impl Post) {
    let bus = post.bus();
    for number in 1..=50 {
        let receiver = tokio::spawn({
            let bus = Arc::clone(&bus);
            async move { receive(&*bus, 10).await }
        });
        // Wherever the receiver is by now: before its look, in it, or waiting.
        for _ in 0..number % 7 {
            tokio::task::yield_now().await;
        }
        publish(&*bus, [number]).await;
        assert_eq!(tags(&receiver.await.unwrap()), orders([number]));
        if number % 2 == 0 {
            let tags = orders([number]);
            let (again, given) = tokio::join!(receive(&*bus, 10), bus.give_back(&tags));
            given.unwrap();
            assert_eq!(self::tags(&again), tags);
        }
        bus.settle(&orders([number])).await.unwrap();
    }
}

pub(crate) async fn a_cancelled_receiver_takes_nothing(post: &mut impl Post) {
    let bus = post.bus();
    publish(&*bus, 1..=40).await;
    let mut seen = Vec::new();
    let mut patience = 0;
    while seen.len() < 40 {
        // Cancelled after ever more steps, at every point where it can be.
        patience = (patience + 1) % 400;
        let steps = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            received = bus.receive(3) => seen.extend(tags(&received.unwrap())),
            () = steps => {}
        }
    }
    assert_eq!(seen, orders(1..=40), "each once");
    // And one that waits for a message that has not come.
    for steps in 0..50 {
        let waited = tokio::time::timeout(Wall::from_micros(steps * 20), bus.receive(1)).await;
        assert!(waited.is_err());
    }
    publish(&*bus, [41]).await;
    assert_eq!(tags(&receive(&*bus, 10).await), orders([41]));
}

pub(crate) async fn consumers_share_the_work(post: &mut impl Post) {
    const ALL: u128 = 400;
    let bus = post.bus();
    let consumers = (0..4_usize).map(|consumer| {
        let bus = Arc::clone(&bus);
        tokio::spawn(async move {
            let mut settled = Vec::new();
            loop {
                let mut received = receive(&*bus, 10 + consumer).await;
                // The last order of all ends a consumer, who leaves it to the next one.
                if let Some(end) = received.iter().position(|delivery| delivery.tag == id(ALL + 1)) {
                    received.remove(end);
                    bus.settle(&tags(&received)).await.unwrap();
                    settled.extend(tags(&received));
                    bus.give_back(&orders([ALL + 1])).await.unwrap();
                    return settled;
                }
                // Now and then a database is away.
                let (good, bad) = received.split_at(received.len() - usize::from(settled.len() % 3 == 1));
                bus.settle(&tags(good)).await.unwrap();
                bus.give_back(&tags(bad)).await.unwrap();
                settled.extend(tags(good));
            }
        })
    });
    let consumers: Vec<_> = consumers.collect();
    let publishers = (0..4).map(|n| {
        let bus = Arc::clone(&bus);
        tokio::spawn(async move { publish(&*bus, (1..=ALL).filter(move |number| number % 4 == n)).await })
    });
    for publisher in join_all(publishers).await {
        publisher.unwrap();
    }
    publish(&*bus, [ALL + 1]).await;
    let mut settled: Vec<OrderId> = Vec::new();
    for consumer in join_all(consumers).await {
        settled.extend(consumer.unwrap());
    }
    // Given back behind the end: nobody was left to take them.
    let rest = receive(&*bus, 1_000).await;
    settled.extend(tags(&rest));
    assert_eq!(settled.len() as u128, ALL + 1, "each once");
    assert_eq!(settled.into_iter().collect::<BTreeSet<_>>(), orders(1..=ALL + 1).into_iter().collect());
}

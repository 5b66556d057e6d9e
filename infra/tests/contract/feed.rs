//! What every feed must do. Takes two replicas, and nothing else; of a feed within one process, both are the same.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the suite")]

use std::{sync::Arc, time::Duration};

use domain::{
    id::{OrderId, UserId},
    order::{
        ports::{FeedSignal, StatusFeed},
        status::OrderChange,
    },
    spike::Hold,
    testing::{self, id, instant},
};
use futures_util::{StreamExt, stream::BoxStream};

/// Two processes that tell each other.
pub struct Replicas {
    pub here: Arc<dyn StatusFeed>,
    pub there: Arc<dyn StatusFeed>,
}

/// How long a signal may take before a test fails.
const BOUND: Duration = Duration::from_secs(20);

/// The first state of an order.
pub fn change(user: u128, order: u128) -> OrderChange {
    let hold = testing::hold(instant("2026-01-01T10:00:00Z"));
    OrderChange::queued(&Hold { user_id: id(user), order_id: id(order), ..hold })
}

/// A subscription, with what it was told.
pub struct Ear(BoxStream<'static, FeedSignal>);

impl Ear {
    pub async fn of(feed: &Arc<dyn StatusFeed>, user: u128) -> Self {
        Self(feed.subscribe(id::<UserId>(user)).await.unwrap())
    }

    /// The next signal.
    pub async fn next(&mut self) -> FeedSignal {
        tokio::time::timeout(BOUND, self.0.next()).await.expect("a signal in time").expect("a feed does not end")
    }

    /// The next order that changed; `None` if something was missed.
    pub async fn order(&mut self) -> Option<OrderId> {
        match self.next().await {
            FeedSignal::Changed(change) => Some(change.order.id),
            FeedSignal::Missed => None,
        }
    }

    /// Waits until it is told that it may have missed something. Changes may come before that.
    pub async fn until_missed(&mut self) {
        while self.order().await.is_some() {}
    }
}

pub async fn every_subscriber_is_told_each_change_in_order(replicas: Replicas) {
    let mut ears = Vec::new();
    for feed in [&replicas.here, &replicas.here, &replicas.there, &replicas.there] {
        ears.push(Ear::of(feed, 1).await);
    }
    replicas.here.publish(&[change(1, 1), change(1, 2)]).await;
    replicas.here.publish(&[change(1, 3)]).await;
    for ear in &mut ears {
        for order in 1..=3 {
            assert_eq!(ear.order().await, Some(id(order)));
        }
    }
    replicas.there.publish(&[change(1, 4)]).await;
    for ear in &mut ears {
        assert_eq!(ear.order().await, Some(id(4)), "each once");
    }
}

pub async fn a_change_is_told_as_it_is(replicas: Replicas) {
    let mut ears = [Ear::of(&replicas.here, 1).await, Ear::of(&replicas.there, 1).await];
    let told = change(1, 7);
    replicas.here.publish(std::slice::from_ref(&told)).await;
    for ear in &mut ears {
        let FeedSignal::Changed(heard) = ear.next().await else { panic!("nothing was missed") };
        assert_eq!(*heard, told);
    }
}

pub async fn others_are_told_nothing(replicas: Replicas) {
    let mut ears = [Ear::of(&replicas.here, 2).await, Ear::of(&replicas.there, 2).await];
    for order in 0..20 {
        replicas.here.publish(&[change(1, order), change(3, order)]).await;
    }
    replicas.here.publish(&[change(2, 100)]).await;
    for ear in &mut ears {
        assert_eq!(ear.order().await, Some(id(100)));
    }
}

pub async fn who_is_too_slow_is_told_so(replicas: Replicas) {
    let mut slow = [Ear::of(&replicas.here, 1).await, Ear::of(&replicas.there, 1).await];
    for order in 0..1_000 {
        replicas.here.publish(&[change(1, order)]).await;
    }
    for ear in &mut slow {
        ear.until_missed().await;
    }
}

pub async fn who_left_is_in_nobodys_way(replicas: Replicas) {
    drop(Ear::of(&replicas.here, 1).await);
    let mut stayed = Ear::of(&replicas.there, 1).await;
    drop(Ear::of(&replicas.there, 1).await);
    replicas.here.publish(&[change(1, 1)]).await;
    assert_eq!(stayed.order().await, Some(id(1)));
}

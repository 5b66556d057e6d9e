//! The contract of the message bus, on the queue table of every engine, and what is the table's own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::{sync::Arc, task::Poll, time::Duration as Wall};

use async_trait::async_trait;
use chrono::Duration;
use domain::{
    clock::{Clock, Instant},
    error::Fault,
    id::{CampaignId, OrderId, TypedId},
    spike::ports::{Backlog, MessageBus},
    testing::{ManualClock, id, instant},
};
use entity::queue_messages;
use futures_util::future::{join_all, try_join_all};
use infra::sql::{
    Database,
    queue::{QueueOptions, SqlQueue},
};
use sea_orm::{ActiveValue::Set, EntityTrait};
use tokio::sync::Notify;

use self::contract::{
    databases::{Opened, sqlite},
    queue::{Post, hold, receive},
};

#[macro_use]
mod contract {
    #[macro_use]
    pub(crate) mod databases;
    #[macro_use]
    pub(crate) mod queue;
}

/// A clock that stands still until it is moved, and tells when somebody waits for it.
struct Watched {
    clock: ManualClock,
    asleep: Notify,
}

impl Watched {
    /// Returns once somebody waits for the clock. Fails the test instead of hanging it.
    async fn fell_asleep(&self) {
        tokio::time::timeout(Wall::from_secs(20), self.asleep.notified()).await.expect("nobody fell asleep");
    }
}

#[async_trait]
impl Clock for Watched {
    fn now(&self) -> Instant {
        self.clock.now()
    }

    async fn sleep_until(&self, deadline: Instant) {
        self.asleep.notify_one();
        self.clock.sleep_until(deadline).await;
    }
}

/// The queue table of a database.
struct Table {
    queue: Arc<SqlQueue>,
    clock: Arc<Watched>,
    db: Database,
    opened: Opened,
    options: QueueOptions,
}

impl Table {
    fn on(opened: Opened, options: QueueOptions) -> Self {
        let clock = ManualClock::at(instant("2026-01-01T10:00:00Z"));
        let clock = Arc::new(Watched { clock, asleep: Notify::new() });
        let queue = Arc::new(SqlQueue::new(opened.db.clone(), clock.clone(), options.clone()));
        Self { queue, clock, db: opened.db.clone(), opened, options }
    }
}

/// The table as the suite wants it.
fn post(opened: Opened) -> Table {
    Table::on(opened, QueueOptions { max_attempts: 3, ..QueueOptions::default() })
}

/// The table in SQLite, for what no engine decides.
async fn in_sqlite() -> Table {
    post(sqlite().await)
}

#[async_trait]
impl Post for Table {
    fn bus(&self) -> Arc<dyn MessageBus> {
        self.queue.clone()
    }

    fn max_attempts(&self) -> u32 {
        self.options.max_attempts
    }

    async fn rest(&self) {
        self.clock.clock.advance(self.options.max_retry_delay);
    }

    async fn crash(&mut self) {
        // The database is opened anew, as it was left: nothing is closed or finished before.
        self.db = self.opened.once_more().await;
        self.queue = Arc::new(SqlQueue::new(self.db.clone(), self.clock.clone(), self.options.clone()));
    }

    async fn plant(&self, order: OrderId, campaign: CampaignId, text: &str) {
        let row = queue_messages::ActiveModel {
            order_id: Set(order.uuid()),
            campaign_id: Set(campaign.uuid()),
            payload: Set(text.to_owned()),
            attempts: Set(0),
            available_at: Set(0),
            dead_at: Set(None),
            last_error: Set(None),
        };
        let tx = self.db.begin().await.unwrap();
        queue_messages::Entity::insert(row).exec_without_returning(&tx).await.unwrap();
        tx.commit().await.unwrap();
    }
}

on_every_engine!(queue_suite);

#[tokio::test]
async fn the_oldest_order_comes_first_and_a_repetition_is_stored_once() {
    let post = in_sqlite().await;
    try_join_all([2, 1, 3, 5, 4, 1, 1].map(hold).iter().map(|hold| post.queue.publish(hold))).await.unwrap();
    assert_eq!(post.queue.backlog().await.unwrap(), Backlog { waiting: 5, dead: 0 });
    let received: Vec<_> = receive(&*post.queue, usize::MAX).await.into_iter().map(|delivery| delivery.tag).collect();
    assert_eq!(received, [1, 2, 3, 4, 5].map(id));
    assert_eq!(post.queue.backlog().await.unwrap().waiting, 5, "until it is settled");
    post.queue.settle(&received).await.unwrap();
    assert_eq!(post.queue.backlog().await.unwrap(), Backlog::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_shares_few_transactions() {
    let post = in_sqlite().await;
    let publishers = (1..=500_u128).map(|number| {
        let queue = Arc::clone(&post.queue);
        tokio::spawn(async move { queue.publish(&hold(number)).await })
    });
    for published in join_all(publishers).await {
        published.unwrap().unwrap();
    }
    assert_eq!(post.queue.backlog().await.unwrap().waiting, 500);
    let commits = post.queue.commits();
    assert!((1..=100).contains(&commits), "{commits} transactions for 500 messages");
}

#[tokio::test]
async fn one_alone_does_not_wait_for_others() {
    let post = in_sqlite().await;
    for number in 1..=5 {
        post.queue.publish(&hold(number)).await.unwrap();
        assert_eq!(u128::from(post.queue.commits()), number);
    }
}

#[tokio::test]
async fn who_finds_no_room_waits() {
    let post = Table::on(sqlite().await, QueueOptions { batch: 2, capacity: 1, ..QueueOptions::default() });
    let holds: Vec<_> = (1..=50).map(hold).collect();
    try_join_all(holds.iter().map(|hold| post.queue.publish(hold))).await.unwrap();
    assert_eq!(post.queue.backlog().await.unwrap().waiting, 50);
    assert!(post.queue.commits() >= 25, "no more than two in a transaction");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_waits_and_refuses_what_comes() {
    let post = in_sqlite().await;
    let holds: Vec<_> = (1..=200).map(hold).collect();
    let (mut answers, mut waiting) = (Vec::new(), Vec::new());
    for hold in &holds {
        let mut publisher = post.queue.publish(hold);
        // Polled once, it has handed its message over, for there is room.
        match futures_util::poll!(tokio::task::unconstrained(&mut publisher)) {
            Poll::Ready(answer) => answers.push(answer),
            Poll::Pending => waiting.push(publisher),
        }
    }
    tokio::join!(post.queue.close(), post.queue.close());
    answers.extend(join_all(waiting).await);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(post.queue.backlog().await.unwrap().waiting, 200);
    let refused = post.queue.publish(&hold(201)).await;
    assert!(matches!(refused, Err(Fault::Unavailable { part: "queue", .. })));
    post.queue.close().await;
    // Consumers finish their work.
    let received = receive(&*post.queue, 500).await;
    post.queue.settle(&received.iter().map(|delivery| delivery.tag).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(post.queue.backlog().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn the_task_ends_with_the_queue() {
    let post = in_sqlite().await;
    // On a runtime of its own, where nothing else has tasks.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let queue = {
        let _here = runtime.enter();
        SqlQueue::new(post.db.clone(), post.clock.clone(), post.options.clone())
    };
    assert_eq!(runtime.metrics().num_alive_tasks(), 1);
    drop(queue);
    let ended = async {
        while runtime.metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Wall::from_secs(20), ended).await.unwrap();
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_group_that_fails_tells_everybody() {
    let post = in_sqlite().await;
    post.db.clone().close().await.unwrap();
    let holds: Vec<_> = (1..=20).map(hold).collect();
    let answers = join_all(holds.iter().map(|hold| post.queue.publish(hold))).await;
    assert_eq!(answers.len(), 20);
    for answer in answers {
        assert!(matches!(answer, Err(Fault::Unavailable { part: "database", .. })), "{answer:?}");
    }
    assert_eq!(post.queue.commits(), 0);
}

/// A receiver that has looked, found that nothing is due, and waits: the clock was asked to wake it.
async fn asleep(post: &Table) -> tokio::task::JoinHandle<Vec<OrderId>> {
    let queue = Arc::clone(&post.queue);
    let receiver = tokio::spawn(async move { receive(&*queue, 10).await });
    post.clock.fell_asleep().await;
    tokio::spawn(async move { receiver.await.unwrap().into_iter().map(|delivery| delivery.tag).collect() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sleeping_receiver_is_woken_by_a_message_and_by_the_clock() {
    let post = in_sqlite().await;
    post.queue.publish(&hold(1)).await.unwrap();
    receive(&*post.queue, 1).await;
    post.queue.fail(id(1), "not today").await.unwrap();

    // The clock stands still, so it is the message that wakes.
    let sleeper = asleep(&post).await;
    post.queue.publish(&hold(2)).await.unwrap();
    assert_eq!(sleeper.await.unwrap(), [id::<OrderId>(2)]);

    // What is given back, too.
    let sleeper = asleep(&post).await;
    post.queue.give_back(&[id(2)]).await.unwrap();
    assert_eq!(sleeper.await.unwrap(), [id::<OrderId>(2)]);

    // No message comes, so it is the clock: at the very moment, and not before.
    let sleeper = asleep(&post).await;
    post.clock.clock.advance(post.options.retry_delay - Duration::milliseconds(1));
    assert_eq!(post.queue.backlog().await.unwrap().waiting, 2);
    assert!(!sleeper.is_finished());
    post.clock.clock.advance(Duration::milliseconds(1));
    assert_eq!(sleeper.await.unwrap(), [id::<OrderId>(1)]);

    // A receiver that sleeps for a later moment hears of an earlier one.
    post.queue.fail(id(1), "not today either").await.unwrap();
    let sleeper = asleep(&post).await;
    post.queue.fail(id(2), "nor this").await.unwrap();
    post.clock.fell_asleep().await;
    post.clock.clock.advance(post.options.retry_delay);
    assert_eq!(sleeper.await.unwrap(), [id::<OrderId>(2)]);
}

#[tokio::test]
async fn an_error_is_kept_as_far_as_there_is_room() {
    let post = in_sqlite().await;
    post.queue.publish(&hold(1)).await.unwrap();
    post.queue.fail(id(1), &"ü".repeat(3_000)).await.unwrap();
    let row = queue_messages::Entity::find().one(post.db.reader()).await.unwrap().unwrap();
    assert_eq!(row.last_error.unwrap().chars().count(), 1_000);
    let rested = post.clock.now() + post.options.retry_delay;
    assert_eq!((row.attempts, row.available_at, row.dead_at), (1, rested.timestamp_millis(), None));
}

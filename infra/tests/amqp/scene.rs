//! What the cases share: buses with queues of their own, holds, and waiting within bounds.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
    spike::{
        Hold,
        ports::{Backlog, MessageBus},
    },
    testing::{self, id, instant},
};
use engines::{Proxy, RabbitMq, shared};
use infra::amqp::{AmqpBus, AmqpOptions};

/// How long anything may take before a test fails: a machine under load is slow.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Options for a bus on the broker of all tests, with queues that no other test has.
pub(crate) async fn options() -> AmqpOptions {
    options_at(&shared::rabbitmq().await.unwrap().url())
}

/// The same on another broker.
pub(crate) fn options_at(url: &str) -> AmqpOptions {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    AmqpOptions {
        prefix: format!("own-{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        retry_delays: vec![Duration::from_secs(1)],
        // Under load a test machine takes longer than a buyer would wait.
        inquiry_timeout: PATIENCE,
        ..AmqpOptions::at(url)
    }
}

/// A way to a broker that can be broken.
pub(crate) async fn way(rabbitmq: &RabbitMq) -> Proxy {
    Proxy::start(([127, 0, 0, 1], rabbitmq.port()).into()).await.unwrap()
}

pub(crate) async fn open(options: &AmqpOptions) -> Arc<AmqpBus> {
    Arc::new(AmqpBus::open(options.clone()).await.unwrap())
}

/// The hold of the order of this number, in the campaign that most cases are about.
pub(crate) fn hold(number: u128) -> Hold {
    Hold { order_id: id(number), user_id: id(number), ..testing::hold(instant("2026-01-01T10:00:00.123Z")) }
}

pub(crate) fn campaign() -> CampaignId {
    hold(1).campaign_id
}

/// The queue of that campaign.
pub(crate) fn partition(options: &AmqpOptions) -> String {
    format!("{}.grabs.2", options.prefix)
}

pub(crate) async fn publish(bus: &AmqpBus, numbers: impl IntoIterator<Item = u128>) {
    for number in numbers {
        bus.publish(&hold(number)).await.unwrap();
    }
}

/// Receives until so many different orders have come.
pub(crate) async fn receive(bus: &AmqpBus, count: usize) -> BTreeSet<OrderId> {
    let mut orders = BTreeSet::new();
    within(async {
        while orders.len() < count {
            orders.extend(bus.receive(1_000).await.unwrap().into_iter().map(|delivery| delivery.tag));
        }
    })
    .await;
    orders
}

/// Receives until so many different orders have come, and settles them.
pub(crate) async fn consume(bus: &AmqpBus, count: usize) -> BTreeSet<OrderId> {
    let mut orders = BTreeSet::new();
    within(async {
        while orders.len() < count {
            let tags: Vec<_> = bus.receive(1_000).await.unwrap().into_iter().map(|delivery| delivery.tag).collect();
            bus.settle(&tags).await.unwrap();
            orders.extend(tags);
        }
    })
    .await;
    orders
}

/// Settles what still comes (delivery is at least once) until nothing is left.
pub(crate) async fn empty(bus: &AmqpBus) {
    within(async {
        while bus.backlog().await.ok() != Some(Backlog::default()) {
            if let Ok(deliveries) = tokio::time::timeout(Duration::from_millis(20), bus.receive(1_000)).await {
                let tags: Vec<_> = deliveries.unwrap().into_iter().map(|delivery| delivery.tag).collect();
                bus.settle(&tags).await.unwrap();
            }
        }
    })
    .await;
}

pub(crate) fn orders(numbers: impl IntoIterator<Item = u128>) -> BTreeSet<OrderId> {
    numbers.into_iter().map(id).collect()
}

pub(crate) fn holds(numbers: impl IntoIterator<Item = u128>) -> Vec<Hold> {
    numbers.into_iter().map(hold).collect()
}

/// Fails the test instead of hanging it.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("took too long")
}

/// Tries until it works.
pub(crate) async fn until_ok<T>(mut work: impl AsyncFnMut() -> Result<T, Fault>) -> T {
    within(async {
        loop {
            match work().await {
                Ok(done) => return done,
                Err(Fault::Unavailable { part: "queue", .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(other) => panic!("{other:?}"),
            }
        }
    })
    .await
}

/// What a fault is at the bottom of, as text.
pub(crate) fn causes(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let mut cause = std::error::Error::source(fault);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

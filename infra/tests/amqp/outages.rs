//! The broker is away, full, or does not confirm: publishing says so at once, and both directions heal by themselves.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use domain::{error::Fault, spike::ports::MessageBus, testing::id};
use engines::{RabbitMq, RabbitOptions, shared};
use futures_util::future::join_all;
use infra::amqp::{AmqpBus, AmqpOptions};

use crate::scene::{
    causes, consume, empty, hold, open, options, options_at, orders, publish, receive, until_ok, way, within,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_and_comes_back_has_everything() {
    let mut rabbitmq = RabbitMq::start(RabbitOptions::default()).await.unwrap();
    let options = options_at(&rabbitmq.url());
    let (publisher, consumer) = (open(&options).await, open(&options).await);
    publish(&publisher, 1..=200).await;
    assert_eq!(consume(&consumer, 200).await, orders(1..=200));
    publish(&publisher, 201..=300).await;
    rabbitmq.kill().await.unwrap();

    // Away: refused at once, not after a time.
    let fault = first_failure(&publisher, 1_000).await;
    assert!(matches!(fault, Fault::Unavailable { part: "queue", .. }));
    let took = hundred_failures(&publisher, 2_000).await;
    println!("100 publishes to a dead broker fail in {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(matches!(within(publisher.in_flight(hold(1).campaign_id)).await, Err(Fault::Unavailable { .. })));

    rabbitmq.start_again().await.unwrap();
    let began = Instant::now();
    until_ok(async || publisher.publish(&hold(401)).await).await;
    println!("publishing goes on {:?} after the broker is back", began.elapsed());
    let wanted: BTreeSet<_> = orders((201..=300).chain([401]));
    let mut rest = BTreeSet::new();
    within(async {
        while !wanted.is_subset(&rest) {
            rest.extend(consume(&consumer, 1).await);
        }
    })
    .await;
    empty(&consumer).await;
    rabbitmq.stop().await.unwrap();
}

/// The fault of the first publish that fails.
async fn first_failure(bus: &AmqpBus, from: u128) -> Fault {
    within(async {
        let mut number = from;
        loop {
            if let Err(fault) = bus.publish(&hold(number)).await {
                return fault;
            }
            number += 1;
        }
    })
    .await
}

/// How long a hundred publishes take that all fail.
async fn hundred_failures(bus: &AmqpBus, from: u128) -> Duration {
    let began = Instant::now();
    for number in from..from + 100 {
        let fault = bus.publish(&hold(number)).await.unwrap_err();
        assert!(matches!(fault, Fault::Unavailable { part: "queue", .. }));
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_blocks_publishing_goes_on_to_be_consumed_from() {
    let mut rabbitmq = RabbitMq::start(RabbitOptions::default()).await.unwrap();
    let options = options_at(&rabbitmq.url());
    let (bus, other) = (open(&options).await, open(&options).await);
    publish(&bus, 1..=50).await;
    assert_eq!(receive(&bus, 50).await.len(), 50);
    rabbitmq.set_memory_alarm(true).await.unwrap();

    let fault = first_failure(&bus, 1_000).await;
    assert!(causes(&fault).contains("has blocked publishing"), "{}", causes(&fault));
    let took = hundred_failures(&bus, 2_000).await;
    println!("100 publishes to a blocked broker fail in {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    // What is settled now is acknowledged: the next consumer does not see it.
    bus.settle(&(1..=40).map(id).collect::<Vec<_>>()).await.unwrap();
    bus.close().await;
    let rest = receive(&other, 10).await;
    assert!(rest.is_superset(&orders(41..=50)) && rest.is_disjoint(&orders(1..=40)), "{rest:?}");
    // One that consumes knows nothing of it until it publishes: what failed cannot rest anywhere now.
    let failed = within(other.fail(id(41), "not today")).await;
    assert!(matches!(failed, Err(Fault::Unavailable { part: "queue", .. })), "{failed:?}");

    rabbitmq.set_memory_alarm(false).await.unwrap();
    let began = Instant::now();
    until_ok(async || other.publish(&hold(60)).await).await;
    println!("publishing goes on {:?} after the alarm", began.elapsed());
    until_ok(async || {
        receive(&other, 1).await;
        other.fail(id(41), "not today").await
    })
    .await;
    rabbitmq.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirm_that_is_lost_is_unknown_and_publishing_again_is_harmless() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let way = way(rabbitmq).await;
    let options = options().await;
    let through = AmqpOptions {
        url: way.url(&options.url),
        confirm_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(500),
        ..options.clone()
    };
    let (bus, consumer) = (open(&through).await, open(&options).await);
    publish(&bus, 1..=5).await;
    way.drop_responses().await;
    let began = Instant::now();
    let holds: Vec<_> = (6..=10).map(hold).collect();
    for answer in within(join_all(holds.iter().map(|hold| bus.publish(hold)))).await {
        let fault = answer.unwrap_err();
        assert!(causes(&fault).contains("did not confirm in time"), "{}", causes(&fault));
    }
    // Two groups at once, so no more than one wait after the other.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let took = hundred_failures(&bus, 2_000).await;
    println!("100 publishes to a broker that does not confirm fail in {took:?}");
    assert!(took < Duration::from_millis(500), "{took:?}");
    // They had arrived.
    assert_eq!(consume(&consumer, 10).await, orders(1..=10));

    way.resume().await;
    let began = Instant::now();
    for hold in &holds {
        until_ok(async || bus.publish(hold).await).await;
    }
    println!("publishing goes on {:?} after answers come again", began.elapsed());
    assert_eq!(consume(&consumer, 5).await, orders(6..=10));
    empty(&consumer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_cut_off_in_silence_loses_its_messages_to_another_and_comes_back() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let way = way(rabbitmq).await;
    let options = AmqpOptions {
        heartbeat: Duration::from_secs(1),
        confirm_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(500),
        ..options().await
    };
    let through = AmqpOptions { url: way.url(&options.url), ..options.clone() };
    let (cut_off, other) = (open(&through).await, open(&options).await);
    publish(&other, 1..=20).await;
    assert_eq!(receive(&cut_off, 20).await, orders(1..=20));
    // Nothing arrives in either direction any more, and nobody says so.
    way.freeze().await;
    let began = Instant::now();
    assert_eq!(consume(&other, 20).await, orders(1..=20));
    println!("a silent consumer was given up after {:?}", began.elapsed());
    assert!(matches!(cut_off.publish(&hold(21)).await, Err(Fault::Unavailable { part: "queue", .. })));
    cut_off.ping().unwrap_err();
    within(other.close()).await;

    way.resume().await;
    until_ok(async || cut_off.publish(&hold(22)).await).await;
    cut_off.ping().unwrap();
    // What was sent before the silence may arrive now.
    within(async { while !consume(&cut_off, 1).await.contains(&hold(22).order_id) {} }).await;
    empty(&cut_off).await;
}

//! Consuming: several processes on the same queues, and connections and channels that break.

use std::{collections::BTreeSet, sync::Arc};

use domain::{
    spike::ports::{Backlog, MessageBus},
    testing::id,
};
use engines::{RabbitMq, RabbitOptions, shared};
use infra::amqp::AmqpOptions;

use crate::{
    broker::Desk,
    scene::{consume, hold, open, options, options_at, orders, partition, publish, receive, way, within},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_consumer_dies_another_one_gets_everything() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let way = way(rabbitmq).await;
    let options = options().await;
    let through = AmqpOptions { url: way.url(&options.url), ..options.clone() };
    let (dying, heir, publisher) = (open(&through).await, open(&options).await, open(&options).await);
    publish(&publisher, 1..=50).await;
    assert_eq!(receive(&dying, 50).await, orders(1..=50));
    dying.settle(&(1..=10).map(id).collect::<Vec<_>>()).await.unwrap();
    let heir = tokio::spawn(async move { (receive(&heir, 40).await, heir) });
    Desk::at(&options.url).await.until(&partition(&options), |_, consumers| consumers > 0).await;
    way.cut().await;
    let (received, heir) = within(heir).await.unwrap();
    assert_eq!(received, orders(11..=50), "all that was not settled");
    // What the dead one settles now is nobody's message any more.
    dying.settle(&(11..=20).map(id).collect::<Vec<_>>()).await.unwrap();
    dying.give_back(&[id(21)]).await.unwrap();
    assert!(!dying.fail(id(22), "too late").await.unwrap());
    heir.settle(&received.into_iter().collect::<Vec<_>>()).await.unwrap();
    within(async { while heir.backlog().await.unwrap() != Backlog::default() {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_whose_connection_broke_receives_again_what_it_had() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let way = way(rabbitmq).await;
    let options = options().await;
    let through = AmqpOptions { url: way.url(&options.url), ..options };
    let bus = open(&through).await;
    publish(&bus, 1..=20).await;
    assert_eq!(receive(&bus, 20).await.len(), 20);
    for _ in 0..3 {
        way.reset_all().await;
        assert_eq!(receive(&bus, 20).await, orders(1..=20));
    }
    // What was received before the break is settled by its order, whichever message it is in now.
    bus.settle(&(1..=20).map(id).collect::<Vec<_>>()).await.unwrap();
    within(async { while bus.backlog().await.ok() != Some(Backlog::default()) {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_come_and_go_and_nothing_is_lost() {
    let options = options().await;
    let publisher = open(&options).await;
    let mut settled = BTreeSet::new();
    let mut active = open(&options).await;
    for round in 0..5_u128 {
        publish(&publisher, round * 20 + 1..=round * 20 + 20).await;
        let in_hand: Vec<_> = receive(&active, 10).await.into_iter().collect();
        active.settle(&in_hand[..5]).await.unwrap();
        settled.extend(&in_hand[..5]);
        // It goes with the rest in hand, and another one that waited for that takes over.
        let next = open(&options).await;
        let waiting = tokio::spawn({
            let next = Arc::clone(&next);
            async move { receive(&next, 1).await }
        });
        drop(std::mem::replace(&mut active, next));
        assert!(!within(waiting).await.unwrap().is_empty());
    }
    active.give_back(&orders(1..=100).into_iter().collect::<Vec<_>>()).await.unwrap();
    settled.extend(consume(&active, 75).await);
    assert_eq!(settled, orders(1..=100));
    within(async { while active.backlog().await.unwrap() != Backlog::default() {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_the_broker_closes_is_survived() {
    let mut rabbitmq = RabbitMq::start(RabbitOptions::default()).await.unwrap();
    let bus = open(&options_at(&rabbitmq.url())).await;
    // After 30 minutes in production; looked at once a minute there.
    let soon =
        "application:set_env(rabbit, consumer_timeout, 500), application:set_env(rabbit, channel_tick_interval, 200).";
    rabbitmq.ctl(&["eval", soon]).await.unwrap();
    publish(&bus, 1..=5).await;
    assert_eq!(receive(&bus, 5).await, orders(1..=5));
    // The broker takes the channel away, and delivers again on the next one.
    assert_eq!(receive(&bus, 5).await, orders(1..=5));
    rabbitmq.ctl(&["eval", "application:set_env(rabbit, consumer_timeout, 1800000)."]).await.unwrap();
    within(async {
        while bus.backlog().await.ok() != Some(Backlog::default()) {
            bus.settle(&(1..=5).map(id).collect::<Vec<_>>()).await.unwrap();
        }
    })
    .await;
    rabbitmq.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_only_publishes_consumes_nothing() {
    let options = options().await;
    let (bus, broker) = (open(&options).await, Desk::at(&options.url).await);
    publish(&bus, 1..=3).await;
    assert_eq!(bus.in_flight(hold(1).campaign_id).await.unwrap().len(), 3);
    broker.until(&partition(&options), |messages, consumers| (messages, consumers) == (3, 0)).await;
}

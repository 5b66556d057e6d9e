//! Publishing: groups, closing, and a queue that is missing.

use std::sync::Arc;

use domain::{error::Fault, spike::ports::MessageBus};
use futures_util::future::join_all;

use crate::{
    broker::Desk,
    scene::{causes, consume, empty, hold, open, options, orders, partition, publish, receive, until_ok, within},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_makes_few_messages() {
    let bus = open(&options().await).await;
    let publishers = (1..=1_000_u128).map(|number| {
        let bus = Arc::clone(&bus);
        tokio::spawn(async move { bus.publish(&hold(number)).await })
    });
    for published in within(join_all(publishers)).await {
        published.unwrap().unwrap();
    }
    let messages = bus.messages();
    println!("1000 holds in {messages} messages");
    assert!((1..=200).contains(&messages), "{messages} messages for 1000 holds");
    assert_eq!(consume(&bus, 1_000).await, orders(1..=1_000));
}

#[tokio::test]
async fn one_alone_does_not_wait_for_others() {
    let bus = open(&options().await).await;
    for number in 1..=5 {
        publish(&bus, [number]).await;
        assert_eq!(u128::from(bus.messages()), number);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_waits_and_refuses_what_comes() {
    let options = options().await;
    let bus = open(&options).await;
    let holds: Vec<_> = (1..=500).map(hold).collect();
    let mut waiting = Vec::new();
    for hold in &holds {
        let mut publisher = bus.publish(hold);
        // Polled once, it has handed its hold over, for there is room.
        assert!(futures_util::poll!(tokio::task::unconstrained(&mut publisher)).is_pending());
        waiting.push(publisher);
    }
    let (answers, (), ()) = within(async { tokio::join!(join_all(waiting), bus.close(), bus.close()) }).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert!(matches!(bus.publish(&hold(501)).await, Err(Fault::Unavailable { part: "queue", .. })));
    assert!(matches!(within(bus.receive(1)).await, Err(Fault::Unavailable { part: "queue", .. })));
    within(bus.close()).await;
    let bus = open(&options).await;
    assert_eq!(receive(&bus, 500).await, orders(1..=500));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_hand_goes_back_when_the_bus_is_closed() {
    let options = options().await;
    let (bus, next) = (open(&options).await, open(&options).await);
    publish(&bus, 1..=10).await;
    assert_eq!(receive(&bus, 10).await.len(), 10);
    let waiting = tokio::spawn(async move { receive(&next, 10).await });
    within(bus.close()).await;
    assert_eq!(within(waiting).await.unwrap(), orders(1..=10));
    // Who waited there is told.
    assert!(bus.receive(1).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_queue_takes_is_an_error_and_the_queue_is_declared_again() {
    let options = options().await;
    let (bus, broker) = (open(&options).await, Desk::at(&options.url).await);
    publish(&bus, [1]).await;
    broker.delete(&partition(&options)).await;
    // Beside others that reach their queues.
    let other = domain::spike::Hold { campaign_id: domain::testing::id(3), ..hold(3) };
    let lost = hold(2);
    let (lost, fine) = tokio::join!(bus.publish(&lost), bus.publish(&other));
    let fault = lost.unwrap_err();
    assert!(causes(&fault).contains("no queue"), "{}", causes(&fault));
    drop(fine);
    until_ok(async || bus.publish(&hold(2)).await).await;
    until_ok(async || bus.publish(&other).await).await;
    // Order 1 went with its queue.
    assert_eq!(consume(&bus, 2).await, orders([2, 3]));

    // Also under a consumer, who subscribes again.
    broker.delete(&partition(&options)).await;
    until_ok(async || bus.publish(&hold(4)).await).await;
    // Order 3 may be there twice.
    within(async { while !consume(&bus, 1).await.contains(&hold(4).order_id) {} }).await;
    empty(&bus).await;
}

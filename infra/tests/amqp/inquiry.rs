//! What is in flight is told whole: wherever it is, whoever has it, and while it moves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{
    error::Fault,
    spike::{
        Hold,
        ports::{Backlog, MessageBus},
    },
    testing::id,
};
use engines::shared;
use futures_util::future::{join_all, try_join_all};
use infra::amqp::AmqpOptions;

use crate::{
    broker::Desk,
    scene::{campaign, causes, hold, holds, open, options, orders, partition, publish, receive, way, within},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_has_in_hand_is_told() {
    let options = options().await;
    let (consumer, asker) = (open(&options).await, open(&options).await);
    publish(&asker, 1..=30).await;
    assert_eq!(receive(&consumer, 30).await.len(), 30);
    publish(&asker, 31..=40).await;
    consumer.settle(&(1..=5).map(id).collect::<Vec<_>>()).await.unwrap();
    let began = Instant::now();
    assert_eq!(within(asker.in_flight(campaign())).await.unwrap(), holds(6..=40));
    println!("in flight with a consumer: told in {:?}", began.elapsed());
    assert_eq!(within(consumer.in_flight(campaign())).await.unwrap(), holds(6..=40), "also to itself");
    assert_eq!(within(asker.in_flight(id(77))).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_consumes_is_told_and_stays_in_its_order() {
    // Each hold in a message of its own.
    let options = AmqpOptions { batch: 1, groups_at_once: 64, ..options().await };
    let (asker, broker) = (open(&options).await, Desk::at(&options.url).await);
    let many: Vec<Hold> = (1..=3_000).map(hold).collect();
    publish(&asker, 1..=50).await;
    within(try_join_all(many[50..].iter().map(|hold| asker.publish(hold)))).await.unwrap();
    let messages = broker.count(&partition(&options)).await.0;
    assert_eq!(messages, 3_000);
    let began = Instant::now();
    assert_eq!(within(asker.in_flight(campaign())).await.unwrap(), many);
    println!("in flight without a consumer: {messages} messages told in {:?}", began.elapsed());
    // Several at once do not take it from each other.
    for told in within(join_all((0..4).map(|_| asker.in_flight(campaign())))).await {
        assert_eq!(told.unwrap(), many);
    }
    broker.until(&partition(&options), |ready, consumers| (ready, consumers) == (messages, 0)).await;
    let mut last = None;
    let mut received = 0;
    while received < 50 {
        for delivery in within(asker.receive(50 - received)).await.unwrap() {
            assert!(last < Some(delivery.tag), "in their order");
            last = Some(delivery.tag);
            received += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_dies_before_it_answers_is_replaced_by_whoever_comes() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let way = way(rabbitmq).await;
    let options = AmqpOptions { answer_timeout: Duration::from_millis(500), ..options().await };
    let through = AmqpOptions { url: way.url(&options.url), ..options.clone() };
    let (dying, asker) = (open(&through).await, open(&options).await);
    publish(&asker, 1..=10).await;
    assert_eq!(receive(&dying, 10).await.len(), 10);
    // It hears nothing any more, so it will not answer; the broker does not know yet.
    way.drop_responses().await;
    let told = tokio::spawn(async move { asker.in_flight(campaign()).await });
    Desk::at(&options.url).await.until(&partition(&options), |ready, consumers| (ready, consumers) == (0, 1)).await;
    // Then it is gone, and nobody is left: what it had is looked for in the queue.
    way.cut().await;
    assert_eq!(within(told).await.unwrap().unwrap(), holds(1..=10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_does_not_answer_makes_it_unknown() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let way = way(rabbitmq).await;
    let options = AmqpOptions {
        answer_timeout: Duration::from_millis(300),
        inquiry_timeout: Duration::from_secs(1),
        ..options().await
    };
    let through = AmqpOptions { url: way.url(&options.url), ..options.clone() };
    let (deaf, asker) = (open(&through).await, open(&options).await);
    publish(&asker, 1..=3).await;
    assert_eq!(receive(&deaf, 3).await.len(), 3);
    way.drop_responses().await;
    let fault = within(asker.in_flight(campaign())).await.unwrap_err();
    assert!(matches!(fault, Fault::Unavailable { part: "queue", .. }));
    assert!(causes(&fault).contains("did not say in time"), "{}", causes(&fault));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rests_and_what_was_put_aside_is_told_to_all_who_ask_at_once() {
    let options = AmqpOptions { max_attempts: 2, retry_delays: vec![Duration::from_secs(30)], ..options().await };
    let (consumer, other) = (open(&options).await, open(&options).await);
    publish(&consumer, 1..=20).await;
    assert_eq!(receive(&consumer, 20).await.len(), 20);
    for order in 1..=10 {
        assert!(!consumer.fail(id(order), "not today").await.unwrap());
    }
    let once = AmqpOptions { max_attempts: 1, ..options.clone() };
    consumer.close().await;
    let consumer = open(&once).await;
    assert_eq!(receive(&consumer, 10).await, orders(11..=20));
    for order in 11..=15 {
        assert!(consumer.fail(id(order), "never").await.unwrap());
    }
    for _ in 0..5 {
        let asked =
            join_all((0..6).map(|n| if n % 2 == 0 { &consumer } else { &other }).map(|bus| bus.in_flight(campaign())));
        for told in within(asked).await {
            assert_eq!(told.unwrap(), holds(1..=20));
        }
    }
    Desk::at(&options.url).await.until(&format!("{}.grabs.dead", options.prefix), |ready, _| ready == 5).await;
}

/// RabbitMQ counts a quorum queue whose leader is busy for 250 ms as one without messages and without consumers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_slow_to_answer_is_not_taken_for_an_empty_one() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let options = AmqpOptions { max_attempts: 1, ..options().await };
    let (asker, broker) = (open(&options).await, Desk::at(&options.url).await);
    publish(&asker, 1..=5).await;
    let all = |waiting, dead| Backlog { waiting, dead };
    let dead = format!("{}.grabs.dead", options.prefix);
    for (stage, queue, backlog) in [("nobody consumes", partition(&options), all(5, 0)), ("put aside", dead, all(0, 5))]
    {
        rabbitmq.set_queue_stopped(&queue, true).await.unwrap();
        broker.until(&queue, |ready, consumers| (ready, consumers) == (0, 0)).await;
        let mut told = tokio::spawn({
            let asker = Arc::clone(&asker);
            async move { asker.in_flight(campaign()).await }
        });
        // Long enough for whoever believes the count.
        let early = tokio::time::timeout(Duration::from_secs(1), async {
            tokio::select! {
                told = &mut told => format!("{told:?}"),
                counted = asker.backlog() => format!("{counted:?}"),
            }
        })
        .await;
        rabbitmq.set_queue_stopped(&queue, false).await.unwrap();
        assert!(early.is_err(), "{stage}: told while the queue could not answer: {early:?}");
        assert_eq!(within(told).await.unwrap().unwrap(), holds(1..=5), "{stage}");
        broker.until(&queue, |ready, consumers| (ready, consumers) == (5, 0)).await;
        assert_eq!(asker.backlog().await.unwrap(), backlog, "{stage}");
        // On to where it is put aside.
        for delivery in receive(&asker, usize::try_from(backlog.waiting).unwrap()).await {
            assert!(asker.fail(delivery, "never").await.unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moves_on_while_it_is_asked_for_is_told_whole() {
    const ALL: u128 = 500;
    let options =
        AmqpOptions { max_attempts: 4, retry_delays: [0, 1, 5].map(Duration::from_millis).to_vec(), ..options().await };
    let (consumer, asker, publisher) = (open(&options).await, open(&options).await, open(&options).await);
    // Each hold is published, fails, rests, fails again and so on until it is put aside: it is in every place once.
    let safe = Arc::new(AtomicU64::new(0));
    let publishing = tokio::spawn({
        let safe = Arc::clone(&safe);
        async move {
            for number in 1..=ALL {
                publisher.publish(&hold(number)).await.unwrap();
                safe.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let failing = tokio::spawn(async move {
        let mut dead = 0;
        while dead < ALL {
            for delivery in within(consumer.receive(5)).await.unwrap() {
                dead += u128::from(consumer.fail(delivery.tag, "again").await.unwrap());
            }
        }
    });
    let (began, mut times) = (Instant::now(), 0);
    while !failing.is_finished() {
        let before = u128::from(safe.load(Ordering::Relaxed));
        let told = within(asker.in_flight(campaign())).await.unwrap();
        let missing: Vec<_> = holds(1..=before).into_iter().filter(|hold| !told.contains(hold)).collect();
        assert!(missing.is_empty(), "asked {times} times before, of {before} published: {missing:?}");
        times += 1;
    }
    println!("asked {times} times in {:?} while {ALL} holds went through all places: none missed", began.elapsed());
    within(publishing).await.unwrap();
    within(failing).await.unwrap();
    assert!(times > 5);
    assert_eq!(within(asker.in_flight(campaign())).await.unwrap(), holds(1..=ALL));
}

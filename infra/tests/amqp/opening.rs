//! What is said at start when the broker or the settings are wrong: one line, what is wrong and what to do.

use std::time::Duration;

use domain::{spike::ports::MessageBus, testing::id};
use engines::{RabbitMq, RabbitOptions, shared};
use infra::amqp::{AmqpBus, AmqpOptions, OpenError, QueueType};

use crate::scene::{campaign, holds, open, options, options_at, orders, publish, receive, within};

/// The error of a bus that does not open.
async fn refused(options: &AmqpOptions) -> OpenError {
    let error = within(AmqpBus::open(options.clone())).await.err().expect("it opened");
    let text = error.to_string();
    assert!(!text.contains('\n'), "one line");
    assert!(!text.contains("hunter2"), "no password");
    error
}

#[tokio::test]
async fn a_wrong_password_or_user() {
    let good = options().await;
    let (before, after) = good.url.split_once('@').unwrap();
    let user = before.rsplit_once(':').unwrap().0;
    for url in [format!("{user}:hunter2@{after}"), format!("amqp://nobody:hunter2@{after}")] {
        let error = refused(&AmqpOptions { url, ..good.clone() }).await;
        assert!(matches!(error, OpenError::Login { .. }), "{error:?}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_virtual_host_that_is_not_there_or_not_for_this_user() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let good = options().await;
    let base = good.url.rsplit_once('/').unwrap().0;
    rabbitmq.ctl(&["add_vhost", "locked"]).await.unwrap();
    for vhost in ["shop", "locked", ""] {
        let error = refused(&AmqpOptions { url: format!("{base}/{vhost}"), ..good.clone() }).await;
        assert!(matches!(error, OpenError::Vhost { .. }), "{error:?}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_broker_that_cannot_be_reached() {
    // Nobody listens there: the port was free a moment ago.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let error = refused(&AmqpOptions::at(format!("amqp://spike:hunter2@127.0.0.1:{port}/spike"))).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    assert!(error.is_transient());
    let error = refused(&AmqpOptions::at("amqp://spike:hunter2@no-such-host.invalid/spike")).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");

    // Somebody listens and says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("amqp://spike:hunter2@{}/spike", silent.local_addr().unwrap());
    let error = refused(&AmqpOptions { connect_timeout: Duration::from_millis(200), ..AmqpOptions::at(url) }).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("no answer in time"));
}

#[tokio::test]
async fn what_is_no_address() {
    for url in ["", "rabbit", "http://localhost", "amqp:spike:hunter2", "amqp://spike:hunter2@host:port/"] {
        let error = refused(&AmqpOptions::at(url)).await;
        assert!(matches!(error, OpenError::Url), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_queue_with_other_arguments() {
    let quorum = options().await;
    drop(open(&quorum).await);
    let classic = AmqpOptions { queue_type: QueueType::Classic, ..quorum.clone() };
    let error = refused(&classic).await;
    assert!(matches!(error, OpenError::Differs { .. }), "{error:?}");
    assert!(!error.is_transient());
    let text = error.to_string();
    let queue = format!("the queue {}.grabs.dead", quorum.prefix);
    assert!([queue.as_str(), "other arguments", "bus.queue_type", "delete"].iter().all(|part| text.contains(part)));
}

#[tokio::test]
async fn another_number_of_partitions() {
    let four = options().await;
    let bus = open(&four).await;
    for partitions in [3, 5] {
        let error = refused(&AmqpOptions { partitions, ..four.clone() }).await;
        assert!(matches!(error, OpenError::Partitions { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&format!("bus.partitions = {partitions}")) && text.contains('4'), "{text}");
        assert!(!error.is_transient());
    }
    drop(bus);
    open(&four).await;
}

#[tokio::test]
async fn a_user_without_permission_and_one_with_just_enough() {
    let rabbitmq = shared::rabbitmq().await.unwrap();
    let good = options().await;
    let after = good.url.split_once('@').unwrap().1;
    rabbitmq.ctl(&["add_user", "shop", "hunter2"]).await.unwrap();
    rabbitmq.ctl(&["set_permissions", "--vhost", "spike", "shop", "^other", "^other", "^other"]).await.unwrap();
    let theirs = AmqpOptions { url: format!("amqp://shop:hunter2@{after}"), ..good.clone() };
    let error = refused(&theirs).await;
    assert!(matches!(error, OpenError::Forbidden { .. }), "{error:?}");
    assert!(!error.is_transient());

    let own = format!("^{}\\.", good.prefix);
    rabbitmq.ctl(&["set_permissions", "--vhost", "spike", "shop", &own, &own, &own]).await.unwrap();
    let bus = open(&theirs).await;
    publish(&bus, [1, 2]).await;
    assert_eq!(bus.in_flight(campaign()).await.unwrap().len(), 2);
    assert_eq!(receive(&bus, 2).await.len(), 2);
    assert!(!bus.fail(id(1), "not today").await.unwrap());
    assert_eq!(bus.in_flight(campaign()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_file_of_certificates_that_is_none() {
    let good = options().await;
    let empty = tempfile::NamedTempFile::new().unwrap();
    for path in ["/nowhere/ca.pem".into(), empty.path().to_owned()] {
        let error = refused(&AmqpOptions { ca_file: Some(path), ..good.clone() }).await;
        assert!(matches!(error, OpenError::CaFile { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_broker_over_tls_and_one_that_is_not_trusted() {
    let mut rabbitmq = RabbitMq::start(RabbitOptions { tls: true, ..RabbitOptions::default() }).await.unwrap();
    let untrusted = options_at(&rabbitmq.tls_url().unwrap());
    let error = refused(&untrusted).await;
    assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
    assert!(!error.is_transient());
    let ca_file = rabbitmq.authority().map(ToOwned::to_owned);
    let bus = open(&AmqpOptions { ca_file, ..untrusted }).await;
    publish(&bus, 1..=50).await;
    assert_eq!(receive(&bus, 50).await, orders(1..=50));
    assert_eq!(within(bus.in_flight(campaign())).await.unwrap(), holds(1..=50));
    bus.close().await;
    rabbitmq.stop().await.unwrap();
}

#[tokio::test]
async fn a_broker_that_does_not_speak_tls() {
    let good = options().await;
    let url = good.url.replace("amqp://", "amqps://");
    let error = refused(&AmqpOptions { url, ..good }).await;
    assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
}

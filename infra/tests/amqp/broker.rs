//! What tests do to the broker behind the back of a bus.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};

/// A connection of the test's own.
pub(crate) struct Desk {
    _connection: Connection,
    channel: Channel,
}

impl Desk {
    pub(crate) async fn at(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { _connection: connection, channel }
    }

    /// Messages that are ready in a queue, and consumers of it.
    pub(crate) async fn count(&self, queue: &str) -> (u32, u32) {
        let options = QueueDeclareOptions::durable().passive();
        let counted = self.channel.queue_declare(queue.into(), options, FieldTable::default()).await.unwrap();
        (counted.message_count(), counted.consumer_count())
    }

    /// Waits until messages and consumers are as wanted. Fails the test instead of hanging it.
    pub(crate) async fn until(&self, queue: &str, wanted: impl Fn(u32, u32) -> bool) {
        let mut counted = self.count(queue).await;
        for _ in 0..800 {
            if wanted(counted.0, counted.1) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
            counted = self.count(queue).await;
        }
        panic!("{queue}: {} messages and {} consumers", counted.0, counted.1);
    }

    /// Deletes a queue with all that is in it.
    pub(crate) async fn delete(&self, queue: &str) {
        self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    }

    /// Publishes a text as somebody else would.
    pub(crate) async fn plant(&self, exchange: &str, key: &str, text: &str) {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let sent = self.channel.basic_publish(
            exchange.into(),
            key.into(),
            options,
            text.as_bytes(),
            BasicProperties::default(),
        );
        let confirmed = sent.await.unwrap().await.unwrap();
        assert!(confirmed.is_ack() && confirmed.take_message().is_none(), "a queue has it");
    }
}

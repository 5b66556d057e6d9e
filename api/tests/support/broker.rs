//! RabbitMQ as anybody else sees it who has the password: what the shop's own adapter would never do to it.

use engines::RabbitMq;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};

/// A connection of a stranger.
pub struct Broker {
    connection: Connection,
    channel: Channel,
}

impl Broker {
    /// Connects.
    pub async fn connect(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.expect("RabbitMQ");
        let channel = connection.create_channel().await.expect("a channel");
        Self { connection, channel }
    }

    /// Puts something into a queue that no shop would write.
    pub async fn plant(&self, queue: &str, body: &[u8]) {
        let publish = self.channel.basic_publish(
            "".into(),
            queue.into(),
            BasicPublishOptions::default(),
            body,
            BasicProperties::default().with_delivery_mode(2),
        );
        publish.await.expect("sent").await.expect("taken");
    }

    /// Declares a queue of the plainest kind.
    pub async fn declare(&self, queue: &str) {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        self.channel.queue_declare(queue.into(), options, FieldTable::default()).await.expect("declared");
    }

    /// Deletes the queues and exchanges of a shop, if they are there.
    pub async fn delete_shop(&self, prefix: &str, partitions: u16) {
        let grabs = format!("{prefix}.grabs");
        let mut names = ["dead", "replies", "partitions"].map(|name| format!("{grabs}.{name}")).to_vec();
        names.extend(["1s", "5s", "30s", "300s"].map(|rest| format!("{grabs}.retry.{rest}")));
        names.extend((0..partitions).map(|partition| format!("{grabs}.{partition}")));
        for name in &names {
            self.channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default()).await.expect("deleted");
        }
        names.push(grabs);
        for name in &names {
            self.channel
                .exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default())
                .await
                .expect("deleted");
        }
    }

    /// Closes the connection.
    pub async fn close(self) {
        self.connection.close(200, "".into()).await.expect("closed");
    }
}

/// Has RabbitMQ write down which quorum queues it has. It does so by itself half a second after they were declared; one
/// that is killed before that comes back with queues that have no leader, for ever (3.10.8). A shop that was not opened
/// a moment ago never meets that.
pub async fn written_down(rabbitmq: &RabbitMq) {
    let sync = "#{names := #{directory_rev := Names}} = ra_system:fetch(quorum_queues), ok = dets:sync(Names).";
    rabbitmq.ctl(&["eval", sync]).await.expect("written down");
}

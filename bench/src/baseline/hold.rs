//! The baseline that holds a unit: one script call and one confirmed publish for each request, and nothing shared.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions, QueuePurgeOptions},
    types::{AMQPValue, FieldTable},
};
use redis::{AsyncConnectionConfig, Script, aio::MultiplexedConnection};

use super::server::Input;
use crate::error::{BenchError, same};

const QUEUE: &str = "baseline.holds";
/// Persistent: on disk before it is confirmed.
const PERSISTENT: u8 = 2;

/// The server's half.
pub(super) struct Holder {
    script: Script,
    redis: MultiplexedConnection,
    /// One for all: several carry no more.
    channel: Channel,
    _connection: Connection,
}

impl Holder {
    pub(super) async fn connect(redis: &str, rabbitmq: &str) -> Result<Self, BenchError> {
        let redis = redis::Client::open(redis)?.get_multiplexed_async_connection_with_config(&patient()).await?;
        let connection = Connection::connect(rabbitmq, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        declare(&channel).await?;
        Ok(Self { script: Script::new(include_str!("hold.lua")), redis, channel, _connection: connection })
    }

    /// Takes the unit and publishes the hold. False if nothing is left.
    pub(super) async fn hold(&self, ask: &Input) -> Result<bool, BenchError> {
        let message = serde_json::json!({
            "campaign_id": ask.campaign_id, "quantity": ask.quantity, "request_key": ask.idempotency_key,
            "unit_price": { "minor": 999, "currency": "CNY" }, "per_user_limit": 1, "payment_window_seconds": 3_600,
        })
        .to_string();
        let (stock, holds) = keys(&ask.campaign_id);
        let mut call = self.script.prepare_invoke();
        call.key(stock).key(holds).arg(&ask.idempotency_key).arg(ask.quantity).arg(&message);
        let held: bool = call.invoke_async(&mut self.redis.clone()).await?;
        if !held {
            return Ok(false);
        }
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let confirm =
            self.channel.basic_publish("".into(), QUEUE.into(), options, message.as_bytes(), properties).await?;
        let confirmed = confirm.await?;
        if confirmed.is_ack() && confirmed.take_message().is_none() {
            Ok(true)
        } else {
            Err(BenchError::Wrong("a message was not taken".to_owned()))
        }
    }
}

/// The other half: makes units before a run and counts them afterwards.
pub(crate) struct Counter {
    redis: MultiplexedConnection,
    channel: Channel,
    _connection: Connection,
}

impl Counter {
    pub(crate) async fn connect(redis: &str, rabbitmq: &str) -> Result<Self, BenchError> {
        let redis = redis::Client::open(redis)?.get_multiplexed_async_connection_with_config(&patient()).await?;
        let connection = Connection::connect(rabbitmq, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        declare(&channel).await?;
        Ok(Self { redis, channel, _connection: connection })
    }

    /// Puts units up, and empties the queue.
    pub(crate) async fn put_up(&mut self, campaign: &str, units: u32) -> Result<(), BenchError> {
        self.channel.queue_purge(QUEUE.into(), QueuePurgeOptions::default()).await?;
        let (stock, holds) = keys(campaign);
        Ok(redis::pipe().set(stock, units).ignore().del(holds).ignore().query_async(&mut self.redis).await?)
    }

    /// Fails unless so many units are held and in the queue, and no more.
    pub(crate) async fn check(&mut self, campaign: &str, units: u32, granted: u32) -> Result<(), BenchError> {
        let (stock, holds) = keys(campaign);
        let (left, held): (u32, u32) = redis::pipe().get(&stock).hlen(&holds).query_async(&mut self.redis).await?;
        same("the baseline's units", (left, held), (units - granted, granted))?;
        same("the baseline's messages", declare(&self.channel).await?, granted)?;
        Ok(redis::pipe().del(stock).ignore().del(holds).ignore().query_async(&mut self.redis).await?)
    }
}

fn keys(campaign: &str) -> (String, String) {
    (format!("baseline:{{{campaign}}}:left"), format!("baseline:{{{campaign}}}:holds"))
}

/// Declares the queue. Returns how many messages are in it.
async fn declare(channel: &Channel) -> Result<u32, BenchError> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    let queue = channel.queue_declare(QUEUE.into(), QueueDeclareOptions::durable(), arguments).await?;
    Ok(queue.message_count())
}

/// The client's own patience is half a second, which a machine that is busy otherwise may exceed.
fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(10)))
}

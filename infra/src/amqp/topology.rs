//! The exchanges and queues: their names, how they hang together, and how they are declared.
//!
//! ```text
//! spike.grabs ──(key N)──► spike.grabs.N            the partitions, N from 0
//! spike.grabs.retry.1s ──► spike.grabs.retry.1s     what failed rests here; then back over spike.grabs, its key kept
//! spike.grabs.dead ──────► spike.grabs.dead         what was put aside
//! spike.grabs.replies ───► spike.grabs.reply.…      answers to one inquiry
//! ```
//!
//! Every queue has a single active consumer at a time. So a campaign, which is always in the same partition, is
//! consumed by one process, in order, and a message that has come to the front has nothing ahead of it that is not
//! in that process's hands: see [`super::inquiry`].
//!
//! Everything is named by the prefix, the default exchange is not used, and so permissions can be given by name.

use std::time::Duration;

use domain::id::{CampaignId, TypedId};
use lapin::{
    Channel, ErrorKind, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    protocol::{AMQPErrorKind, AMQPSoftError},
    types::{AMQPValue, FieldTable, LongString},
};

use super::{
    dial::{Dial, Link},
    error::{DeclareError, OpenError},
    options::{AmqpOptions, QueueType},
};

/// Deliveries after which a quorum queue gives a message up: never, in practice. From 4.0 on the broker gives it up
/// after 20 if it is not told otherwise, and looking into a queue is a delivery. Versions before 4.0 do not know
/// `-1` for never.
const NEVER: i64 = i32::MAX as i64;

/// Where messages wait: a queue, and the way into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) queue: String,
    pub(super) exchange: String,
    pub(super) key: String,
}

/// The exchanges and queues of a bus.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    grabs: String,
    queue_type: QueueType,
    partitions: u16,
    rests: Vec<Duration>,
}

impl Topology {
    pub(super) fn of(options: &AmqpOptions) -> Self {
        // Two steps of the same length share a queue, found by its length.
        Self {
            grabs: format!("{}.grabs", options.prefix),
            queue_type: options.queue_type,
            partitions: options.partitions,
            rests: options.retry_delays.clone(),
        }
    }

    /// The partition of a campaign: FNV-1a of its id, so that every process and every later version finds the same.
    pub(super) fn partition_of(&self, campaign: CampaignId) -> u16 {
        let hash = campaign
            .uuid()
            .as_bytes()
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        u16::try_from(hash % u64::from(self.partitions)).unwrap_or_default()
    }

    pub(super) fn partition(&self, number: u16) -> Place {
        Place { queue: format!("{}.{number}", self.grabs), exchange: self.grabs.clone(), key: number.to_string() }
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = Place> {
        (0..self.partitions).map(|number| self.partition(number))
    }

    /// Where a message of this partition rests after its `failures`-th failure.
    pub(super) fn rest(&self, failures: u32, partition: u16) -> Place {
        let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX).min(self.rests.len() - 1);
        self.resting(self.rests[step], partition)
    }

    /// All places where messages rest, each once, and for how long.
    pub(super) fn rests(&self) -> impl Iterator<Item = (Place, Duration)> {
        let mut rests = self.rests.clone();
        rests.sort_unstable();
        rests.dedup();
        rests.into_iter().map(|rest| (self.resting(rest, 0), rest))
    }

    fn resting(&self, rest: Duration, partition: u16) -> Place {
        let name = match rest.subsec_millis() {
            0 => format!("{}.retry.{}s", self.grabs, rest.as_secs()),
            _ => format!("{}.retry.{}ms", self.grabs, rest.as_millis()),
        };
        Place { queue: name.clone(), exchange: name, key: partition.to_string() }
    }

    pub(super) fn dead(&self) -> Place {
        let name = format!("{}.dead", self.grabs);
        Place { queue: name.clone(), exchange: name, key: "dead".to_owned() }
    }

    /// Where the answers to one inquiry come in.
    pub(super) fn reply(&self, inquiry: &str) -> Place {
        let queue = format!("{}.reply.{inquiry}", self.grabs);
        Place { exchange: self.replies(), key: queue.clone(), queue }
    }

    /// The way of all answers; their key is the queue.
    pub(super) fn replies(&self) -> String {
        format!("{}.replies", self.grabs)
    }

    /// Declares everything but the queues of inquiries. What is there already stays as it is.
    pub(super) async fn declare(&self, channel: &Channel) -> Result<(), DeclareError> {
        let dead = self.dead();
        exchange(channel, &self.grabs, ExchangeKind::Direct).await?;
        exchange(channel, &self.replies(), ExchangeKind::Direct).await?;
        exchange(channel, &dead.exchange, ExchangeKind::Fanout).await?;
        queue(channel, &dead, self.arguments(None)).await?;
        for (place, rest) in self.rests() {
            exchange(channel, &place.exchange, ExchangeKind::Fanout).await?;
            let mut arguments = self.arguments(Some(&self.grabs));
            let millis = i64::try_from(rest.as_millis()).unwrap_or(i64::MAX);
            arguments.insert("x-message-ttl".into(), AMQPValue::LongLongInt(millis));
            queue(channel, &place, arguments).await?;
        }
        // From the last to the first: see `check_partitions`.
        for number in (0..self.partitions).rev() {
            queue(channel, &self.partition(number), self.arguments(Some(&dead.exchange))).await?;
        }
        Ok(())
    }

    /// The arguments of a queue whose messages go on to that exchange when they expire or cannot be delivered.
    fn arguments(&self, then: Option<&str>) -> FieldTable {
        let mut arguments = FieldTable::default();
        let mut text = |key: &str, value: &str| {
            arguments.insert(key.into(), AMQPValue::LongString(LongString::from(value)));
        };
        text("x-queue-type", self.queue_type.name());
        if let Some(exchange) = then {
            text("x-dead-letter-exchange", exchange);
            if self.queue_type == QueueType::Quorum {
                // The broker keeps a message until the next queue has confirmed it, which it only does for a queue
                // that refuses what it has no room for instead of dropping it.
                text("x-dead-letter-strategy", "at-least-once");
                text("x-overflow", "reject-publish");
            }
        }
        if self.queue_type == QueueType::Quorum {
            arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(NEVER));
        }
        arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
        arguments
    }

    /// Refuses to spread messages over another number of queues than before: a campaign would be looked for in
    /// another queue than the one its messages are in.
    ///
    /// The queues are declared from the last to the first. So if the first is there, all are, also while another
    /// process is at it.
    pub(super) async fn check_partitions(&self, link: &Link, dial: &Dial) -> Result<(), OpenError> {
        let there = async |number| {
            is_there(link, &self.partition(number)).await.map_err(|error| OpenError::declaring(&dial.place, &error))
        };
        let there = if there(self.partitions).await? {
            "more partitions"
        } else if there(0).await? && !there(self.partitions - 1).await? {
            "fewer partitions"
        } else {
            return Ok(());
        };
        let prefix = self.grabs.trim_end_matches(".grabs").to_owned();
        Err(OpenError::Partitions { place: dial.place.clone(), there, partitions: self.partitions, prefix })
    }
}

/// How many messages are ready in a queue, and how many consume it.
pub(super) async fn count(channel: &Channel, place: &Place) -> Result<(u32, u32), lapin::Error> {
    let options = QueueDeclareOptions::durable().passive();
    let queue = channel.queue_declare(place.queue.as_str().into(), options, FieldTable::default()).await?;
    Ok((queue.message_count(), queue.consumer_count()))
}

/// Whether there is such a queue. Asking for one that is not costs the channel.
async fn is_there(link: &Link, place: &Place) -> Result<bool, DeclareError> {
    let Err(cause) = count(&link.channel().await?, place).await else { return Ok(true) };
    match cause.kind() {
        ErrorKind::ProtocolError(refusal) if *refusal.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => {
            Ok(false)
        }
        _ => Err(DeclareError { what: format!("the queue {}", place.queue), cause }),
    }
}

async fn exchange(channel: &Channel, name: &str, kind: ExchangeKind) -> Result<(), DeclareError> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(name.into(), kind, options, FieldTable::default())
        .await
        .map_err(|cause| DeclareError { what: format!("the exchange {name}"), cause })
}

async fn queue(channel: &Channel, place: &Place, arguments: FieldTable) -> Result<(), DeclareError> {
    let fail = |cause| DeclareError { what: format!("the queue {}", place.queue), cause };
    let name = place.queue.as_str();
    channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await.map_err(fail)?;
    let (exchange, key) = (place.exchange.as_str().into(), place.key.as_str().into());
    let binding = channel.queue_bind(name.into(), exchange, key, QueueBindOptions::default(), FieldTable::default());
    binding.await.map_err(fail)
}

#[cfg(test)]
mod tests {
    use domain::testing::id;

    use super::*;

    fn topology() -> Topology {
        let retry_delays = [1_000, 1_500, 30_000, 1_000].map(Duration::from_millis).to_vec();
        Topology::of(&AmqpOptions { prefix: "shop".into(), retry_delays, ..AmqpOptions::at("") })
    }

    #[test]
    fn campaigns_are_spread_and_stay_where_they_are() {
        let topology = topology();
        let mut spread = [0_u32; 4];
        for number in 0..1_000_u128 {
            let partition = topology.partition_of(id(number << 3));
            assert_eq!(partition, topology.partition_of(id(number << 3)));
            spread[usize::from(partition)] += 1;
        }
        assert!(spread.iter().all(|campaigns| (150..350).contains(campaigns)), "{spread:?}");
        // Written down, because a later version must find them too.
        assert_eq!([1, 2, 3, 77].map(|number| topology.partition_of(id(number))), [2, 3, 0, 2]);
    }

    #[test]
    fn each_failure_has_its_rest_and_each_rest_one_queue() {
        let topology = topology();
        let queues = [0, 1, 2, 3, 4, 5, u32::MAX].map(|failures| topology.rest(failures, 2).queue);
        let names = ["1s", "1s", "1500ms", "30s", "1s", "1s", "1s"].map(|rest| format!("shop.grabs.retry.{rest}"));
        assert_eq!(queues, names);
        assert_eq!(topology.rest(1, 2).key, "2", "the key of its partition, to find back");
        assert_eq!(topology.rests().count(), 3);
    }
}

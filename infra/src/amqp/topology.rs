//! The exchanges and queues: their names, how they hang together, and how they are declared.
//!
//! ```text
//! spike.grabs ─┬─(N)─────► spike.grabs.N            the partitions, N from 0
//!              ├─(retry)─► spike.grabs.retry        what failed
//!              └─(dead)──► spike.grabs.dead         what was put aside
//! spike.grabs.replies ───► spike.grabs.reply.…      answers to one inquiry
//!                          spike.grabs.partitions   always empty: remembers how many partitions there are
//! ```
//!
//! A message moves in one direction alone: from a partition to what failed, from there again to what failed or to what
//! was put aside. What failed is not laid to rest by the broker (a queue with a time to live, dead-lettered back to its
//! partition), because on that way a message is for a moment in no queue where it could be found, and comes back to a
//! place that was looked at already. It is delivered at once, and whoever has it in hand lets it rest ([`super::hand`]).
//!
//! Every queue has a single active consumer at a time. So a campaign, which is always in the same partition, is
//! consumed by one process, in order, and a message that has come to the front has nothing ahead of it that is not
//! in that process's hands: see [`super::inquiry`].
//!
//! Everything is named by the prefix, the default exchange is not used, and so permissions can be given by name.

use domain::id::{CampaignId, TypedId};
use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, LongString},
};

use super::{
    dial::Link,
    error::{DeclareError, What},
    options::{AmqpOptions, QueueType},
};

/// Deliveries after which a quorum queue gives a message up: never, in practice. From 4.0 on the broker gives it up
/// after 20 if it is not told otherwise, and looking into a queue is a delivery. Versions before 4.0 do not know
/// `-1` for never.
const NEVER: i64 = i32::MAX as i64;

/// The key of what was put aside.
const DEAD: &str = "dead";

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
}

impl Topology {
    pub(super) fn of(options: &AmqpOptions) -> Self {
        Self {
            grabs: format!("{}.grabs", options.prefix),
            queue_type: options.queue_type,
            partitions: options.partitions,
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
        self.place(&number.to_string())
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = Place> {
        (0..self.partitions).map(|number| self.partition(number))
    }

    /// Where messages are that failed.
    pub(super) fn retry(&self) -> Place {
        self.place("retry")
    }

    /// Where messages are that were put aside.
    pub(super) fn dead(&self) -> Place {
        self.place(DEAD)
    }

    fn place(&self, key: &str) -> Place {
        Place { queue: format!("{}.{key}", self.grabs), exchange: self.grabs.clone(), key: key.to_owned() }
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
    pub(super) async fn declare(&self, link: &Link) -> Result<(), DeclareError> {
        let channel = &link.channel().await?;
        link.answered(self.declare_partitions(channel)).await?;
        link.answered(exchange(channel, &self.grabs)).await?;
        link.answered(exchange(channel, &self.replies())).await?;
        link.answered(queue(channel, &self.dead(), self.arguments(false))).await?;
        link.answered(queue(channel, &self.retry(), self.arguments(true))).await?;
        for place in self.partitions() {
            link.answered(queue(channel, &place, self.arguments(true))).await?;
        }
        Ok(())
    }

    /// Fails if the messages are spread over another number of queues: a campaign would be looked for in another one
    /// than its messages are in. A queue that nothing is ever sent to remembers the number: the broker compares the
    /// arguments of a queue with those that it was declared with.
    async fn declare_partitions(&self, channel: &Channel) -> Result<(), DeclareError> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString(LongString::from("classic")));
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(self.partitions.into()));
        let name = format!("{}.partitions", self.grabs);
        let declared = channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await;
        declared.map(drop).map_err(|cause| DeclareError { what: What::Partitions(self.partitions), cause })
    }

    /// The arguments of a queue. What it gives up, which it does not do by itself, is put aside if there is somewhere
    /// to put it.
    fn arguments(&self, has_dead: bool) -> FieldTable {
        let mut arguments = FieldTable::default();
        let mut text = |key: &str, value: &str| {
            arguments.insert(key.into(), AMQPValue::LongString(LongString::from(value)));
        };
        text("x-queue-type", self.queue_type.name());
        if has_dead {
            text("x-dead-letter-exchange", &self.grabs);
            text("x-dead-letter-routing-key", DEAD);
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
}

/// How many messages are ready in a queue, and how many consume it. None of both is also what the broker says of a
/// quorum queue whose leader did not answer it in time, so that is no proof of anything.
pub(super) async fn count(channel: &Channel, place: &Place) -> Result<(u32, u32), lapin::Error> {
    let options = QueueDeclareOptions::durable().passive();
    let queue = channel.queue_declare(place.queue.as_str().into(), options, FieldTable::default()).await?;
    Ok((queue.message_count(), queue.consumer_count()))
}

async fn exchange(channel: &Channel, name: &str) -> Result<(), DeclareError> {
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(name.into(), ExchangeKind::Direct, options, FieldTable::default())
        .await
        .map_err(|cause| DeclareError { what: What::Exchange(name.to_owned()), cause })
}

async fn queue(channel: &Channel, place: &Place, arguments: FieldTable) -> Result<(), DeclareError> {
    let fail = |cause| DeclareError { what: What::Queue(place.queue.clone()), cause };
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

    #[test]
    fn campaigns_are_spread_and_stay_where_they_are() {
        let topology = Topology::of(&AmqpOptions { prefix: "shop".into(), ..AmqpOptions::at("") });
        let mut spread = [0_u32; 4];
        for number in 0..1_000_u128 {
            spread[usize::from(topology.partition_of(id(number << 3)))] += 1;
        }
        assert!(spread.iter().all(|campaigns| (150..350).contains(campaigns)), "{spread:?}");
        // Written down, because a later version must find them too.
        assert_eq!([1, 2, 3, 77].map(|number| topology.partition_of(id(number))), [2, 3, 0, 2]);
        let queues: Vec<_> = topology.partitions().map(|place| (place.queue, place.key)).collect();
        assert_eq!(queues[3], ("shop.grabs.3".to_owned(), "3".to_owned()));
    }
}

//! What is in flight: every message of a campaign that is durable and not settled.
//!
//! A broker's queue cannot be read without consuming it, and what a consumer has out cannot be seen at all. So the
//! consumer is asked, through the queue itself: a **fence** is published into it, and whoever is active there answers
//! it with what it has in hand of the campaign. Whatever was ahead of the fence is in hand by then, or was settled
//! and is in the database, which the caller reads afterwards. What a consumer that died had in hand is delivered
//! again, ahead of the fence, to the next one.
//!
//! Where nobody consumes (a queue while no consumer runs, and always what was put aside) the inquiry subscribes by
//! itself, as a **visitor**: it takes everything, answers like a consumer, and gives all of it back by closing its
//! channel. As each queue has one active consumer at a time, two visitors do not see half a queue each: the second one
//! waits, and its fence is answered by the first one or later by itself.
//!
//! That a queue is empty is never taken from its counts. A quorum queue whose leader does not answer at once (RabbitMQ
//! 3.10 waits for 250 ms, and not at all for one that is gone) counts as one without messages and without consumers:
//! a rebuild that believed it would sell units again. So every queue is asked by a fence, also one that seems empty;
//! a count says at most that it takes a visitor, and a visitor too many does no harm.
//!
//! Messages move while the queues are asked. They move in one direction ([`super::topology`]) and are in the next place
//! before they leave the last one, so the places are asked in that order: what moves on in between is found in the
//! later place.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
    spike::Hold,
};
use futures_util::{FutureExt, StreamExt};
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, LongString},
};
use tokio::sync::Mutex;

use super::{
    dial::{Consuming, Dial, Link},
    error::away,
    message::{self, Answer, Fence},
    options::AmqpOptions,
    publisher::Publisher,
    session::{Letter, unique},
    subscription::answer,
    topology::{self, Place, Topology},
};

/// The most messages that a visitor can have out: what the protocol can count. A queue with more messages and no
/// consumer cannot be looked through.
const VISIT: u16 = u16::MAX;

/// How often it is looked whether a queue still has a consumer that may answer.
const LOOK: Duration = Duration::from_millis(100);

/// Within what time the broker has counted a queue, and not waited for its leader in vain: that takes it 250 ms.
const IN_TIME: Duration = Duration::from_millis(200);

/// Finds out what is in flight.
pub(super) struct Inquiries {
    dial: Arc<Dial>,
    topology: Topology,
    publisher: Arc<Publisher>,
    answer_timeout: Duration,
    timeout: Duration,
    /// Connected when it is needed for the first time.
    link: Mutex<Option<Arc<Link>>>,
}

impl Inquiries {
    pub(super) fn new(dial: Arc<Dial>, topology: Topology, publisher: Arc<Publisher>, options: &AmqpOptions) -> Self {
        let (answer_timeout, timeout) = (options.answer_timeout, options.inquiry_timeout);
        Self { dial, topology, publisher, answer_timeout, timeout, link: Mutex::default() }
    }

    /// Every message of a campaign that is durable now and not settled, by order.
    pub(super) async fn in_flight(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        let found = tokio::time::timeout(self.timeout, self.look(campaign)).await;
        let late = |_| away(format!("the consumers did not say in time what they have in hand of {campaign}"));
        Ok(found.map_err(late)??.into_values().collect())
    }

    async fn look(&self, campaign: CampaignId) -> Result<BTreeMap<OrderId, Hold>, Fault> {
        let link = self.link().await?;
        let counter = link.channel().await.map_err(away)?;
        let partition = self.topology.partition(self.topology.partition_of(campaign));
        let mut found = BTreeMap::new();
        for place in [partition, self.topology.retry(), self.topology.dead()] {
            let holds = self.ask(&link, &counter, &place, campaign).await?;
            found.extend(holds.into_iter().map(|hold| (hold.order_id, hold)));
        }
        Ok(found)
    }

    /// Messages that are ready to be consumed, for the first time or again, and messages that were put aside.
    pub(super) async fn backlog(&self) -> Result<(u64, u64), Fault> {
        let counted = tokio::time::timeout(self.timeout, self.count()).await;
        counted.map_err(|_| away("RabbitMQ did not count its messages in time"))?
    }

    async fn count(&self) -> Result<(u64, u64), Fault> {
        let channel = self.link().await?.channel().await.map_err(away)?;
        let mut waiting = 0;
        for place in self.topology.partitions().chain([self.topology.retry()]) {
            waiting += ready(&channel, &place).await?;
        }
        Ok((waiting, ready(&channel, &self.topology.dead()).await?))
    }

    pub(super) async fn close(&self) {
        if let Some(link) = self.link.lock().await.take() {
            link.close().await;
        }
    }

    async fn link(&self) -> Result<Arc<Link>, Fault> {
        let mut kept = self.link.lock().await;
        match &*kept {
            Some(link) if link.is_up() => Ok(Arc::clone(link)),
            _ => {
                let link = Arc::new(self.dial.link("inquire").await.map_err(away)?);
                Ok(Arc::clone(kept.insert(link)))
            }
        }
    }

    /// What there is of a campaign in a queue, by a fence. Goes there as a visitor if nobody consumes it.
    async fn ask(
        &self,
        link: &Link,
        counter: &Channel,
        place: &Place,
        campaign: CampaignId,
    ) -> Result<Vec<Hold>, Fault> {
        let mut replies = Replies::open(link, &self.topology).await?;
        let reply_to = replies.queue.clone();
        let fence = message::write(message::FENCE, Fence { queue: place.queue.clone(), campaign })?;
        let letter = Letter { reply_to: Some(reply_to.clone()), ..Letter::to(place, message::FENCE, fence) };
        let mut visitor: Option<Visitor> = None;
        // Since when nothing has come of the fence; none if there is none on its way.
        let mut still: Option<Instant> = None;
        loop {
            // A consumer may take it and die, and a visitor may be one whom the broker has forgotten.
            if still.is_some_and(|still| still.elapsed() >= self.answer_timeout) {
                still = None;
                if let Some(visitor) = visitor.take() {
                    visitor.consuming.close().await;
                }
            }
            // What was put aside has no consumers but visitors, and one that is there may leave before the fence comes.
            if visitor.is_none() && (self.is_unattended(counter, place).await? || *place == self.topology.dead()) {
                visitor = Some(Visitor::enter(link, place).await?);
            }
            if still.is_none() {
                self.send(counter, &letter).await?;
                still = Some(Instant::now());
            }
            let taken = visitor.as_ref().map_or(0, |visitor| visitor.taken);
            let told = tokio::time::timeout(LOOK, async {
                match &mut visitor {
                    None => replies.next().await,
                    Some(visitor) => tokio::select! {
                        holds = visitor.wait_for(&reply_to, self) => holds,
                        holds = replies.next() => holds,
                    },
                }
            });
            if let Ok(holds) = told.await {
                if let Some(visitor) = visitor {
                    visitor.consuming.close().await;
                }
                return holds;
            }
            if visitor.as_ref().is_some_and(|visitor| visitor.taken > taken) {
                still = Some(Instant::now());
            }
        }
    }

    /// Sends a fence. There is no wait for a confirm, for one that is lost is sent again; and not with what is published: a
    /// queue that does not answer must not keep those waiting who buy.
    async fn send(&self, channel: &Channel, fence: &Letter) -> Result<(), Fault> {
        // While the broker blocks those who publish, it would block this connection as well.
        self.publisher.ready()?;
        let (exchange, key) = (fence.exchange.as_str().into(), fence.key.as_str().into());
        let sent = channel.basic_publish(
            exchange,
            key,
            BasicPublishOptions::default(),
            &fence.body,
            fence.properties(&unique()?),
        );
        sent.await.map(drop).map_err(away)
    }

    /// Whether nobody consumes a queue, so that it takes a visitor to answer.
    async fn is_unattended(&self, counter: &Channel, place: &Place) -> Result<bool, Fault> {
        let (ready, consumers) = topology::count(counter, place).await.map_err(away)?;
        if consumers == 0 && ready >= u32::from(VISIT) {
            let queue = &place.queue;
            return Err(away(format!("{queue} has {ready} messages and no consumer: too many to look through")));
        }
        Ok(consumers == 0)
    }
}

/// How many messages are ready in a queue. None is believed if it was said in time; otherwise it is counted again. That
/// of a queue whose leader is gone is said at once, and believed: this is for people, and not what stock is opened by.
async fn ready(channel: &Channel, place: &Place) -> Result<u64, Fault> {
    loop {
        let began = Instant::now();
        let (ready, consumers) = topology::count(channel, place).await.map_err(away)?;
        if (ready, consumers) != (0, 0) || began.elapsed() < IN_TIME {
            return Ok(ready.into());
        }
    }
}

/// Where the answers to one fence come in.
struct Replies {
    queue: String,
    messages: Consumer,
    /// The parts of answers that have not come in whole.
    parts: HashMap<String, BTreeMap<usize, Vec<Hold>>>,
}

impl Replies {
    async fn open(link: &Link, topology: &Topology) -> Result<Self, Fault> {
        let place = topology.reply(&unique()?);
        let channel = link.channel().await.map_err(away)?;
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString(LongString::from("classic")));
        let (queue, options) = (place.queue.as_str(), QueueDeclareOptions::exclusive().auto_delete());
        channel.queue_declare(queue.into(), options, arguments).await.map_err(away)?;
        let (exchange, key) = (place.exchange.as_str().into(), place.key.as_str().into());
        let binding =
            channel.queue_bind(queue.into(), exchange, key, QueueBindOptions::default(), FieldTable::default());
        binding.await.map_err(away)?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let consumed = channel.basic_consume(queue.into(), "spike".into(), options, FieldTable::default());
        let messages = consumed.await.map_err(away)?;
        Ok(Self { queue: place.queue, messages, parts: HashMap::new() })
    }

    /// The next answer that has come in whole. One to an earlier fence of the same inquiry is as good: it tells of a
    /// later moment than the inquiry began at.
    async fn next(&mut self) -> Result<Vec<Hold>, Fault> {
        while let Some(delivery) = self.messages.next().await {
            let delivery = delivery.map_err(away)?;
            let answer = message::read::<Answer>(message::ANSWER, &delivery.data).map_err(Fault::internal)?;
            let parts = self.parts.entry(answer.name).or_default();
            parts.insert(answer.part, answer.holds);
            if parts.len() == answer.parts {
                return Ok(std::mem::take(parts).into_values().flatten().collect());
            }
        }
        Err(away("RabbitMQ ended the subscription to the answers"))
    }
}

/// A consumer for the time of an inquiry.
struct Visitor {
    consuming: Consuming,
    place: Place,
    holds: Vec<Hold>,
    /// How many messages have come that are no fences.
    taken: u64,
}

impl Visitor {
    async fn enter(link: &Link, place: &Place) -> Result<Self, Fault> {
        let consuming = Consuming::start(link, &place.queue, VISIT).await.map_err(away)?;
        Ok(Self { consuming, place: place.clone(), holds: Vec::new(), taken: 0 })
    }

    /// Takes messages until the fence comes that is to be answered there. Answers those of others on the way.
    async fn wait_for(&mut self, reply_to: &str, inquiries: &Inquiries) -> Result<Vec<Hold>, Fault> {
        while let Some(delivery) = self.consuming.messages.next().await {
            let delivery = delivery.map_err(away)?;
            match message::kind(&delivery.properties) {
                message::FENCE => {
                    // It is on its way with the first poll. There is no wait here: the visit may be broken off at any
                    // one, and whoever's fence this is would have no answer.
                    let ack = self.consuming.channel.basic_ack(delivery.delivery_tag, BasicAckOptions::default());
                    ack.now_or_never().transpose().map_err(away)?;
                    let Some(holds) = self.told_by(&delivery) else { continue };
                    if delivery.properties.reply_to().as_ref().is_some_and(|queue| queue.as_str() == reply_to) {
                        return Ok(holds);
                    }
                    answer(&inquiries.publisher, &inquiries.topology, &delivery, &holds);
                }
                message::PROBE => {}
                _ => {
                    self.taken += 1;
                    match message::read_grabs(&delivery.data) {
                        Ok(holds) => self.holds.extend(holds),
                        // Nobody can say how many units it is about. Its campaign must not stand still for it: should
                        // they be sold again, the guards of the database reject the second order.
                        Err(why) => {
                            tracing::error!(queue = self.place.queue, %why, "a message in flight cannot be read");
                        }
                    }
                }
            }
        }
        Err(away(format!("RabbitMQ ended the visit to {}", self.place.queue)))
    }

    /// What a fence asks for; none if it strayed here.
    fn told_by(&self, fence: &Delivery) -> Option<Vec<Hold>> {
        let fence: Fence = message::read(message::FENCE, &fence.data).ok()?;
        let holds = self.holds.iter().filter(|hold| hold.campaign_id == fence.campaign).cloned().collect();
        (fence.queue == self.place.queue).then_some(holds)
    }
}

//! What is in flight: every message of a campaign that is durable and not settled.
//!
//! A broker's queue cannot be read without consuming it, and what a consumer has out cannot be seen at all. So the
//! consumer is asked, through the queue itself: a **fence** is published into it, and whoever is active there answers
//! it with what it has in hand of the campaign. Whatever was ahead of the fence is in hand by then, or was settled
//! and is in the database, which the caller reads afterwards. What a consumer that died had in hand is delivered
//! again, ahead of the fence, to the next one.
//!
//! Where nobody consumes (a partition without consumers, and always where messages rest or were put aside) the
//! inquiry subscribes by itself, as a **visitor**: it takes everything, answers like a consumer, and gives all of it
//! back by closing its channel. As each queue has one active consumer at a time, two visitors do not see half a
//! queue each: the second one waits, and its fence is answered by the first one or later by itself.
//!
//! Messages move between the places while they are asked: from a partition to where they rest and back, or on to
//! those put aside. What rests is looked at before and after the partition, and in between so often that nothing can
//! come there, rest and go again unseen. Those put aside stay there, so they come last.

use std::{
    collections::{BTreeMap, HashMap},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
    spike::Hold,
};
use futures_util::StreamExt;
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
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
        let mut inquiry = Inquiry { of: self, link: &link, counter, campaign, found: BTreeMap::new() };
        while !inquiry.all_places().await? {
            tracing::debug!(%campaign, "looked too slowly at what rests; looking again");
        }
        Ok(inquiry.found)
    }

    /// Messages that are ready in the partitions and where they rest, and messages that were put aside.
    pub(super) async fn backlog(&self) -> Result<(u64, u64), Fault> {
        let channel = self.link().await?.channel().await.map_err(away)?;
        let mut waiting = 0;
        for place in self.topology.partitions().chain(self.topology.rests().map(|(place, _)| place)) {
            waiting += u64::from(topology::count(&channel, &place).await.map_err(away)?.0);
        }
        let dead = topology::count(&channel, &self.topology.dead()).await.map_err(away)?.0;
        Ok((waiting, dead.into()))
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
}

/// One inquiry.
struct Inquiry<'a> {
    of: &'a Inquiries,
    link: &'a Link,
    /// The channel on which messages and consumers are counted.
    counter: Channel,
    campaign: CampaignId,
    /// What was found so far, each order once.
    found: BTreeMap<OrderId, Hold>,
}

impl Inquiry<'_> {
    /// Looks everywhere. False if a message can have come to where it rests, and gone, between two looks.
    async fn all_places(&mut self) -> Result<bool, Fault> {
        let topology = &self.of.topology;
        let partition = topology.partition(topology.partition_of(self.campaign));
        let pause = topology.rests().map(|(_, rest)| rest).min().unwrap_or(Duration::MAX) / 4;
        let mut looks = Looks::default();
        self.look_at_rests(&mut looks).await?;
        let (of, link, counter, campaign) = (self.of, self.link, self.counter.clone(), self.campaign);
        let mut asked = pin!(of.ask(link, &counter, &partition, campaign, false));
        loop {
            tokio::select! {
                biased;
                holds = &mut asked => {
                    self.keep(holds?);
                    break;
                }
                () = tokio::time::sleep(pause) => self.look_at_rests(&mut looks).await?,
            }
        }
        self.look_at_rests(&mut looks).await?;
        self.visit(&topology.dead()).await?;
        Ok(!looks.too_far_apart)
    }

    /// Looks at all places where messages rest.
    async fn look_at_rests(&mut self, looks: &mut Looks) -> Result<(), Fault> {
        for (place, rest) in self.of.topology.rests() {
            let began = Instant::now();
            self.visit(&place).await?;
            looks.note(place.queue, rest, began);
        }
        Ok(())
    }

    /// Looks where nobody consumes.
    async fn visit(&mut self, place: &Place) -> Result<(), Fault> {
        let counted = topology::count(&self.counter, place).await.map_err(away)?;
        // Else nothing is ready, and no other visitor has anything out.
        if counted != (0, 0) {
            let holds = self.of.ask(self.link, &self.counter, place, self.campaign, true).await?;
            self.keep(holds);
        }
        Ok(())
    }

    fn keep(&mut self, holds: Vec<Hold>) {
        self.found.extend(holds.into_iter().map(|hold| (hold.order_id, hold)));
    }
}

impl Inquiries {
    /// What there is of a campaign in a queue, by a fence. Goes there as a visitor if nobody consumes it, and in any
    /// case if it is to.
    async fn ask(
        &self,
        link: &Link,
        counter: &Channel,
        place: &Place,
        campaign: CampaignId,
        visit: bool,
    ) -> Result<Vec<Hold>, Fault> {
        let mut replies = Replies::open(link, &self.topology).await?;
        let reply_to = replies.queue.clone();
        let fence = message::write(message::FENCE, Fence { queue: place.queue.clone(), campaign })?;
        let letter = Letter { reply_to: Some(reply_to.clone()), ..Letter::to(place, message::FENCE, fence) };
        loop {
            let (_, consumers) = topology::count(counter, place).await.map_err(away)?;
            let mut visitor =
                if visit || consumers == 0 { Some(Visitor::enter(link, place).await.map_err(away)?) } else { None };
            self.publisher.send(letter.clone()).await?;
            let told = tokio::time::timeout(self.answer_timeout, async {
                match &mut visitor {
                    None => replies.next().await,
                    Some(visitor) => tokio::select! {
                        holds = visitor.wait_for(&reply_to, self) => holds,
                        holds = replies.next() => holds,
                    },
                }
            });
            let told = told.await;
            if let Some(visitor) = visitor {
                visitor.consuming.close().await;
            }
            if let Ok(holds) = told {
                return holds;
            }
            // Whoever was to answer is gone, or slow. It is looked at again who is there.
            tracing::debug!(queue = place.queue, "a fence was not answered in time");
        }
    }
}

/// When each place where messages rest was looked at.
#[derive(Default)]
struct Looks {
    /// When the last look began.
    last: BTreeMap<String, Instant>,
    /// Whether a message can have come, rested and gone between two looks.
    too_far_apart: bool,
}

impl Looks {
    /// Notes a look that has just ended.
    fn note(&mut self, queue: String, rest: Duration, began: Instant) {
        if let Some(before) = self.last.insert(queue, began) {
            self.too_far_apart |= before.elapsed() >= rest;
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
}

impl Visitor {
    async fn enter(link: &Link, place: &Place) -> Result<Self, lapin::Error> {
        let consuming = Consuming::start(link, &place.queue, VISIT).await?;
        Ok(Self { consuming, place: place.clone(), holds: Vec::new() })
    }

    /// Takes messages until the fence comes that is to be answered there. Answers those of others on the way.
    async fn wait_for(&mut self, reply_to: &str, inquiries: &Inquiries) -> Result<Vec<Hold>, Fault> {
        while let Some(delivery) = self.consuming.messages.next().await {
            let delivery = delivery.map_err(away)?;
            match message::kind(&delivery.properties) {
                message::FENCE => {
                    let acknowledged =
                        self.consuming.channel.basic_ack(delivery.delivery_tag, BasicAckOptions::default());
                    acknowledged.await.map_err(away)?;
                    let Some(holds) = self.told_by(&delivery) else { continue };
                    if delivery.properties.reply_to().as_ref().is_some_and(|queue| queue.as_str() == reply_to) {
                        return Ok(holds);
                    }
                    answer(&inquiries.publisher, &inquiries.topology, &delivery, &holds);
                }
                message::PROBE => {}
                _ => match message::read_grabs(&delivery.data) {
                    Ok(holds) => self.holds.extend(holds),
                    // Nobody can say how many units it is about. Its campaign must not stand still for it: should
                    // they be sold again, the guards of the database reject the second order.
                    Err(why) => tracing::error!(queue = self.place.queue, %why, "a message in flight cannot be read"),
                },
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

//! Consuming: a task that keeps a connection with a channel a partition, takes in what is delivered, and acknowledges
//! what is settled.
//!
//! One more channel is for what failed, which one replica of all has.
//!
//! It starts with the first receiver: a process that only publishes consumes nothing. Every replica subscribes to all
//! partitions, in an order of its own; each partition is active at one of them, and goes to another when that one is
//! gone. Nothing is published on this connection: one that publishes can be blocked by the broker, and then
//! acknowledges nothing either.

use std::{error::Error, sync::Arc, time::Duration};

use domain::{error::Fault, spike::Hold};
use futures_util::{
    Stream, StreamExt,
    future::join_all,
    stream::{BoxStream, SelectAll, select_all},
};
use lapin::{Channel, Event, message::Delivery, options::BasicAckOptions, types::ShortString};
use tokio::sync::mpsc;

use super::{
    dial::{Consuming, Dial, Link},
    error::DeclareError,
    hand::{Acks, Hand, Parcel},
    message::{self, Answer, Fence},
    options::AmqpOptions,
    publisher::Publisher,
    session::{Letter, unique},
    topology::{self, Place, Topology},
};
use crate::crypto::entropy;

/// How long the task waits before it connects again: at first, and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How often the consumers of the queues are counted.
const COUNTED_EVERY: Duration = Duration::from_secs(5);
/// Holds in one part of an answer: some hundred kilobytes.
const PART: usize = 1_000;

/// What consumes.
pub(super) struct Subscription {
    pub(super) dial: Arc<Dial>,
    pub(super) topology: Topology,
    pub(super) publisher: Arc<Publisher>,
    pub(super) hand: Arc<Hand>,
    pub(super) options: AmqpOptions,
}

impl Subscription {
    /// Consumes until it is aborted.
    pub(super) async fn keep(self) {
        let mut pause = BACKOFF.0;
        loop {
            match self.live().await {
                Ok(why) => {
                    pause = BACKOFF.0;
                    tracing::warn!(why, "consuming is interrupted");
                }
                Err(error) => tracing::warn!(%error, "RabbitMQ cannot be consumed from; trying again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(BACKOFF.1);
        }
    }

    /// One life of the connection. Returns why it ended.
    async fn live(&self) -> Result<String, DeclareError> {
        let link = self.dial.link("consume").await?;
        let events = link.events();
        self.topology.declare(&link).await?;
        let (sender, acks) = mpsc::unbounded_channel();
        // What failed is the last lane.
        let places: Vec<Place> = self.topology.partitions().chain([self.topology.retry()]).collect();
        let life = Life { subscription: self, number: self.hand.begin(places.len(), sender), places: &places };
        let _forget = Forget(&self.hand);

        // One that left us waiting does not hear a farewell either.
        let mut lanes = self.lanes(&link, &places).await.inspect_err(|_| link.cut())?;
        tracing::info!(queues = lanes.len(), "consuming");
        let channels: Vec<Channel> = lanes.iter().map(|lane| lane.channel.clone()).collect();
        let streams = lanes.iter_mut().enumerate().map(|(lane, consuming)| {
            // The end of one lane is the end of all, so it must be seen.
            let ended = futures_util::stream::once(std::future::ready(None));
            (&mut consuming.messages).map(Some).chain(ended).map(move |delivery| (lane, delivery)).boxed()
        });
        let mut deliveries = select_all(streams);
        Ok(tokio::select! {
            why = life.take_in(&mut deliveries) => why,
            why = acknowledge(&channels, acks) => why,
            why = broken(events) => why,
            why = deserted(&link, &places) => why,
        })
    }

    /// Subscribes to all queues.
    async fn lanes(&self, link: &Link, places: &[Place]) -> Result<Vec<Consuming>, DeclareError> {
        let mut lanes: Vec<Option<Consuming>> = places.iter().map(|_| None).collect();
        for lane in shuffled(places.len()) {
            // What rests stays out for minutes, and must not keep a fence waiting behind it.
            let prefetch = if lane + 1 == places.len() { u16::MAX } else { self.options.prefetch };
            let queue = &places[lane].queue;
            let consuming = Consuming::start(link, queue, prefetch).await;
            lanes[lane] = Some(consuming.inspect_err(|_| tracing::warn!(queue, "no subscription"))?);
        }
        Ok(lanes.into_iter().flatten().collect())
    }
}

/// Returns when a queue has no consumer although this process is one. The broker says so when a queue is deleted, and
/// RabbitMQ 3.10 was seen not to when it is declared again in the same moment: what comes in then would wait for ever.
async fn deserted(link: &Link, places: &[Place]) -> String {
    let mut ticks = tokio::time::interval(COUNTED_EVERY);
    // The first one comes at once, and the subscriptions were just confirmed.
    ticks.tick().await;
    let mut suspects: Vec<&Place> = Vec::new();
    loop {
        ticks.tick().await;
        let counted = link.answered(async {
            let channel = link.channel().await?;
            let mut alone = Vec::new();
            for place in places {
                let (ready, consumers) = topology::count(&channel, place).await?;
                if consumers == 0 {
                    alone.push((place, ready));
                }
            }
            channel.close(200, "".into()).await?;
            Ok::<_, lapin::Error>(alone)
        });
        match counted.await {
            Ok(alone) => {
                // One that counts as empty as well may just have been slow to answer: it is looked at once more.
                let lost = |(place, ready): &&(&Place, u32)| *ready > 0 || suspects.contains(place);
                if let Some((place, _)) = alone.iter().find(lost) {
                    return format!("{} has lost its consumers", place.queue);
                }
                suspects = alone.into_iter().map(|(place, _)| place).collect();
            }
            Err(error) => return error.to_string(),
        }
    }
}

/// Returns when something is wrong with the connection or one of its channels.
async fn broken(mut events: BoxStream<'static, Event>) -> String {
    while let Some(event) = events.next().await {
        if let Event::Error(error) = event {
            return error.to_string();
        }
    }
    "the connection is gone".to_owned()
}

/// Forgets what is in hand when the connection's life is over, also by being aborted.
struct Forget<'a>(&'a Hand);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}

/// One life of the connection.
struct Life<'a> {
    subscription: &'a Subscription,
    number: u64,
    places: &'a [Place],
}

type Delivered = (usize, Option<Result<Delivery, lapin::Error>>);

impl Life<'_> {
    /// Takes in what is delivered, until a lane ends.
    async fn take_in<S: Stream<Item = Delivered> + Unpin>(&self, deliveries: &mut SelectAll<S>) -> String {
        while let Some((lane, delivery)) = deliveries.next().await {
            match delivery {
                Some(Ok(delivery)) => self.sort(lane, delivery),
                Some(Err(error)) => return error.to_string(),
                None => break,
            }
        }
        "RabbitMQ ended the subscription".to_owned()
    }

    fn sort(&self, lane: usize, delivery: Delivery) {
        let hand = &self.subscription.hand;
        let parcel = Parcel { lane, tag: delivery.delivery_tag };
        let attempts = message::attempts(&delivery.properties);
        let read = match message::kind(&delivery.properties) {
            message::FENCE => {
                hand.take_in(parcel, Vec::new(), 0, Duration::ZERO);
                self.answer(lane, &delivery);
                return hand.drop_parcel(self.number, parcel);
            }
            message::PROBE => {
                hand.take_in(parcel, Vec::new(), 0, Duration::ZERO);
                return hand.drop_parcel(self.number, parcel);
            }
            _ => message::read_grabs(&delivery.data),
        };
        match read {
            Ok(holds) if holds.is_empty() => {
                hand.take_in(parcel, holds, 0, Duration::ZERO);
                hand.drop_parcel(self.number, parcel);
            }
            Ok(holds) if attempts > 0 => {
                hand.take_in(parcel, holds, attempts, self.subscription.options.rest(attempts));
            }
            Ok(holds) => hand.take_in(parcel, holds, 0, Duration::ZERO),
            Err(why) => {
                hand.take_in(parcel, Vec::new(), 0, Duration::ZERO);
                self.put_aside(parcel, delivery, &why.to_string());
            }
        }
    }

    /// Answers a fence. Who asked may have gone.
    fn answer(&self, lane: usize, delivery: &Delivery) {
        let fence = match message::read::<Fence>(message::FENCE, &delivery.data) {
            Ok(fence) if fence.queue == self.places[lane].queue => fence,
            Ok(_) => return,
            Err(why) => return tracing::error!(%why, "a fence cannot be read"),
        };
        let holds = self.subscription.hand.of(fence.campaign);
        answer(&self.subscription.publisher, &self.subscription.topology, delivery, &holds);
    }

    /// Puts a message aside as it is: no try would change it. It stays in hand until it is safe there.
    fn put_aside(&self, parcel: Parcel, delivery: Delivery, why: &str) {
        let id = delivery.properties.message_id().as_ref().map_or("?", ShortString::as_str);
        tracing::error!(message = id, why, "a message cannot be read and is put aside");
        let headers = delivery.properties.headers().clone().unwrap_or_default();
        let letter = Letter {
            kind: message::kind(&delivery.properties).into(),
            headers: message::unreadable(headers, why),
            ..Letter::to(&self.subscription.topology.dead(), message::GRABS, delivery.data)
        };
        let (publisher, hand) = (Arc::clone(&self.subscription.publisher), Arc::clone(&self.subscription.hand));
        let life = self.number;
        tokio::spawn(async move {
            while hand.is_alive(life) {
                match publisher.send(letter.clone()).await {
                    Ok(()) => return hand.drop_parcel(life, parcel),
                    Err(_) => tokio::time::sleep(BACKOFF.1).await,
                }
            }
        });
    }
}

/// Sends what is in hand to whoever asked by this fence. If that fails they ask again.
pub(super) fn answer(publisher: &Arc<Publisher>, topology: &Topology, fence: &Delivery, holds: &[Hold]) {
    let Some(queue) = fence.properties.reply_to().as_ref().map(ToString::to_string) else { return };
    let place = Place { exchange: topology.replies(), key: queue.clone(), queue };
    match answers(&place, holds) {
        Ok(letters) => {
            let publisher = Arc::clone(publisher);
            tokio::spawn(async move {
                let sent = join_all(letters.into_iter().map(|letter| publisher.send(letter))).await;
                if let Some(error) = sent.into_iter().find_map(Result::err) {
                    tracing::warn!(error = &error as &dyn Error, "a fence is not answered");
                }
            });
        }
        Err(error) => tracing::error!(error = &error as &dyn Error, "an answer cannot be written"),
    }
}

/// The parts of an answer; one that is empty if there is nothing to tell.
fn answers(place: &Place, holds: &[Hold]) -> Result<Vec<Letter>, Fault> {
    let name = unique()?;
    let parts = holds.len().div_ceil(PART).max(1);
    let letter = |part| {
        let holds = holds.iter().skip(part * PART).take(PART).cloned().collect();
        let body = message::write(message::ANSWER, Answer { name: name.clone(), part, parts, holds })?;
        Ok(Letter { durable: false, ..Letter::to(place, message::ANSWER, body) })
    };
    (0..parts).map(letter).collect()
}

/// Sends acknowledgements, in their order, until that fails.
async fn acknowledge(channels: &[Channel], mut acks: mpsc::UnboundedReceiver<Acks>) -> String {
    while let Some(Acks { acks, sent }) = acks.recv().await {
        let sending = acks.iter().map(async |ack| {
            let options = BasicAckOptions { multiple: ack.up_to };
            channels[ack.parcel.lane].basic_ack(ack.parcel.tag, options).await
        });
        for acknowledged in join_all(sending).await {
            if let Err(error) = acknowledged {
                return error.to_string();
            }
        }
        // Who settled may have stopped waiting.
        let _ = sent.send(());
    }
    "nothing can be settled any more".to_owned()
}

/// The numbers below `count` in an order of chance, so that replicas that start together share the partitions.
fn shuffled(count: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    // Without chance all start at the first one: fair enough.
    let chance = entropy::bytes::<64>().unwrap_or([0; 64]);
    numbers.sort_by_key(|number| chance[number % chance.len()]);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_them_all() {
        for count in [1, 4, 64] {
            let mut numbers = shuffled(count);
            numbers.sort_unstable();
            assert_eq!(numbers, (0..count).collect::<Vec<_>>());
        }
    }
}

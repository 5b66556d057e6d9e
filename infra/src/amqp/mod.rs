//! The message bus on RabbitMQ.
//!
//! | module | what |
//! |---|---|
//! | [`topology`] | the exchanges and queues |
//! | [`message`], [`bundle`] | what messages say |
//! | [`packer`] | letters of what waits to be published |
//! | [`publisher`], [`session`] | publishing in groups, and its connection |
//! | [`subscription`], [`hand`] | consuming, and what is in hand |
//! | [`inquiry`] | what is in flight |
//! | [`dial`] | connections |
//!
//! Any number of processes share the queues. Delivery is at least once: a message is acknowledged after its orders
//! are safe, and what was not confirmed is published again by whoever relays. There are three connections: one that
//! publishes, which the broker may block; one that consumes, which it does not; one to look around, when needed.
//!
//! What this may not touch: what becomes of a message. It is sent, handed out and taken back; the one thing that is
//! decided here is that a message which cannot be read, or which failed too often, is put aside.

mod bundle;
mod dial;
mod error;
mod hand;
mod inquiry;
mod message;
mod options;
mod packer;
mod publisher;
mod session;
mod subscription;
mod topology;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use domain::{
    error::Fault,
    id::{CampaignId, OrderId},
    spike::{
        Hold,
        ports::{Backlog, Delivery, MessageBus},
    },
};
use tokio::task::JoinHandle;

use self::{
    dial::Dial, error::away, hand::Hand, inquiry::Inquiries, publisher::Publisher, session::Letter,
    subscription::Subscription, topology::Topology,
};
pub use self::{
    error::OpenError,
    options::{AmqpOptions, QueueType},
};

/// The message bus.
pub struct AmqpBus {
    options: AmqpOptions,
    dial: Arc<Dial>,
    topology: Topology,
    publisher: Arc<Publisher>,
    inquiries: Inquiries,
    hand: Arc<Hand>,
    /// The task that consumes, from the first receiver on.
    consuming: Mutex<Option<JoinHandle<()>>>,
    closed: AtomicBool,
}

impl AmqpBus {
    /// Connects, and declares the exchanges and queues that are missing.
    ///
    /// # Errors
    /// One line that says what is wrong with the broker or the settings and what to do. Afterwards nothing of the
    /// kind ends the bus: it connects again and again, and says in the log why it cannot.
    pub async fn open(options: AmqpOptions) -> Result<Self, OpenError> {
        options.check()?;
        let dial = Arc::new(Dial::new(&options)?);
        let topology = Topology::of(&options);
        let link = dial.link("publish").await.map_err(|error| OpenError::connecting(&dial.place, &error))?;
        let publisher = Publisher::start(link, Arc::clone(&dial), &topology, &options).await;
        let publisher = Arc::new(publisher.map_err(|error| OpenError::declaring(&dial.place, &error))?);
        let inquiries = Inquiries::new(Arc::clone(&dial), topology.clone(), Arc::clone(&publisher), &options);
        Ok(Self {
            options,
            dial,
            topology,
            publisher,
            inquiries,
            hand: Arc::default(),
            consuming: Mutex::default(),
            closed: AtomicBool::new(false),
        })
    }

    /// How many messages were published so far: far fewer than holds, when many come at once.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.publisher.letters()
    }

    /// Whether messages can be published now.
    pub fn ping(&self) -> Result<(), Fault> {
        self.publisher.ready()
    }

    /// Ends the bus: what waits is still published and answered, and whoever comes from now on is refused. What is in
    /// hand goes back to its queue.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.publisher.close().await;
        self.inquiries.close().await;
        let consuming = self.consuming.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(consuming) = consuming {
            consuming.abort();
            // It closes its channels on the way out.
            let _ = consuming.await;
        }
        self.hand.wake_all();
    }

    /// Starts the task that consumes, if it does not run.
    fn consume(&self) -> Result<(), Fault> {
        let mut consuming = self.consuming.lock().unwrap_or_else(PoisonError::into_inner);
        if self.closed.load(Ordering::Acquire) {
            return Err(away("it is closed"));
        }
        if consuming.as_ref().is_none_or(JoinHandle::is_finished) {
            let subscription = Subscription {
                dial: Arc::clone(&self.dial),
                topology: self.topology.clone(),
                publisher: Arc::clone(&self.publisher),
                hand: Arc::clone(&self.hand),
                options: self.options.clone(),
            };
            *consuming = Some(tokio::spawn(subscription.keep()));
        }
        Ok(())
    }
}

impl Drop for AmqpBus {
    fn drop(&mut self) {
        if let Some(consuming) = self.consuming.lock().unwrap_or_else(PoisonError::into_inner).take() {
            consuming.abort();
        }
    }
}

#[async_trait]
impl MessageBus for AmqpBus {
    async fn publish_all(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
        self.publisher.publish(holds).await
    }

    async fn receive(&self, max: usize) -> Result<Vec<Delivery>, Fault> {
        if max == 0 {
            return Ok(Vec::new());
        }
        loop {
            self.consume()?;
            let deliveries = self.hand.hand_out(max);
            if !deliveries.is_empty() {
                return Ok(deliveries);
            }
            self.hand.changed().await;
        }
    }

    async fn settle(&self, tags: &[OrderId]) -> Result<(), Fault> {
        if let Some(told) = self.hand.settle(tags) {
            // If the broker cannot be told, it delivers them again, and they are settled anew.
            let _ = told.await;
        }
        Ok(())
    }

    async fn give_back(&self, tags: &[OrderId]) -> Result<(), Fault> {
        self.hand.give_back(tags);
        Ok(())
    }

    async fn fail(&self, tag: OrderId, why: &str) -> Result<bool, Fault> {
        let Some(failing) = self.hand.failing(tag) else { return Ok(false) };
        let attempts = failing.attempts.saturating_add(1);
        let dead = attempts >= self.options.max_attempts;
        let place = if dead { self.topology.dead() } else { self.topology.retry() };
        let body = message::grabs([bundle::write(&[&failing.hold])?.as_slice()]);
        let letter = Letter { headers: message::failed(attempts, why), ..Letter::to(&place, message::GRABS, body) };
        if let Err(fault) = self.publisher.send(letter).await {
            // It may be there or not; this one is handed out again in any case.
            self.hand.give_back(&[tag]);
            return Err(fault);
        }
        if let Some(told) = self.hand.failed(&failing) {
            let _ = told.await;
        }
        Ok(dead)
    }

    async fn in_flight(&self, campaign: CampaignId) -> Result<Vec<Hold>, Fault> {
        self.inquiries.in_flight(campaign).await
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        let (ready, dead) = self.inquiries.backlog().await?;
        Ok(Backlog { waiting: ready + self.hand.len() as u64, dead })
    }
}

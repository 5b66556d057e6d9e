//! Changes of orders, told between replicas: one channel that every process publishes to and listens to.
//!
//! Within a process the changes go through [`MemoryFeed`], at once and whatever becomes of Redis. [`publish`] sends
//! what has gathered to the others, [`listen`] gives what comes from the others to the local subscribers. Redis
//! keeps nothing of it: who was not listening has missed it, and is told so; and so it is when [`heard`] notices that
//! something was lost on its way.
//!
//! What this may not touch: the order in which a subscriber is shown states. `domain` makes that from versions.

mod heard;
mod listen;
mod message;
mod publish;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    error::Fault,
    id::UserId,
    order::{
        ports::{FeedSignal, StatusFeed},
        status::OrderChange,
    },
};
use futures_util::stream::BoxStream;
use tokio::{sync::Notify, task::JoinHandle};

use self::{
    listen::Listener,
    publish::{Outlet, Publisher},
};
use super::{OpenError, RedisOptions, Server, keys, token::token};
use crate::memory::MemoryFeed;

/// Tells changes of orders to the subscribers of all processes that share a Redis and a prefix.
pub struct RedisFeed {
    local: MemoryFeed,
    outlet: Outlet,
    closing: Arc<Notify>,
    publishing: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    listening: JoinHandle<()>,
}

impl RedisFeed {
    /// Connects, listens, and starts the tasks that publish and listen. They end with this.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn open(options: &RedisOptions) -> Result<Self, OpenError> {
        let server = Server::open(options).await?;
        let (channel, local) = (keys::changes(&options.prefix), MemoryFeed::default());
        let from =
            token().map_err(|fault| OpenError::Other { at: server.at().to_owned(), cause: fault.to_string() })?;
        let closing = Arc::new(Notify::new());
        let listener = Listener::open(server.clone(), channel.clone(), &from, local.clone(), options.patience).await?;
        let (outlet, changes) = Outlet::new();
        let publisher = Publisher { server, channel, from, missed: Arc::clone(outlet.missed()) };
        let publishing = tokio::spawn(publisher.run(changes, Arc::clone(&closing)));
        Ok(Self {
            local,
            outlet,
            closing,
            publishing: tokio::sync::Mutex::new(Some(publishing)),
            listening: tokio::spawn(listener.run()),
        })
    }

    /// Publishes what has gathered, and no more from now on. Local subscribers are still told.
    pub async fn close(&self) {
        self.closing.notify_one();
        if let Some(publishing) = self.publishing.lock().await.take()
            && let Err(error) = publishing.await
        {
            tracing::error!(%error, "the task that publishes changes ended badly");
        }
    }

    /// How many users are subscribed to in this process.
    #[must_use]
    pub fn topics(&self) -> usize {
        self.local.topics()
    }
}

impl Drop for RedisFeed {
    fn drop(&mut self) {
        self.listening.abort();
        if let Some(publishing) = self.publishing.get_mut() {
            publishing.abort();
        }
    }
}

#[async_trait]
impl StatusFeed for RedisFeed {
    async fn publish(&self, changes: &[OrderChange]) {
        self.local.publish(changes).await;
        self.outlet.put(changes);
    }

    async fn subscribe(&self, user: UserId) -> Result<BoxStream<'static, FeedSignal>, Fault> {
        self.local.subscribe(user).await
    }
}

/// After which time without a change a process says that it is there, so that listeners know that their connections
/// work.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Whether something was not sent that others should have been told.
type Missed = Arc<AtomicBool>;

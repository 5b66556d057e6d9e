//! Live status within a single process.

use std::sync::Arc;

use async_trait::async_trait;
use dashmap::DashMap;
use domain::{
    error::Fault,
    id::UserId,
    order::{
        ports::{FeedSignal, StatusFeed},
        status::OrderChange,
    },
};
use futures_util::{StreamExt, stream, stream::BoxStream};
use tokio::sync::broadcast::{self, error::RecvError};

type Topic = broadcast::Sender<FeedSignal>;

/// Tells changes of orders to the subscribers of this process, by user.
#[derive(Default, Clone)]
pub struct MemoryFeed {
    topics: Arc<DashMap<UserId, Topic>>,
}

impl MemoryFeed {
    /// Changes that a slow subscriber may be behind before it is told that it missed some.
    const CAPACITY: usize = 64;

    /// How many users are subscribed to.
    #[must_use]
    pub fn topics(&self) -> usize {
        self.topics.len()
    }

    /// Tells every subscriber that it may have missed something: for a feed between processes that did.
    pub(crate) fn tell_missed(&self) {
        for topic in self.topics.iter() {
            let _ = topic.send(FeedSignal::Missed);
        }
    }
}

/// A subscription. Takes its topic away when it was the last.
struct Subscription {
    user: UserId,
    signals: Option<broadcast::Receiver<FeedSignal>>,
    topics: Arc<DashMap<UserId, Topic>>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.signals = None;
        self.topics.remove_if(&self.user, |_, topic| topic.receiver_count() == 0);
    }
}

#[async_trait]
impl StatusFeed for MemoryFeed {
    async fn publish(&self, changes: &[OrderChange]) {
        for change in changes {
            if let Some(topic) = self.topics.get(&change.order.user_id) {
                // An error only says that the last subscriber has just left.
                let _ = topic.send(FeedSignal::Changed(Arc::new(change.clone())));
            }
        }
    }

    async fn subscribe(&self, user: UserId) -> Result<BoxStream<'static, FeedSignal>, Fault> {
        let signals = {
            let topic = self.topics.entry(user).or_insert_with(|| broadcast::channel(Self::CAPACITY).0);
            topic.subscribe()
        };
        let subscription = Subscription { user, signals: Some(signals), topics: Arc::clone(&self.topics) };
        let signals = stream::unfold(subscription, |mut subscription| async move {
            let signal = match subscription.signals.as_mut()?.recv().await {
                Ok(signal) => signal,
                Err(RecvError::Lagged(_)) => FeedSignal::Missed,
                Err(RecvError::Closed) => return None,
            };
            Some((signal, subscription))
        });
        Ok(signals.boxed())
    }
}

//! Watching orders: the current state first, then every change once and in order.
//!
//! The feed only signals. What a subscriber is told comes from versions: it remembers the last version of
//! each order that it was shown, takes a signal that follows on directly, reads the history where a signal
//! leaves a gap, and drops what it has shown. So nothing is told twice or out of order, and nothing is left
//! out even if the feed drops, repeats or reorders signals. In case the feed loses the last signal of an
//! order, the watch looks again by itself now and then.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use chrono::Duration;
use futures_util::{
    FutureExt, Stream, StreamExt,
    stream::{self, BoxStream},
};

use super::{
    ports::{FeedSignal, OrderStore, StatusFeed},
    reading::Orders,
    status::{Order, OrderStatus},
};
use crate::{
    clock::{Clock, Instant},
    error::Fault,
    id::{OrderId, UserId},
    page::{MAX_PAGE, PageRequest},
};

/// What to watch.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// One order, from the version after this one if it is given: a client that reconnects tells what it
    /// has seen, and is told what it missed.
    One(OrderId, Option<u32>),
    /// All orders of the user: the newest hundred as they stand, and then every change.
    AllOwn,
}

/// Watches orders.
pub struct OrderWatch {
    orders: Arc<Orders>,
    store: Arc<dyn OrderStore>,
    feed: Arc<dyn StatusFeed>,
    clock: Arc<dyn Clock>,
}

impl OrderWatch {
    /// How often a watch looks again by itself.
    pub const SECOND_LOOK: Duration = Duration::seconds(15);

    /// Wires the service.
    pub fn new(
        orders: Arc<Orders>,
        store: Arc<dyn OrderStore>,
        feed: Arc<dyn StatusFeed>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { orders, store, feed, clock }
    }

    /// Watches orders of `owner`. Whether the viewer may see them is the caller's to check. A watch of one
    /// order ends when the order can change no more.
    pub async fn watch(
        self: &Arc<Self>,
        owner: UserId,
        subject: Subject,
    ) -> Result<impl Stream<Item = Result<Order, Fault>> + Send + use<>, Fault> {
        // The feed first, then the state: what changes in between is in both, never in neither.
        let signals = self.feed.subscribe(owner).await?;
        let mut watcher = Watcher {
            watch: Arc::clone(self),
            owner,
            subject,
            signals,
            shown: HashMap::new(),
            horizon: None,
            pending: VecDeque::new(),
            over: false,
        };
        watcher.first_look().await?;
        Ok(stream::unfold(watcher, |mut watcher| async move { watcher.next().await.map(|item| (item, watcher)) }))
    }
}

impl OrderWatch {
    async fn newest(&self, owner: UserId) -> Result<Vec<Order>, Fault> {
        let page = PageRequest { limit: MAX_PAGE, ..PageRequest::default() };
        Ok(self.orders.of_user(owner, &[], &page).await?.items)
    }
}

struct Watcher {
    watch: Arc<OrderWatch>,
    owner: UserId,
    subject: Subject,
    signals: BoxStream<'static, FeedSignal>,
    /// The last version of each order that was shown.
    shown: HashMap<OrderId, u32>,
    /// Orders grabbed before this were left out of the first look: their past is not told.
    horizon: Option<Instant>,
    pending: VecDeque<Order>,
    over: bool,
}

impl Watcher {
    async fn next(&mut self) -> Option<Result<Order, Fault>> {
        loop {
            if let Some(order) = self.pending.pop_front() {
                let final_state = matches!(self.subject, Subject::One(..)) && is_final(order.status);
                self.over |= final_state;
                return Some(Ok(order));
            }
            if self.over {
                return None;
            }
            if let Err(fault) = self.listen().await {
                self.over = true;
                return Some(Err(fault));
            }
        }
    }

    async fn listen(&mut self) -> Result<(), Fault> {
        let second_look = self.watch.clock.sleep(OrderWatch::SECOND_LOOK);
        let signal = futures_util::select_biased! {
            signal = self.signals.next().fuse() => signal,
            () = second_look.fuse() => Some(FeedSignal::Missed),
        };
        match signal {
            Some(FeedSignal::Changed(change)) => {
                if let Subject::One(id, _) = self.subject
                    && id != change.order.id
                {
                    return Ok(());
                }
                self.show(&change.order).await
            }
            Some(FeedSignal::Missed) => self.look().await,
            None => {
                self.over = true;
                Ok(())
            }
        }
    }

    async fn first_look(&mut self) -> Result<(), Fault> {
        match self.subject {
            Subject::One(id, seen) => {
                let Some(order) = self.watch.orders.find(id).await? else { return Ok(()) };
                match seen.filter(|seen| *seen <= order.version) {
                    Some(seen) => {
                        self.shown.insert(id, seen);
                        self.over = seen == order.version && is_final(order.status);
                        self.show(&order).await?;
                    }
                    None => self.show_current(order),
                }
            }
            Subject::AllOwn => {
                let page = self.watch.newest(self.owner).await?;
                if page.len() >= MAX_PAGE as usize {
                    self.horizon = page.last().map(|order| order.created_at);
                }
                for order in page.into_iter().rev() {
                    self.show_current(order);
                }
            }
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Fault> {
        let current = match self.subject {
            Subject::One(id, _) => self.watch.orders.find(id).await?.into_iter().collect(),
            Subject::AllOwn => self.watch.newest(self.owner).await?,
        };
        for order in current.iter().rev() {
            self.show(order).await?;
        }
        Ok(())
    }

    fn show_current(&mut self, order: Order) {
        self.shown.insert(order.id, order.version);
        self.pending.push_back(order);
    }

    /// Shows every state of an order up to this one that was not shown before.
    async fn show(&mut self, order: &Order) -> Result<(), Fault> {
        let shown = self.shown.get(&order.id).copied();
        if shown.is_some_and(|version| version >= order.version) {
            return Ok(());
        }
        let old = self.horizon.is_some_and(|horizon| order.created_at < horizon);
        let from = match shown {
            Some(version) => version + 1,
            None if old => order.version,
            None => 0,
        };
        if from < order.version {
            for event in self.watch.store.events(&[order.id]).await? {
                if (from..order.version).contains(&event.version) {
                    self.pending.push_back(order.as_of(&event));
                }
            }
        }
        self.show_current(order.clone());
        Ok(())
    }
}

/// Whether the state machine has no arrow from here. `PAID` may still be refunded.
const fn is_final(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Rejected | OrderStatus::Refunded)
}

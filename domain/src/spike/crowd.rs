//! Making holds safe, for all at once who got theirs at the same moment.
//!
//! What comes after a hold (publish it, note that it is published, tell who watches) costs about the same for one as for
//! hundreds. So the holds that wait at the same moment go together, as one **crowd**: one message a queue, one note a
//! campaign. Whoever was refused is no part of it and was answered before: a
//! broker that hangs delays nobody who gets nothing.
//!
//! A crowd goes on to its end when those who wait for it are gone. What it may not touch: what a grab is; it carries
//! out the last steps of [`super::grab`], which says why they are in this order.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{
    ports::{MessageBus, StockStore},
    stock::Hold,
};
use crate::{
    error::Fault,
    group::{Commit, GroupBounds, GroupCommit},
    id::TypedId,
    order::{Order, ports::StatusFeed, status::OrderChange},
};

/// Makes holds safe. Ends with what it has in work.
pub(super) struct Crowd {
    holds: Arc<Holds>,
    /// A campaign always goes through the same, so that one whose stock does not answer holds up few others.
    lanes: Vec<GroupCommit<Securing>>,
}

impl Crowd {
    const LANES: usize = 4;
    const BOUNDS: GroupBounds = GroupBounds {
        // What one script call and one message carry.
        group: 256,
        // While one crowd waits for the broker, the next is on its way. More at once would be smaller, and cost more.
        at_once: 2,
        // Few buyers in two crowds cost the broker two flushes instead of one, and none of them is answered sooner.
        beside: 64,
        waiting: 10_000,
        // They have units, and an order will come of them in any case.
        leave_out_abandoned: false,
    };

    /// Starts the tasks that carry it out.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub(super) fn start(stock: Arc<dyn StockStore>, bus: Arc<dyn MessageBus>, feed: Arc<dyn StatusFeed>) -> Self {
        let holds = Arc::new(Holds { stock, bus, feed });
        let lane = |_| GroupCommit::start(Securing(Arc::clone(&holds)), Self::BOUNDS);
        Self { lanes: (0..Self::LANES).map(lane).collect(), holds }
    }

    /// Makes a fresh hold safe, and answers its order.
    pub(super) async fn secure(&self, hold: Hold) -> Result<Order, Fault> {
        // The last bytes of a UUIDv7 are random.
        let [.., last] = hold.campaign_id.uuid().into_bytes();
        self.lanes[usize::from(last) % self.lanes.len()].submit(hold).await
    }

    /// Publishes a hold that was left unpublished by an earlier attempt.
    pub(super) async fn publish(&self, hold: &Hold) -> Result<(), Fault> {
        self.holds.publish(std::slice::from_ref(hold)).await.into_iter().collect()
    }
}

/// The steps.
struct Holds {
    stock: Arc<dyn StockStore>,
    bus: Arc<dyn MessageBus>,
    feed: Arc<dyn StatusFeed>,
}

struct Securing(Arc<Holds>);

impl Commit for Securing {
    type Item = Hold;
    type Answer = Order;
    const PART: &'static str = "stock";

    async fn commit(&self, holds: Vec<Hold>) -> Vec<Result<Order, Fault>> {
        self.0.secure(&holds).await
    }
}

impl Holds {
    /// Makes holds safe, tells who watches, and answers their orders.
    async fn secure(&self, holds: &[Hold]) -> Vec<Result<Order, Fault>> {
        crash_point!("grab.reserved");
        let published = self.publish(holds).await;
        let safe = holds.iter().zip(&published).filter(|(_, published)| published.is_ok());
        let changes: Vec<OrderChange> = safe.map(|(hold, _)| OrderChange::queued(hold)).collect();
        self.feed.publish(&changes).await;
        let mut orders = changes.into_iter().map(|change| change.order);
        let lost = || Fault::internal("a hold has no order");
        let granted = |published: Result<(), Fault>| published.and_then(|()| orders.next().ok_or_else(lost));
        published.into_iter().map(granted).collect()
    }

    /// Publishes holds. When that fails nothing is undone, for the outcome is unknown: the relay goes on with it. A buyer
    /// is told yes only if the hold is safe without the queue.
    ///
    /// That a message is noted as published comes before the answer, and not after it: the note tells whether the stock
    /// was rebuilt meanwhile, perhaps without this hold.
    async fn publish(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
        let sent = self.bus.publish_all(holds).await;
        if sent.iter().all(Result::is_ok) {
            crash_point!("grab.published");
            return self.stock.note_published(holds).await;
        }
        join_all(holds.iter().zip(sent).map(|(hold, sent)| async {
            match sent {
                Ok(()) => self.stock.published(std::slice::from_ref(hold)).await,
                Err(fault) => self.leave_to_relay(hold, fault).await,
            }
        }))
        .await
    }

    async fn leave_to_relay(&self, hold: &Hold, fault: Fault) -> Result<(), Fault> {
        if self.stock.is_durable() && self.stock.find_hold(hold.order_id).await?.is_some() {
            tracing::warn!(order = %hold.order_id, error = &fault as &dyn std::error::Error, "left to the relay");
            return Ok(());
        }
        Err(fault)
    }
}

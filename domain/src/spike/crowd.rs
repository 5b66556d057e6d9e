//! Grabbing, for all at once who ask at the same moment.
//!
//! Taking units costs a call of the stock store, and what comes after it (publish the hold, tell who watches) costs about
//! the same for one as for hundreds. So those who ask at the same moment go together, as one **crowd**: one call, one
//! message a queue. Whoever is refused is answered as soon as the store has said so, and whoever is granted as soon as the
//! queue has: the note that the message is published follows, with those of other crowds ([`notes`]), unless its passage
//! took so long that the store must be asked first ([`Hold::PASSAGE`]).
//!
//! While a crowd is on its way the next one gathers. Whoever gets units then would wait for the broker in any case; whoever
//! gets none waits a little longer than alone, but not for a crowd that hangs ([`Crowd::IN_THE_WAY`]).
//!
//! A crowd goes on to its end when those who wait for it are gone. What it may not touch: what a grab is; it carries
//! out the last steps of [`super::grab`], which says why they are in this order.

mod notes;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time::Instant;

use self::notes::Notes;
use super::{
    ports::{MessageBus, StockStore},
    stock::{Hold, Reserve, Reserved},
};
use crate::{
    error::Fault,
    group::{Caller, GroupBounds, GroupCommit, Work},
    id::TypedId,
    order::{Order, ports::StatusFeed, status::OrderChange},
};

/// What an ask came to.
pub(super) enum Taken {
    /// Units, and they are safe.
    Granted {
        /// The order of them.
        order: Order,
        /// Units left for others.
        remaining: u32,
    },
    /// Anything else that the store answers: never a hold.
    Not(Reserved),
}

/// Takes units and makes holds safe. Ends with what it has in work.
pub(super) struct Crowd {
    steps: Arc<Steps>,
    /// A campaign always goes through the same, so that one whose stock does not answer holds up few others.
    lanes: Vec<GroupCommit<Grabbing>>,
}

impl Crowd {
    const LANES: usize = 4;
    /// Several times what a crowd takes when all is well, and less than anybody notices.
    const IN_THE_WAY: Duration = Duration::from_millis(100);
    const BOUNDS: GroupBounds = GroupBounds {
        // What one script call and one message carry.
        group: 256,
        // While one crowd waits for the broker, the next is on its way. More at once would be smaller, and cost more.
        at_once: 2,
        // Few buyers in two crowds cost the broker two flushes instead of one, and none of them is answered sooner.
        beside: 32,
        in_the_way: Some(Self::IN_THE_WAY),
        waiting: 10_000,
        // A grab whose caller is gone before it was sent is nobody's: it would take units for nothing.
        leave_out_abandoned: true,
    };

    /// Starts the tasks that carry it out.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub(super) fn start(stock: Arc<dyn StockStore>, bus: Arc<dyn MessageBus>, feed: Arc<dyn StatusFeed>) -> Self {
        Self::of(stock, bus, feed, Hold::PASSAGE)
    }

    fn of(stock: Arc<dyn StockStore>, bus: Arc<dyn MessageBus>, feed: Arc<dyn StatusFeed>, passage: Duration) -> Self {
        let notes = Notes::start(Arc::clone(&stock));
        let steps = Arc::new(Steps { stock, bus, feed, notes, passage });
        let lane = |_| GroupCommit::start(Grabbing(Arc::clone(&steps)), Self::BOUNDS);
        Self { lanes: (0..Self::LANES).map(lane).collect(), steps }
    }

    /// Takes units for a buyer, and answers their order once it is safe.
    pub(super) async fn grab(&self, ask: Reserve) -> Result<Taken, Fault> {
        self.lanes[ask.campaign_id.lane(self.lanes.len())].submit(ask).await
    }

    /// Ends it: who waits is still answered, what was granted is noted, and whoever comes from now on is refused.
    pub(super) async fn close(&self) {
        join_all(self.lanes.iter().map(GroupCommit::close)).await;
        self.steps.notes.close().await;
    }

    /// Publishes a hold that was left unpublished by an earlier attempt.
    pub(super) async fn publish(&self, hold: &Hold) -> Result<(), Fault> {
        self.steps.publish(std::slice::from_ref(hold), None).await.0.into_iter().collect()
    }
}

struct Grabbing(Arc<Steps>);

impl Work for Grabbing {
    type Item = Reserve;
    type Answer = Taken;
    const PART: &'static str = "stock";

    async fn work(&self, asks: Vec<Reserve>, callers: Vec<Caller<Taken>>) -> bool {
        let asked = Instant::now();
        let answers = self.0.stock.reserve_all(&asks).await;
        debug_assert_eq!(answers.len(), callers.len(), "each is answered");
        let (mut holds, mut granted) = (Vec::new(), Vec::new());
        for (caller, reserved) in callers.into_iter().zip(answers) {
            match reserved {
                Ok(Reserved::Held { hold, remaining }) => {
                    holds.push(hold);
                    granted.push((caller, remaining));
                }
                refused => caller.tell(refused.map(Taken::Not)),
            }
        }
        if holds.is_empty() {
            return false;
        }
        crash_point!("grab.reserved");
        let (safe, note) = self.0.publish(&holds, Some(asked)).await;
        let orders = self.0.queued(&holds, safe).await;
        for ((caller, remaining), order) in granted.into_iter().zip(orders) {
            caller.tell(order.map(|order| Taken::Granted { order, remaining }));
        }
        crash_point!("grab.told");
        if note == Note::Due {
            self.0.notes.leave(holds);
        }
        true
    }
}

/// The note that holds are published.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Note {
    /// It is made, or nothing is to be noted.
    Made,
    /// It can be made when the buyers are told.
    Due,
}

/// The steps.
struct Steps {
    stock: Arc<dyn StockStore>,
    bus: Arc<dyn MessageBus>,
    feed: Arc<dyn StatusFeed>,
    notes: Notes,
    /// [`Hold::PASSAGE`]
    passage: Duration,
}

impl Steps {
    /// Tells who watches of the orders of holds that are safe, and answers them.
    async fn queued(&self, holds: &[Hold], safe: Vec<Result<(), Fault>>) -> Vec<Result<Order, Fault>> {
        let changes = holds.iter().zip(&safe).filter(|(_, safe)| safe.is_ok());
        let changes: Vec<OrderChange> = changes.map(|(hold, _)| OrderChange::queued(hold)).collect();
        self.feed.publish(&changes).await;
        let mut orders = changes.into_iter().map(|change| change.order);
        let lost = || Fault::internal("a hold has no order");
        safe.into_iter().map(|safe| safe.and_then(|()| orders.next().ok_or_else(lost))).collect()
    }

    /// Publishes holds for which the store was asked at that moment, if that is known, and says for each whether it is
    /// safe. When that fails nothing is undone, for the outcome is unknown: the relay goes on with it. A buyer is told
    /// yes only if the hold is safe without the queue.
    ///
    /// Where it took longer than a passage, that the messages are published is noted before the answer: the note tells
    /// whether the stock was rebuilt meanwhile, perhaps without these holds.
    async fn publish(&self, holds: &[Hold], asked: Option<Instant>) -> (Vec<Result<(), Fault>>, Note) {
        let sent = self.bus.publish_all(holds).await;
        if sent.iter().all(Result::is_ok) {
            crash_point!("grab.published");
            if asked.is_some_and(|asked| asked.elapsed() < self.passage) {
                return (sent, Note::Due);
            }
            return (self.stock.note_published(holds).await, Note::Made);
        }
        let safe = join_all(holds.iter().zip(sent).map(|(hold, sent)| async {
            match sent {
                Ok(()) => self.stock.published(std::slice::from_ref(hold)).await,
                Err(fault) => self.leave_to_relay(hold, fault).await,
            }
        }));
        (safe.await, Note::Made)
    }

    async fn leave_to_relay(&self, hold: &Hold, fault: Fault) -> Result<(), Fault> {
        if self.stock.is_durable() && self.stock.find_hold(hold.order_id).await?.is_some() {
            tracing::warn!(order = %hold.order_id, error = &fault as &dyn std::error::Error, "left to the relay");
            return Ok(());
        }
        Err(fault)
    }
}

#[cfg(test)]
mod tests;

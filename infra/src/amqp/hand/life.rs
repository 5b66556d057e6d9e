//! One life of the channels: the holds that are in hand in it, which of them rest or are ready, and which messages can be
//! acknowledged. It sends nothing by itself.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Instant,
};

use domain::{id::OrderId, spike::Hold};
use tokio::sync::{mpsc, oneshot};

/// A message: its lane (the channel of a partition) and its tag there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::amqp) struct Parcel {
    pub(in crate::amqp) lane: usize,
    pub(in crate::amqp) tag: u64,
}

/// Tells the broker that messages are done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::amqp) struct Ack {
    pub(in crate::amqp) parcel: Parcel,
    /// With all that came before it on its lane.
    pub(in crate::amqp) up_to: bool,
}

/// Acknowledgements to be sent in this order, and who wants to know when they are.
pub(in crate::amqp) struct Acks {
    pub(in crate::amqp) acks: Vec<Ack>,
    pub(in crate::amqp) sent: oneshot::Sender<()>,
}

/// A hold in hand.
pub(super) struct Held {
    pub(super) hold: Hold,
    pub(super) attempts: u32,
    /// The messages that it came in.
    pub(super) parcels: Vec<Parcel>,
    /// Whether somebody works on it.
    pub(super) out: bool,
    /// Until when it rests.
    pub(super) due: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Life {
    /// Tells this life from earlier ones.
    pub(super) number: u64,
    /// None while there are no channels.
    pub(super) acks: Option<mpsc::UnboundedSender<Acks>>,
    pub(super) orders: HashMap<OrderId, Held>,
    /// What nobody works on and what does not rest.
    pub(super) ready: BTreeSet<OrderId>,
    /// What rests, and until when.
    pub(super) resting: BTreeSet<(Instant, OrderId)>,
    /// By lane: what is not acknowledged, and how many holds of it are not settled.
    pub(super) lanes: Vec<BTreeMap<u64, usize>>,
}

impl Life {
    /// Puts a hold where it belongs: nowhere while somebody works on it, to what rests, or to what is ready.
    pub(super) fn lay_down(&mut self, order: OrderId, due: Option<Instant>) {
        let Some(held) = self.orders.get_mut(&order) else { return };
        if let Some(before) = held.due {
            self.resting.remove(&(before, order));
        }
        held.due = held.due.max(due);
        match held.due {
            _ if held.out => {}
            Some(due) => {
                self.ready.remove(&order);
                self.resting.insert((due, order));
            }
            None => {
                self.ready.insert(order);
            }
        }
    }

    /// Makes ready what has rested.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some((due, order)) = self.resting.first().copied()
            && due <= now
        {
            self.resting.pop_first();
            self.ready.insert(order);
            if let Some(held) = self.orders.get_mut(&order) {
                held.due = None;
            }
        }
    }

    pub(super) fn remove(&mut self, order: OrderId) -> Option<Held> {
        let held = self.orders.remove(&order)?;
        self.ready.remove(&order);
        if let Some(due) = held.due {
            self.resting.remove(&(due, order));
        }
        Some(held)
    }

    /// Counts one hold less in each of these messages, and acknowledges those that have none left.
    pub(super) fn settle(&mut self, parcels: &[Parcel]) -> Option<oneshot::Receiver<()>> {
        let mut done = Vec::new();
        for parcel in parcels {
            let Some(unsettled) = self.lanes.get_mut(parcel.lane).and_then(|lane| lane.get_mut(&parcel.tag)) else {
                continue;
            };
            *unsettled = unsettled.saturating_sub(1);
            if *unsettled == 0 {
                done.push(*parcel);
            }
        }
        self.acknowledge(done)
    }

    /// Queues the acknowledgement of messages. They are sent in the order in which this was called: one that says
    /// "up to" must not overtake another one, for a tag that is acknowledged twice costs the channel.
    pub(super) fn acknowledge(&mut self, mut done: Vec<Parcel>) -> Option<oneshot::Receiver<()>> {
        if done.is_empty() {
            return None;
        }
        done.sort_unstable();
        let mut acks: Vec<Ack> = Vec::new();
        for parcel in &done {
            if let Some(lane) = self.lanes.get_mut(parcel.lane) {
                lane.remove(&parcel.tag);
            }
        }
        for parcel in done {
            // Tags come in their order, so whatever is below the lowest that is left is done.
            let lowest_left = self.lanes.get(parcel.lane).and_then(|lane| lane.first_key_value());
            let in_front = lowest_left.is_none_or(|(lowest, _)| parcel.tag < *lowest);
            match acks.last_mut() {
                Some(last) if in_front && last.parcel.lane == parcel.lane => *last = Ack { parcel, up_to: true },
                _ => acks.push(Ack { parcel, up_to: in_front }),
            }
        }
        let (sent, told) = oneshot::channel();
        // If there is nobody to send them, the channels are gone, and it is delivered again.
        self.acks.as_ref()?.send(Acks { acks, sent }).ok()?;
        Some(told)
    }
}

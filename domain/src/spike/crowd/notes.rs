//! Notes that holds are published whose buyers were told already.
//!
//! Nobody waits for such a note, and it costs its trip to the store whether it is of one crowd or of many. So what gathers
//! while one is made, and for a moment after it, is the next one. One that comes alone is made at once.
//!
//! A note that is not made, for whatever reason, is no loss: the relay publishes the hold again, and a message that comes
//! twice makes one order.

use std::{sync::Arc, time::Duration};

use super::super::{ports::StockStore, stock::Hold};
use crate::{
    error::Fault,
    group::{Caller, GroupBounds, GroupCommit, Work},
};

/// Makes the notes. Ends with those that it has.
pub(super) struct Notes(GroupCommit<Noting>);

struct Noting(Arc<dyn StockStore>);

impl Notes {
    /// The least time from one note to the next: a few crowds, and far less than the relay waits for a note.
    pub(super) const REST: Duration = Duration::from_millis(10);
    const BOUNDS: GroupBounds = GroupBounds {
        group: 64,
        at_once: 1,
        beside: 1,
        // A store that does not answer for one campaign may do so for another.
        in_the_way: Some(Duration::from_millis(100)),
        waiting: 1_000,
        leave_out_abandoned: false,
    };

    pub(super) fn start(stock: Arc<dyn StockStore>) -> Self {
        Self(GroupCommit::start(Noting(stock), Self::BOUNDS))
    }

    /// Has the holds of a crowd noted as published, soon.
    pub(super) fn leave(&self, holds: Vec<Hold>) {
        if !self.0.leave(holds) {
            tracing::warn!("too many notes wait, or none is made any more: the relay publishes again what was granted");
        }
    }

    /// Makes those that wait, and no more from now on.
    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

impl Work for Noting {
    type Item = Vec<Hold>;
    type Answer = ();
    const PART: &'static str = "stock";

    async fn work(&self, crowds: Vec<Vec<Hold>>, _: Vec<Caller<()>>) -> bool {
        let holds = crowds.concat();
        let faults: Vec<Fault> = self.0.note_published(&holds).await.into_iter().filter_map(Result::err).collect();
        if let Some(fault) = faults.first() {
            // If the life of the stock is over, there is nothing left to be noted.
            let (error, holds) = (fault as &dyn std::error::Error, faults.len());
            tracing::info!(holds, error, "granted, and not noted as published in this life of the stock");
        }
        tokio::time::sleep(Notes::REST).await;
        faults.len() < holds.len()
    }
}

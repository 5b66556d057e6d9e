//! Watching a campaign: its state and what is left, at most a few times a second.
//!
//! A change is noticed by looking: that also sees what nobody announces, such as the start of a sale or a
//! grab on another replica. A look costs one read of the stock store.

use std::sync::Arc;

use chrono::Duration;
use futures_util::{Stream, stream};

use super::catalog::{CampaignView, Catalog};
use crate::{clock::Clock, error::Fault, id::CampaignId};

/// Watches campaigns.
pub struct CampaignWatch {
    catalog: Arc<Catalog>,
    clock: Arc<dyn Clock>,
}

impl CampaignWatch {
    /// The shortest time between two updates.
    pub const PACE: Duration = Duration::milliseconds(250);

    /// Wires the service.
    pub fn new(catalog: Arc<Catalog>, clock: Arc<dyn Clock>) -> Self {
        Self { catalog, clock }
    }

    /// How the campaign is seen now, and then each time that it is seen otherwise. Ends with the campaign:
    /// with the view in which it has ended, or when it was deleted.
    pub fn watch(
        self: &Arc<Self>,
        first: CampaignView,
    ) -> impl Stream<Item = Result<CampaignView, Fault>> + Send + use<> {
        let this = Arc::clone(self);
        stream::unfold(State::First(first), move |state| {
            let this = Arc::clone(&this);
            async move {
                match state {
                    State::First(view) => Some((Ok(view.clone()), State::Shown(view))),
                    State::Shown(shown) => match this.next(&shown).await {
                        Ok(Some(view)) => Some((Ok(view.clone()), State::Shown(view))),
                        Ok(None) => None,
                        Err(fault) => Some((Err(fault), State::Over)),
                    },
                    State::Over => None,
                }
            }
        })
    }

    async fn next(&self, shown: &CampaignView) -> Result<Option<CampaignView>, Fault> {
        use super::campaign::CampaignState::Ended;
        if shown.state == Ended {
            return Ok(None);
        }
        let id: CampaignId = shown.campaign.id;
        loop {
            self.clock.sleep(Self::PACE).await;
            match self.catalog.view_by_id(id).await? {
                None => return Ok(None),
                Some(view) if !view.looks_like(shown) => return Ok(Some(view)),
                Some(_) => {}
            }
        }
    }
}

enum State {
    First(CampaignView),
    Shown(CampaignView),
    Over,
}

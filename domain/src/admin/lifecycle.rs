//! The stages of a campaign, moved by hand.
//!
//! ```text
//! DRAFT ──publish──► PUBLISHED ◄──resume── PAUSED
//!                        │ ──────pause────►  │
//!                        └───────end──► ENDED ◄┘
//! ```
//! A campaign whose end has come is over, whatever its stage: nothing moves it any more.

use super::{
    campaigns::{CampaignRefusal, Campaigns},
    ports::CampaignChange,
    stock::{MovementKind, StockMovement},
};
use crate::{
    error::{Failure, Refusal},
    id::CampaignId,
    spike::{Stage, catalog::CampaignView},
    user::Administrator,
};

/// What an administrator does to a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Make a draft visible, and let it start by itself.
    Publish,
    /// Stop selling for a while.
    Pause,
    /// Go on selling.
    Resume,
    /// Stop selling for good.
    End,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Publish, Self::Pause, Self::Resume, Self::End];

    /// Where it leads from a stage; none if it does not apply there.
    #[must_use]
    pub const fn from(self, stage: Stage) -> Option<Stage> {
        match (self, stage) {
            (Self::Publish, Stage::Draft) | (Self::Resume, Stage::Paused) => Some(Stage::Published),
            (Self::Pause, Stage::Published) => Some(Stage::Paused),
            (Self::End, Stage::Published | Stage::Paused) => Some(Stage::Ended),
            _ => None,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Publish => "publishCampaign",
            Self::Pause => "pauseCampaign",
            Self::Resume => "resumeCampaign",
            Self::End => "endCampaign",
        }
    }
}

impl Campaigns {
    /// Moves a campaign to another stage.
    pub async fn move_stage(
        &self,
        admin: Administrator,
        id: CampaignId,
        step: Move,
    ) -> Result<CampaignView, Failure<CampaignRefusal>> {
        let mut campaign = self.read(id).await?;
        let now = self.clock.now();
        let state = campaign.state(now, campaign.unallocated());
        let not_allowed = |message: String| Refusal::new(CampaignRefusal::NotAllowedInState, message);
        let next = step.from(campaign.stage).ok_or_else(|| not_allowed(format!("the campaign is {}", state.name())))?;
        if now >= campaign.ends_at {
            return Err(not_allowed("the campaign's end has come".to_owned()).into());
        }
        if step == Move::Publish {
            // The product may have been deleted since the draft was made.
            let unchanged =
                super::campaigns::CampaignForm { product_id: Some(campaign.product_id), ..Default::default() };
            campaign = self.checked(campaign, unchanged).await?;
        }
        campaign.stage = next;
        let movement = (step == Move::Publish).then(|| StockMovement {
            id: self.ids.next(now),
            campaign_id: id,
            order_id: None,
            kind: MovementKind::Stocked,
            available: i64::from(campaign.quantity),
            held: 0,
            sold: 0,
            reason: None,
            actor: Some(admin.id()),
            at: now,
        });
        let audit = self.auditor.entry(admin, step.action(), id, campaign.title.clone());
        self.save(CampaignChange { campaign, movement, audit }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_applies_where_the_picture_says_and_nowhere_else() {
        use Stage::{Draft, Ended, Paused, Published};
        let table = [
            (Move::Publish, [(Draft, Some(Published)), (Published, None), (Paused, None), (Ended, None)]),
            (Move::Pause, [(Draft, None), (Published, Some(Paused)), (Paused, None), (Ended, None)]),
            (Move::Resume, [(Draft, None), (Published, None), (Paused, Some(Published)), (Ended, None)]),
            (Move::End, [(Draft, None), (Published, Some(Ended)), (Paused, Some(Ended)), (Ended, None)]),
        ];
        for (step, row) in table {
            for (stage, next) in row {
                assert_eq!(step.from(stage), next, "{step:?} from {stage:?}");
            }
        }
    }
}

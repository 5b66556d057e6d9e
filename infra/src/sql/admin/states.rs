//! The states of a campaign as conditions on its row: [`Campaign::state`] said in SQL, so that a list can be
//! filtered and paged by what people see.
//!
//! [`Campaign::state`]: domain::spike::Campaign::state

use domain::{
    admin::ports::CampaignFilter,
    clock::Instant,
    spike::{CampaignState, Stage},
};
use entity::campaigns::Column;
use sea_orm::{
    ColumnTrait, Condition,
    sea_query::{Expr, ExprTrait},
};

use crate::sql::convert::millis;

/// The condition of a list.
pub(super) fn listed(filter: &CampaignFilter) -> Condition {
    let mut condition = Condition::all();
    if !filter.with_drafts {
        condition = condition.add(Column::Stage.ne(Stage::Draft.name()));
    }
    if !filter.states.is_empty() {
        let any = filter.states.iter().fold(Condition::any(), |any, state| any.add(is(*state, filter.now)));
        condition = condition.add(any);
    }
    condition
}

/// The condition that a campaign is in this state at `now`. What is left of it is what the database knows.
fn is(state: CampaignState, now: Instant) -> Condition {
    let staged = |stage: Stage| Column::Stage.eq(stage.name());
    let over = Column::EndsAt.lte(millis(now));
    let started = Column::StartsAt.lte(millis(now));
    let taken = Expr::col(Column::Allocated).gte(Expr::col(Column::Quantity));
    let published = || Condition::all().add(staged(Stage::Published)).add(Column::EndsAt.gt(millis(now)));
    match state {
        CampaignState::Draft => Condition::all().add(staged(Stage::Draft)),
        CampaignState::Ended => Condition::any()
            .add(staged(Stage::Ended))
            .add(Condition::all().add(Column::Stage.ne(Stage::Draft.name())).add(over)),
        CampaignState::Paused => Condition::all().add(staged(Stage::Paused)).add(Column::EndsAt.gt(millis(now))),
        CampaignState::Scheduled => published().add(started.not()),
        CampaignState::SoldOut => published().add(started).add(taken),
        CampaignState::Live => published().add(started).add(taken.not()),
    }
}

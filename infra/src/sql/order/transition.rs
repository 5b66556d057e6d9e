//! One arrow of the state machine as a compare-and-set, and the units of a campaign that move with it.

use std::collections::BTreeMap;

use domain::{
    clock::Instant,
    error::Fault,
    id::{CampaignId, OrderId, TypedId},
    order::{Order, OrderStatus},
};
use entity::{campaigns, orders};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany,
    sea_query::{Expr, ExprTrait},
};

use super::rows;
use crate::sql::{
    convert::{column, millis},
    retry::Setback,
};

/// Reads an order and locks its row until the transaction ends, so that what is read here is still so when
/// the compare-and-set comes. (On SQLite the whole transaction has the lock.)
pub(super) async fn locked(tx: &impl ConnectionTrait, id: OrderId) -> Result<Option<Order>, Setback> {
    let row = orders::Entity::find_by_id(id.uuid()).lock_exclusive().one(tx).await?;
    Ok(row.as_ref().map(rows::order).transpose()?)
}

/// The update that takes orders from one state to the next. It touches none that stand elsewhere; which ones it
/// is about is for the caller to add.
pub(super) fn arrow(from: OrderStatus, to: OrderStatus, at: Instant) -> UpdateMany<orders::Entity> {
    let since = if to == OrderStatus::Paid { orders::Column::PaidAt } else { orders::Column::ClosedAt };
    orders::Entity::update_many()
        .col_expr(orders::Column::Status, Expr::value(to.name()))
        .col_expr(orders::Column::Version, Expr::col(orders::Column::Version).add(1))
        .col_expr(since, Expr::value(millis(at)))
        .filter(orders::Column::Status.eq(from.name()))
}

/// Units by campaign. Ordered, because rows are locked in the order of their ids.
pub(super) type Units = BTreeMap<CampaignId, u32>;

/// The units of these orders by campaign.
pub(super) fn units_of<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Units {
    let mut units = Units::new();
    for order in orders {
        *units.entry(order.campaign_id).or_default() += order.quantity;
    }
    units
}

/// Takes units from campaigns, never more than they have. False if one of them has too few (any more).
pub(super) async fn allocate(tx: &impl ConnectionTrait, units: &Units) -> Result<bool, Setback> {
    for (campaign, units) in units {
        let allocated = Expr::col(campaigns::Column::Allocated).add(column(*units)?);
        let taken = campaigns::Entity::update_many()
            .col_expr(campaigns::Column::Allocated, allocated.clone())
            .filter(campaigns::Column::Id.eq(campaign.uuid()))
            .filter(allocated.lte(Expr::col(campaigns::Column::Quantity)))
            .exec(tx)
            .await?;
        if taken.rows_affected == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives units of closed orders back to their campaigns. Each order was counted when it was placed, so a
/// campaign that has fewer to give back is a defect.
pub(super) async fn deallocate(tx: &impl ConnectionTrait, units: &Units) -> Result<(), Setback> {
    for (campaign, units) in units {
        let count = column(*units)?;
        let given = campaigns::Entity::update_many()
            .col_expr(campaigns::Column::Allocated, Expr::col(campaigns::Column::Allocated).sub(count))
            .filter(campaigns::Column::Id.eq(campaign.uuid()))
            .filter(campaigns::Column::Allocated.gte(count))
            .exec(tx)
            .await?;
        if given.rows_affected == 0 {
            return Err(Fault::internal(format!("{campaign} has fewer than {units} units in orders")).into());
        }
    }
    Ok(())
}

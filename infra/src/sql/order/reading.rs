//! Orders are read.

use domain::{
    error::Fault,
    id::{CampaignId, OrderId, TypedId, UserId},
    order::{Order, OrderStatus, ports::OrderFilter, status::OrderEvent},
    page::{Page, PageRequest},
    spike::stock::{RememberedRequest, RequestKey},
};
use entity::{order_events, orders};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::rows;
use crate::sql::{convert::uuids, error::fault, paging, write::VALUES};

/// Each id once: a chunk of an `IN (…)` would not know of the chunk before it.
fn distinct<I: TypedId>(ids: &[I]) -> Vec<I> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Reads orders; unknown ids are left out.
pub(super) async fn by_ids(db: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<Order>, Fault> {
    let mut found = Vec::new();
    for chunk in distinct(ids).chunks(VALUES) {
        let select = orders::Entity::find().filter(orders::Column::Id.is_in(uuids(chunk)));
        for row in select.all(db).await.map_err(fault)? {
            found.push(rows::order(&row)?);
        }
    }
    Ok(found)
}

/// The order that an attempt got.
pub(super) async fn by_request(
    db: &impl ConnectionTrait,
    user: UserId,
    key: &RequestKey,
) -> Result<Option<RememberedRequest>, Fault> {
    let row = orders::Entity::find()
        .filter(orders::Column::UserId.eq(user.uuid()))
        .filter(orders::Column::RequestKey.eq(key.as_str()))
        .one(db)
        .await
        .map_err(fault)?;
    let order = row.as_ref().map(rows::order).transpose()?;
    Ok(order.map(|order| RememberedRequest {
        user_id: user,
        request_key: key.clone(),
        campaign_id: order.campaign_id,
        quantity: order.quantity,
        order_id: order.id,
    }))
}

/// The history of orders, by order and version.
pub(super) async fn events(db: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<OrderEvent>, Fault> {
    let mut found = Vec::new();
    // The ids are sorted, so the chunks are too.
    for chunk in distinct(ids).chunks(VALUES) {
        let select = order_events::Entity::find()
            .filter(order_events::Column::OrderId.is_in(uuids(chunk)))
            .order_by_asc(order_events::Column::OrderId)
            .order_by_asc(order_events::Column::Version);
        for row in select.all(db).await.map_err(fault)? {
            found.push(rows::event(row)?);
        }
    }
    Ok(found)
}

/// Lists orders, the newest first.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &OrderFilter,
    page: &PageRequest<OrderId>,
) -> Result<Page<Order>, Fault> {
    let mut select = orders::Entity::find();
    if let Some(campaign) = filter.campaign {
        select = select.filter(orders::Column::CampaignId.eq(campaign.uuid()));
    }
    if let Some(user) = filter.user {
        select = select.filter(orders::Column::UserId.eq(user.uuid()));
    }
    if !filter.statuses.is_empty() {
        let names = filter.statuses.iter().copied().map(OrderStatus::name);
        select = select.filter(orders::Column::Status.is_in(names));
    }
    paging::page(db, select, orders::Column::Id, page, |row| rows::order(&row)).await
}

/// A buyer's orders in campaigns, the newest first.
pub(super) async fn of_user_in(
    db: &impl ConnectionTrait,
    user: UserId,
    campaigns: &[CampaignId],
) -> Result<Vec<Order>, Fault> {
    let mut found = Vec::new();
    for chunk in distinct(campaigns).chunks(VALUES) {
        let select = orders::Entity::find()
            .filter(orders::Column::UserId.eq(user.uuid()))
            .filter(orders::Column::CampaignId.is_in(uuids(chunk)));
        for row in select.all(db).await.map_err(fault)? {
            found.push(rows::order(&row)?);
        }
    }
    found.sort_by_key(|order| std::cmp::Reverse(order.id));
    Ok(found)
}

//! Orders are read.

use std::collections::HashMap;

use domain::{
    error::Fault,
    id::{CampaignId, OrderId, TypedId, UserId},
    order::{Order, OrderStatus, ports::OrderFilter, status::OrderEvent},
    page::{Page, PageRequest},
    spike::stock::{RememberedRequest, RequestKey},
};
use entity::{order_events, orders};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::rows;
use crate::sql::{
    Database,
    convert::{count, uuids},
    error::fault,
    gather::{Lookup, padded},
    paging,
    write::VALUES,
};

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

/// The orders that attempts got. Those of a crowd share a query.
pub(super) struct Attempts(pub(super) Database);

impl Lookup for Attempts {
    type Key = (UserId, RequestKey);
    type Found = RememberedRequest;

    async fn read(&self, attempts: &[Self::Key]) -> Result<HashMap<Self::Key, RememberedRequest>, Fault> {
        use orders::Column::{CampaignId as Campaign, Id, Quantity, RequestKey as Key, UserId as User};
        let padded = padded(attempts);
        let any = if self.0.reader().get_database_backend() == DbBackend::Sqlite {
            // It looks row values up by the unique index, but not in the form below.
            padded.fold(Condition::any(), |any, (user, key)| any.add(User.eq(user.uuid()).and(Key.eq(key.as_str()))))
        } else {
            // MariaDB takes half as long for this as for as many branches.
            let pairs = padded.map(|(user, key)| (user.uuid(), key.as_str()));
            Condition::any().add(Expr::tuple([User.into_expr(), Key.into_expr()]).in_tuples(pairs))
        };
        let rows: Vec<(Uuid, String, Uuid, i32, Uuid)> = orders::Entity::find()
            .select_only()
            .columns([User, Key, Campaign, Quantity, Id])
            .filter(any)
            .into_tuple()
            .all(self.0.reader())
            .await
            .map_err(fault)?;
        let known = rows.into_iter().map(|(user, key, campaign, quantity, order)| {
            let (user_id, request_key) = (UserId::from_uuid(user), rows::request_key(&key)?);
            let (campaign_id, order_id) = (CampaignId::from_uuid(campaign), OrderId::from_uuid(order));
            let attempt = (user_id, request_key.clone());
            Ok((attempt, RememberedRequest { user_id, request_key, campaign_id, quantity: count(quantity)?, order_id }))
        });
        known.collect()
    }
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

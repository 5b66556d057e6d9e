//! A batch of holds becomes orders, in one transaction.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::{
    admin::stock::MovementKind,
    clock::Instant,
    crash_point,
    id::{CampaignId, IdSource, OrderId, TypedId, UserId},
    order::{
        OrderStatus,
        placing::{Guards, Placement, decide},
        status::OrderChange,
    },
    spike::{Hold, stock::RequestKey},
};
use entity::{campaigns, orders};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{
    changes::{Changes, Moved},
    rows,
    transition::{allocate, units_of},
};
use crate::sql::{
    Database,
    convert::count,
    retry::Setback,
    write::{VALUES, insert_all, padded},
};

/// Places a batch. See [`domain::order::ports::OrderStore::place`].
pub(super) async fn place(
    db: &Database,
    ids: &Arc<dyn IdSource>,
    holds: &[Hold],
    now: Instant,
) -> Result<Vec<OrderChange>, Setback> {
    if holds.is_empty() {
        return Ok(Vec::new());
    }
    let tx = db.begin().await?;
    // First the lock on the campaigns: all that is read after it stays true, also the units of a buyer, because
    // nobody else places orders in these campaigns until the commit.
    let (unallocated, epochs) = lock_campaigns(&tx, holds).await?;
    let fresh = fresh(&tx, holds).await?;
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let holding = holding(&tx, &fresh).await?;
    let taken_keys = taken_keys(&tx, &fresh).await?;
    let placed = decide(&fresh, &mut Guards { unallocated, epochs, holding, taken_keys }, now);

    let admitted = placed.iter().map(|placement| &placement.order).filter(|order| order.status.has_units());
    if !allocate(&tx, &units_of(admitted)).await? {
        return Err(Setback::Raced("a campaign's units were taken in between".into()));
    }
    let changes = write(&tx, ids, placed).await?;
    crash_point!("placing.written");
    tx.commit().await?;
    Ok(changes)
}

async fn write(
    tx: &DatabaseTransaction,
    ids: &Arc<dyn IdSource>,
    placed: Vec<Placement>,
) -> Result<Vec<OrderChange>, Setback> {
    let orders = placed.iter().map(|placement| rows::order_row(&placement.order)).collect::<Result<Vec<_>, _>>()?;
    insert_all(tx, orders).await?;
    let mut changes = Changes::new(ids);
    for Placement { order, events: [queued, decided] } in placed {
        let held = (order.status == OrderStatus::PendingPayment).then_some(Moved::by_itself(MovementKind::Held));
        changes.event(&queued)?;
        changes.change(order, decided, held)?;
    }
    changes.write(tx).await
}

/// Numbers by campaign.
type ByCampaign = HashMap<CampaignId, u32>;

/// Locks the campaigns of the batch in the order of their ids. Returns the units that each has left, and the
/// present life of its stock.
async fn lock_campaigns(tx: &impl ConnectionTrait, holds: &[Hold]) -> Result<(ByCampaign, ByCampaign), Setback> {
    use campaigns::Column::{Allocated, Epoch, Id, Quantity};
    let wanted = distinct(holds.iter().map(|hold| hold.campaign_id.uuid()));
    let (mut left, mut epochs) = (HashMap::with_capacity(wanted.len()), HashMap::with_capacity(wanted.len()));
    for chunk in wanted.chunks(VALUES) {
        let rows: Vec<(Uuid, i32, i32, i32)> = campaigns::Entity::find()
            .select_only()
            .columns([Id, Quantity, Allocated, Epoch])
            .filter(Id.is_in(chunk.iter().copied()))
            .order_by_asc(Id)
            .lock_exclusive()
            .into_tuple()
            .all(tx)
            .await?;
        for (id, quantity, allocated, epoch) in rows {
            left.insert(CampaignId::from_uuid(id), count(quantity)?.saturating_sub(count(allocated)?));
            epochs.insert(CampaignId::from_uuid(id), count(epoch)?);
        }
    }
    Ok((left, epochs))
}

/// The holds that are no orders yet, each once, in the order in which they came.
async fn fresh(tx: &impl ConnectionTrait, holds: &[Hold]) -> Result<Vec<Hold>, Setback> {
    let asked = distinct(holds.iter().map(|hold| hold.order_id.uuid()));
    let mut seen = HashSet::with_capacity(asked.len());
    for chunk in asked.chunks(VALUES) {
        let known: Vec<Uuid> = orders::Entity::find()
            .select_only()
            .column(orders::Column::Id)
            .filter(orders::Column::Id.is_in(padded(chunk.iter().copied())))
            .into_tuple()
            .all(tx)
            .await?;
        seen.extend(known.into_iter().map(OrderId::from_uuid));
    }
    Ok(holds.iter().filter(|hold| seen.insert(hold.order_id)).cloned().collect())
}

/// The units that the buyers of the batch hold or bought in its campaigns.
async fn holding(tx: &impl ConnectionTrait, holds: &[Hold]) -> Result<HashMap<(CampaignId, UserId), u32>, Setback> {
    let with_units = OrderStatus::ALL.into_iter().filter(|status| status.has_units()).map(OrderStatus::name);
    let with_units = orders::Column::Status.is_in(with_units);
    let mut sums: HashMap<_, u32> = HashMap::new();
    for campaign in distinct(holds.iter().map(|hold| hold.campaign_id.uuid())) {
        let of_campaign = holds.iter().filter(|hold| hold.campaign_id.uuid() == campaign);
        let buyers = distinct(of_campaign.map(|hold| hold.user_id.uuid()));
        for chunk in buyers.chunks(VALUES) {
            // Summed here and not there: a buyer has a handful of orders, and engines disagree on the type of a sum.
            let rows: Vec<(Uuid, i32)> = orders::Entity::find()
                .select_only()
                .columns([orders::Column::UserId, orders::Column::Quantity])
                .filter(orders::Column::CampaignId.eq(campaign))
                .filter(orders::Column::UserId.is_in(padded(chunk.iter().copied())))
                .filter(with_units.clone())
                .into_tuple()
                .all(tx)
                .await?;
            for (user, quantity) in rows {
                let units = sums.entry((CampaignId::from_uuid(campaign), UserId::from_uuid(user))).or_default();
                *units = units.saturating_add(count(quantity)?);
            }
        }
    }
    Ok(sums)
}

/// The attempts of the batch whose key has an order already. That order is another one: those of the batch are
/// not written yet.
async fn taken_keys(tx: &impl ConnectionTrait, holds: &[Hold]) -> Result<HashSet<(UserId, RequestKey)>, Setback> {
    let keyed: HashSet<_> = holds.iter().filter_map(|hold| Some((hold.user_id, hold.request_key.as_ref()?))).collect();
    let mut taken = HashSet::new();
    for chunk in distinct(keyed.iter().map(|(user, _)| user.uuid())).chunks(VALUES) {
        // All keys of these users, from the index alone. Pairs of user and key would be a branch of the plan each.
        let rows: Vec<(Uuid, String)> = orders::Entity::find()
            .select_only()
            .columns([orders::Column::UserId, orders::Column::RequestKey])
            .filter(orders::Column::UserId.is_in(padded(chunk.iter().copied())))
            .filter(orders::Column::RequestKey.is_not_null())
            .into_tuple()
            .all(tx)
            .await?;
        for (user, key) in rows {
            let attempt = (UserId::from_uuid(user), rows::request_key(&key)?);
            if keyed.contains(&(attempt.0, &attempt.1)) {
                taken.insert(attempt);
            }
        }
    }
    Ok(taken)
}

/// The different values, sorted.
fn distinct(values: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut values: Vec<Uuid> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

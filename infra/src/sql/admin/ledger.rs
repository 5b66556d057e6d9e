//! The ledger of a campaign's stock, and what the ledgers of stock, orders and money say of it.

use std::collections::HashSet;

use domain::{
    admin::{ports::LedgerFigures, stock::StockMovement},
    error::Fault,
    id::{CampaignId, MovementId, OrderId, TypedId},
    order::OrderStatus,
    page::{Page, PageRequest},
};
use entity::{
    campaigns, journal_entries, order_follow_ups, orders, postings,
    stock_movements::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::sql::{
    Database,
    convert::{count, instant, maybe_id, millis, named, uuids},
    error::fault,
    paging,
    spike::statuses,
    write::VALUES,
};

/// The account of the money journal that sales are booked to.
const REVENUE: &str = "REVENUE";

/// Writes a line of the ledger.
pub(super) async fn write(tx: &impl ConnectionTrait, movement: &StockMovement) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(movement.id.uuid()),
        campaign_id: Set(movement.campaign_id.uuid()),
        order_id: Set(movement.order_id.map(TypedId::uuid)),
        kind: Set(movement.kind.name().to_owned()),
        available: Set(movement.available),
        held: Set(movement.held),
        sold: Set(movement.sold),
        reason: Set(movement.reason.clone()),
        actor: Set(movement.actor.map(TypedId::uuid)),
        at: Set(millis(movement.at)),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Takes away the ledger of a campaign that is deleted.
pub(super) async fn clear(tx: &impl ConnectionTrait, id: CampaignId) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::CampaignId.eq(id.uuid())).exec(tx).await?;
    Ok(())
}

/// The movements of a campaign's stock, the newest first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    id: CampaignId,
    request: &PageRequest<MovementId>,
) -> Result<Page<StockMovement>, Fault> {
    let select = Entity::find().filter(Column::CampaignId.eq(id.uuid()));
    paging::page(db, select, Column::Id, request, movement).await
}

/// What the ledgers say of a campaign. All sums are made by the database, in one state of it: a campaign may
/// have millions of orders.
pub(super) async fn figures(db: &Database, id: CampaignId, among: &[OrderId]) -> Result<Option<LedgerFigures>, Fault> {
    let tx = db.snapshot().await?;
    let Some(campaign) = campaigns::Entity::find_by_id(id.uuid()).one(&tx).await.map_err(fault)? else {
        return Ok(None);
    };
    let mut figures = LedgerFigures {
        quantity: count(campaign.quantity)?,
        allocated: count(campaign.allocated)?,
        returning: returning(&tx, id).await?,
        placed: placed(&tx, among).await?,
        ..LedgerFigures::default()
    };
    (figures.moved_available, figures.moved_held, figures.moved_sold) = moved(&tx, id).await?;
    for (status, orders, units, minor) in ordered(&tx, id).await? {
        let status: OrderStatus = named(&status)?;
        let orders = u32::try_from(orders).map_err(Fault::internal)?;
        let units = u64::try_from(units.unwrap_or(0)).map_err(Fault::internal)?;
        figures.orders.insert(status, (orders, units));
        if status == OrderStatus::Paid {
            figures.paid_minor = minor.unwrap_or(0);
        }
    }
    for (account, minor) in booked(&tx, id).await? {
        let minor = minor.unwrap_or(0);
        figures.postings_minor += minor;
        if account == REVENUE {
            figures.revenue_minor = minor;
        }
    }
    Ok(Some(figures))
}

/// Those of these orders that are stored.
async fn placed(tx: &impl ConnectionTrait, among: &[OrderId]) -> Result<HashSet<OrderId>, Fault> {
    let mut placed = HashSet::new();
    for chunk in among.chunks(VALUES) {
        let ids: Vec<Uuid> = orders::Entity::find()
            .select_only()
            .column(orders::Column::Id)
            .filter(orders::Column::Id.is_in(uuids(chunk)))
            .into_tuple()
            .all(tx)
            .await
            .map_err(fault)?;
        placed.extend(ids.into_iter().map(OrderId::from_uuid));
    }
    Ok(placed)
}

/// The sums of the three columns of the stock ledger.
async fn moved(tx: &impl ConnectionTrait, id: CampaignId) -> Result<(i64, i64, i64), Fault> {
    let sums: Option<(Option<i64>, Option<i64>, Option<i64>)> = Entity::find()
        .select_only()
        .expr_as(sum(tx, Column::Available.into_expr()), "available")
        .expr_as(sum(tx, Column::Held.into_expr()), "held")
        .expr_as(sum(tx, Column::Sold.into_expr()), "sold")
        .filter(Column::CampaignId.eq(id.uuid()))
        .into_tuple()
        .one(tx)
        .await
        .map_err(fault)?;
    let (available, held, sold) = sums.unwrap_or_default();
    Ok((available.unwrap_or(0), held.unwrap_or(0), sold.unwrap_or(0)))
}

/// By status: how many orders, of how many units, at what price in all.
async fn ordered(
    tx: &impl ConnectionTrait,
    id: CampaignId,
) -> Result<Vec<(String, i64, Option<i64>, Option<i64>)>, Fault> {
    use orders::Column;
    let total = Column::UnitPriceMinor.into_expr().mul(Column::Quantity.into_expr());
    orders::Entity::find()
        .select_only()
        .column(Column::Status)
        .column_as(Column::Id.count(), "orders")
        .expr_as(sum(tx, Column::Quantity.into_expr()), "units")
        .expr_as(sum(tx, total), "minor")
        .filter(Column::CampaignId.eq(id.uuid()))
        .group_by(Column::Status)
        .into_tuple()
        .all(tx)
        .await
        .map_err(fault)
}

/// By account: what the money journal booked for the campaign.
async fn booked(tx: &impl ConnectionTrait, id: CampaignId) -> Result<Vec<(String, Option<i64>)>, Fault> {
    let entry = postings::Entity::belongs_to(journal_entries::Entity)
        .from(postings::Column::EntryId)
        .to(journal_entries::Column::Id);
    postings::Entity::find()
        .select_only()
        .column(postings::Column::Account)
        .expr_as(sum(tx, postings::Column::AmountMinor.into_expr()), "minor")
        .join(JoinType::InnerJoin, entry.into())
        .filter(journal_entries::Column::CampaignId.eq(id.uuid()))
        .group_by(postings::Column::Account)
        .into_tuple()
        .all(tx)
        .await
        .map_err(fault)
}

/// Units of closed orders whose return to the stock store is still noted in the outbox: the note is of the
/// very change that closed the order, and not of an earlier one that nobody took out yet.
async fn returning(tx: &impl ConnectionTrait, id: CampaignId) -> Result<u64, Fault> {
    use order_follow_ups::Column as Note;
    let order = order_follow_ups::Entity::belongs_to(orders::Entity).from(Note::OrderId).to(orders::Column::Id);
    let units: Option<Option<i64>> = order_follow_ups::Entity::find()
        .select_only()
        .expr_as(sum(tx, orders::Column::Quantity.into_expr()), "units")
        .join(JoinType::InnerJoin, order.into())
        .filter(Note::Version.into_expr().eq(orders::Column::Version.into_expr()))
        .filter(orders::Column::CampaignId.eq(id.uuid()))
        .filter(orders::Column::Status.is_in(statuses(|status| !status.has_units())))
        .into_tuple()
        .one(tx)
        .await
        .map_err(fault)?;
    u64::try_from(units.flatten().unwrap_or(0)).map_err(Fault::internal)
}

/// A sum that is read as an `i64` on every engine: some make a decimal of it, and none calls the integer of
/// 64 bits by a name that all know.
fn sum(tx: &impl ConnectionTrait, of: Expr) -> Expr {
    let integer = match tx.get_database_backend() {
        DbBackend::MySql => "SIGNED",
        _ => "BIGINT",
    };
    of.sum().cast_as(integer)
}

fn movement(row: Model) -> Result<StockMovement, Fault> {
    Ok(StockMovement {
        id: MovementId::from_uuid(row.id),
        campaign_id: CampaignId::from_uuid(row.campaign_id),
        order_id: maybe_id(row.order_id),
        kind: named(&row.kind)?,
        available: row.available,
        held: row.held,
        sold: row.sold,
        reason: row.reason,
        actor: maybe_id(row.actor),
        at: instant(row.at)?,
    })
}

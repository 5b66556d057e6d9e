//! Rows of other stores, written as they would write them, so that a suite can stand on any state.
#![allow(dead_code, reason = "not every suite needs all of it")]

use domain::{
    id::{CampaignId, TypedId},
    order::OrderStatus,
};
use entity::{campaigns, journal_entries, orders, postings, queue_messages};
use infra::sql::Database;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, prelude::Uuid, sea_query::Expr,
};

/// Writes rows.
pub(crate) async fn write<E>(db: &Database, rows: Vec<E::Model>)
where
    E: EntityTrait<ActiveModel: ActiveModelTrait<Entity = E> + Send>,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let tx = db.begin().await.unwrap();
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    E::insert_many(rows).exec_without_returning(&tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// All rows of a table.
pub(crate) async fn read<E: EntityTrait<Model: Send + Sync>>(db: &Database) -> Vec<E::Model> {
    E::find().all(db.reader()).await.unwrap()
}

/// Sets what orders took of a campaign.
pub(crate) async fn allocate(db: &Database, id: CampaignId, allocated: i32) {
    let tx = db.begin().await.unwrap();
    campaigns::Entity::update_many()
        .col_expr(campaigns::Column::Allocated, Expr::value(allocated))
        .filter(campaigns::Column::Id.eq(id.uuid()))
        .exec(&tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// An order with this number, of a buyer of its own.
pub(crate) fn order(campaign: CampaignId, number: u32, status: OrderStatus, quantity: i32) -> orders::Model {
    orders::Model {
        id: uuid(number),
        campaign_id: campaign.uuid(),
        user_id: uuid(1_000 + number),
        quantity,
        unit_price_minor: 999,
        currency: "CNY".to_owned(),
        status: status.name().to_owned(),
        version: 1,
        created_at: super::stores::at("10:00:01.500").timestamp_millis(),
        pay_before: None,
        paid_at: None,
        closed_at: None,
        request_key: None,
    }
}

/// A message on its way to become an order of this campaign.
pub(crate) fn message(campaign: CampaignId, number: u32) -> queue_messages::Model {
    queue_messages::Model {
        order_id: uuid(number),
        campaign_id: campaign.uuid(),
        payload: "{}".to_owned(),
        attempts: 0,
        available_at: 0,
        dead_at: None,
        last_error: None,
    }
}

/// An entry of the money journal with this number, and its postings by account.
pub(crate) async fn book(
    db: &Database,
    campaign: Option<CampaignId>,
    number: u32,
    kind: &str,
    accounts: &[(&str, i64)],
) {
    let entry = journal_entries::Model {
        id: uuid(number),
        kind: kind.to_owned(),
        user_id: uuid(1),
        order_id: None,
        campaign_id: campaign.map(TypedId::uuid),
        amount_minor: accounts[0].1.abs(),
        currency: "CNY".to_owned(),
        requested_by: uuid(1),
        request_key: None,
        at: 0,
    };
    let posting = |(account, minor): &(&str, i64)| postings::Model {
        entry_id: entry.id,
        account: (*account).to_owned(),
        user_id: None,
        amount_minor: *minor,
    };
    let rows = accounts.iter().map(posting).collect();
    write::<journal_entries::Entity>(db, vec![entry.clone()]).await;
    write::<postings::Entity>(db, rows).await;
}

/// The UUID of a number.
pub(crate) fn uuid(number: u32) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

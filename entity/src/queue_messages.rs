//! Table `queue_messages`: a hold on its way to become an order.

use sea_orm::entity::prelude::*;

/// A hold on its way to become an order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: Uuid,
    pub campaign_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    pub attempts: i32,
    pub available_at: i64,
    pub dead_at: Option<i64>,
    pub last_error: Option<String>,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Table `orders`: an order.

use sea_orm::entity::prelude::*;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: Uuid,
    pub user_id: Uuid,
    pub quantity: i32,
    pub unit_price_minor: i64,
    pub currency: String,
    pub status: String,
    pub version: i32,
    pub created_at: i64,
    pub pay_before: Option<i64>,
    pub paid_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub request_key: Option<String>,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

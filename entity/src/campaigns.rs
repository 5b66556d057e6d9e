//! Table `campaigns`: a campaign.

use sea_orm::entity::prelude::*;

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaigns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub product_id: Uuid,
    pub title: String,
    pub price_minor: i64,
    pub currency: String,
    pub quantity: i32,
    pub allocated: i32,
    pub per_user_limit: i32,
    pub starts_at: i64,
    pub ends_at: i64,
    pub payment_window_seconds: i32,
    pub stage: String,
    pub version: i32,
    pub epoch: i32,
    pub created_at: i64,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

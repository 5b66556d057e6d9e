//! Table `access_rules`: a rule of a campaign.

use sea_orm::entity::prelude::*;

/// A rule of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_rules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub campaign_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub expression: String,
    #[sea_orm(column_type = "Text")]
    pub message: String,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

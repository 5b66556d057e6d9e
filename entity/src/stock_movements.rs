//! Table `stock_movements`: a line of a campaign's stock ledger.

use sea_orm::entity::prelude::*;

/// A line of a campaign's stock ledger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_movements")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub campaign_id: Uuid,
    pub order_id: Option<Uuid>,
    pub kind: String,
    pub available: i64,
    pub held: i64,
    pub sold: i64,
    pub reason: Option<String>,
    pub actor: Option<Uuid>,
    pub at: i64,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

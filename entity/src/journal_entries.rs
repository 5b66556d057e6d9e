//! Table `journal_entries`: an entry of the money journal.

use sea_orm::entity::prelude::*;

/// An entry of the money journal.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub user_id: Uuid,
    pub order_id: Option<Uuid>,
    pub campaign_id: Option<Uuid>,
    pub amount_minor: i64,
    pub currency: String,
    pub requested_by: Uuid,
    pub request_key: Option<String>,
    pub at: i64,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

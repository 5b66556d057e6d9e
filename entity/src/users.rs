//! Table `users`: an account.

use sea_orm::entity::prelude::*;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub username: String,
    pub username_key: String,
    pub phone: String,
    pub password_hash: String,
    pub work_status: String,
    pub birth_date: Date,
    pub roles: String,
    #[sea_orm(column_type = "Text")]
    pub attributes: String,
    pub id_number_digest: Option<String>,
    pub created_at: i64,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

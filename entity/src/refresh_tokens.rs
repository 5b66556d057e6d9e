//! Table `refresh_tokens`: a refresh token, by the hash of its secret.

use sea_orm::entity::prelude::*;

/// A refresh token, by the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub session_id: Uuid,
    pub expires_at: i64,
    pub rotated_at: Option<i64>,
    pub nonce: Option<String>,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

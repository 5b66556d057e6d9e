//! Table `signing_keys`: a key that signs access tokens.

use sea_orm::entity::prelude::*;

/// A key that signs access tokens.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    pub private_key: Vec<u8>,
    pub public_key: String,
    pub created_at: i64,
    pub verifies_until: Option<i64>,
}

/// No relations: adapters join by hand where they need to.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Access rules and the named lists that they refer to.

use sea_orm_migration::prelude::*;

use crate::{
    columns::{at, count, id, long_text, text},
    tables::{create, index, table, unique},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = vec![
            table(
                "access_rules",
                2,
                vec![
                    id("campaign_id"),
                    count("position"),
                    text("name", 256),
                    long_text("expression"),
                    long_text("message"),
                ],
            ),
            table("access_lists", 1, vec![id("id"), text("name", 64), long_text("description"), at("created_at")]),
            table("access_list_members", 2, vec![id("list_id"), id("user_id")]),
            // Which lists the rules of a campaign refer to: such a list keeps its name.
            table("access_rule_lists", 2, vec![id("campaign_id"), id("list_id")]),
        ];
        let indexes = vec![
            unique("access_lists", &["name"]),
            index("access_list_members", &["user_id"]),
            index("access_rule_lists", &["list_id"]),
        ];
        create(manager, tables, indexes).await
    }
}

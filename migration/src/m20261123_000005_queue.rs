//! The durable queue of the embedded default: holds on their way to become orders.

use sea_orm_migration::prelude::*;

use crate::{
    columns::{at, count, id, long_text, maybe_at, maybe_text},
    tables::{create, index, table},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let messages = table(
            "queue_messages",
            1,
            vec![
                id("order_id"),
                id("campaign_id"),
                long_text("payload"),
                count("attempts"),
                at("available_at"),
                maybe_at("dead_at"),
                maybe_text("last_error", 1000),
            ],
        );
        create(manager, vec![messages], vec![index("queue_messages", &["campaign_id"])]).await
    }
}

//! Products, campaigns, the ledger of their stock, and the audit log.

use sea_orm_migration::prelude::*;

use crate::{
    columns::{amount, at, at_least, count, id, long_text, maybe_at, maybe_id, maybe_text, text},
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
                "products",
                1,
                vec![
                    id("id"),
                    text("name", 480),
                    long_text("description"),
                    amount("list_price_minor"),
                    text("currency", 3),
                    maybe_text("image_url", 2000),
                    at("created_at"),
                    maybe_at("deleted_at"),
                ],
            ),
            table(
                "campaigns",
                1,
                vec![
                    id("id"),
                    id("product_id"),
                    text("title", 480),
                    amount("price_minor"),
                    text("currency", 3),
                    at_least(0, count("quantity")),
                    at_least(0, count("allocated")),
                    count("per_user_limit"),
                    at("starts_at"),
                    at("ends_at"),
                    count("payment_window_seconds"),
                    text("stage", 16),
                    count("version"),
                    count("epoch"),
                    at("created_at"),
                ],
            ),
            table(
                "stock_movements",
                1,
                vec![
                    id("id"),
                    id("campaign_id"),
                    maybe_id("order_id"),
                    text("kind", 16),
                    amount("available"),
                    amount("held"),
                    amount("sold"),
                    maybe_text("reason", 1200),
                    maybe_id("actor"),
                    at("at"),
                ],
            ),
            table(
                "audit_entries",
                1,
                vec![
                    id("id"),
                    at("at"),
                    maybe_id("actor"),
                    text("action", 64),
                    text("subject", 128),
                    long_text("detail"),
                ],
            ),
        ];
        let indexes = vec![
            index("campaigns", &["product_id"]),
            index("campaigns", &["stage", "ends_at"]),
            index("stock_movements", &["campaign_id", "id"]),
            // An order moves its units in each way once at most.
            unique("stock_movements", &["order_id", "kind"]),
        ];
        create(manager, tables, indexes).await
    }
}

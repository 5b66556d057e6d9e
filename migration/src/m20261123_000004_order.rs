//! Orders, their history, what is still to follow from it, and the money journal.

use sea_orm_migration::prelude::*;

use crate::{
    columns::{amount, at, at_least, count, id, maybe_at, maybe_id, maybe_text, text},
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
                "orders",
                1,
                vec![
                    id("id"),
                    id("campaign_id"),
                    id("user_id"),
                    at_least(1, count("quantity")),
                    amount("unit_price_minor"),
                    text("currency", 3),
                    text("status", 16),
                    count("version"),
                    at("created_at"),
                    maybe_at("pay_before"),
                    maybe_at("paid_at"),
                    maybe_at("closed_at"),
                    maybe_text("request_key", 128),
                ],
            ),
            table(
                "order_events",
                2,
                vec![id("order_id"), count("version"), text("status", 16), at("at"), maybe_text("reason", 255)],
            ),
            // The outbox: changes of orders from which something is still to follow. Every order passes through it
            // twice and nothing stays, so it has no index beside its ids, which follow the time.
            table("order_follow_ups", 1, vec![id("id"), id("order_id"), count("version"), at("created_at")]),
            table(
                "journal_entries",
                1,
                vec![
                    id("id"),
                    text("kind", 16),
                    id("user_id"),
                    maybe_id("order_id"),
                    maybe_id("campaign_id"),
                    amount("amount_minor"),
                    text("currency", 3),
                    id("requested_by"),
                    maybe_text("request_key", 128),
                    at("at"),
                ],
            ),
            table(
                "postings",
                2,
                vec![id("entry_id"), text("account", 16), maybe_id("user_id"), amount("amount_minor")],
            ),
            table("wallets", 1, vec![id("user_id"), at_least(0, amount("balance_minor"))]),
        ];
        let indexes = vec![
            index("orders", &["campaign_id", "user_id"]),
            // Ids follow the time, so this one grows at its end, campaign by campaign.
            index("orders", &["campaign_id", "id"]),
            index("orders", &["status", "pay_before"]),
            // Also for the orders of a user, who has not many.
            unique("orders", &["user_id", "request_key"]),
            index("journal_entries", &["campaign_id"]),
            index("journal_entries", &["order_id"]),
            unique("journal_entries", &["requested_by", "kind", "request_key"]),
        ];
        create(manager, tables, indexes).await
    }
}

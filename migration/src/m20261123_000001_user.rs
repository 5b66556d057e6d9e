//! Accounts, sessions, refresh tokens and the keys that sign access tokens.

use sea_orm_migration::prelude::*;

use crate::{
    columns::{at, id, long_text, maybe_at, maybe_text, text},
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
        let mut birth_date = ColumnDef::new(Alias::new("birth_date")).date().not_null().take();
        let mut private_key = ColumnDef::new(Alias::new("private_key")).blob().not_null().take();
        let tables = vec![
            table(
                "users",
                1,
                vec![
                    id("id"),
                    text("username", 64),
                    // Lower case: two names that differ in case alone would be mistaken for each other.
                    text("username_key", 64),
                    text("phone", 24),
                    text("password_hash", 255),
                    text("work_status", 16),
                    birth_date.take(),
                    text("roles", 64),
                    long_text("attributes"),
                    maybe_text("id_number_digest", 64),
                    at("created_at"),
                ],
            ),
            table("sessions", 1, vec![id("id"), id("user_id"), at("created_at"), maybe_at("ended_at")]),
            table(
                "refresh_tokens",
                1,
                vec![
                    text("hash", 64),
                    id("session_id"),
                    at("expires_at"),
                    maybe_at("rotated_at"),
                    maybe_text("nonce", 64),
                ],
            ),
            table(
                "signing_keys",
                1,
                vec![
                    text("kid", 64),
                    private_key.take(),
                    text("public_key", 64),
                    at("created_at"),
                    maybe_at("verifies_until"),
                ],
            ),
        ];
        let indexes = vec![
            unique("users", &["username_key"]),
            unique("users", &["phone"]),
            unique("users", &["id_number_digest"]),
            index("sessions", &["user_id"]),
            index("refresh_tokens", &["session_id"]),
            index("refresh_tokens", &["expires_at"]),
        ];
        create(manager, tables, indexes).await
    }
}

//! The tables, as migrations with plain names.
//!
//! What this crate may not touch: the entities. A migration describes the past and must not change when an
//! entity does.
//!
//! Conventions, for all engines alike:
//! - ids are UUIDs (16 bytes); instants are milliseconds since 1970 UTC in a `BIGINT`, because engines
//!   disagree on what a timestamp column keeps; money is minor units in a `BIGINT`;
//! - names of states are the names of the graph;
//! - a migration runs in a transaction, where the engine can: one that is killed leaves nothing behind. MySQL
//!   cannot, so a migration must do no harm when it finds its own work half done ([`tables`]);
//! - a migration that was released is never edited: write the next one.

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::prelude::{MigrationName, MigratorTrait, SchemaManager};

mod columns;
mod m20261123_000001_user;
mod m20261123_000002_admin;
mod m20261123_000003_access;
mod m20261123_000004_order;
mod m20261123_000005_queue;
mod tables;

/// Brings a database to the schema that this version needs.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_user::Migration),
            Box::new(m20261123_000002_admin::Migration),
            Box::new(m20261123_000003_access::Migration),
            Box::new(m20261123_000004_order::Migration),
            Box::new(m20261123_000005_queue::Migration),
        ]
    }
}

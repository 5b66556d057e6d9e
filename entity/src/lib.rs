//! The tables as SeaORM entities, one module a table, and nothing else: no query, no rule, no conversion.
//!
//! Columns are explained in the crate `migration`, fields of the domain in the crate `domain`. Instants are
//! milliseconds since 1970 UTC, money is minor units.
#![expect(missing_docs, reason = "columns are explained where they are created, in the crate migration")]

pub mod access_list_members;
pub mod access_lists;
pub mod access_rule_lists;
pub mod access_rules;
pub mod audit_entries;
pub mod campaigns;
pub mod journal_entries;
pub mod order_events;
pub mod order_follow_ups;
pub mod orders;
pub mod postings;
pub mod products;
pub mod queue_messages;
pub mod refresh_tokens;
pub mod sessions;
pub mod signing_keys;
pub mod stock_movements;
pub mod users;
pub mod wallets;

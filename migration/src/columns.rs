//! The columns that tables are made of, so that a kind of value looks the same in every table.

use sea_orm_migration::prelude::*;

fn named(name: &str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
}

/// A UUID.
pub(crate) fn id(name: &str) -> ColumnDef {
    named(name).uuid().not_null().take()
}

/// A UUID or nothing.
pub(crate) fn maybe_id(name: &str) -> ColumnDef {
    named(name).uuid().null().take()
}

/// Milliseconds since 1970, UTC.
pub(crate) fn at(name: &str) -> ColumnDef {
    named(name).big_integer().not_null().take()
}

/// Milliseconds since 1970, UTC, or nothing.
pub(crate) fn maybe_at(name: &str) -> ColumnDef {
    named(name).big_integer().null().take()
}

/// Minor units of money, or a signed number of units of stock.
pub(crate) fn amount(name: &str) -> ColumnDef {
    named(name).big_integer().not_null().take()
}

/// A count.
pub(crate) fn count(name: &str) -> ColumnDef {
    named(name).integer().not_null().take()
}

/// A short text.
pub(crate) fn text(name: &str, length: u32) -> ColumnDef {
    named(name).string_len(length).not_null().take()
}

/// A short text or nothing.
pub(crate) fn maybe_text(name: &str, length: u32) -> ColumnDef {
    named(name).string_len(length).null().take()
}

/// A text of any length that a request can bring.
pub(crate) fn long_text(name: &str) -> ColumnDef {
    named(name).text().not_null().take()
}

/// `column`, refused by the engine itself if it is less than `least`. The guards of the statements come before;
/// this one holds against whatever else writes.
pub(crate) fn at_least(least: i64, mut column: ColumnDef) -> ColumnDef {
    let name = Alias::new(column.get_column_name());
    column.check(Expr::col(name).gte(least)).take()
}

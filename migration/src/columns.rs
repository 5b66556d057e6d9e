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

/// A text of any length.
pub(crate) fn long_text(name: &str) -> ColumnDef {
    named(name).text().not_null().take()
}

/// A table of these columns. The first `keys` of them are its primary key.
pub(crate) fn table(name: &str, keys: usize, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut primary = Index::create();
    for column in &columns[..keys] {
        primary.col(Alias::new(column.get_column_name()));
    }
    let mut table = Table::create();
    table.table(Alias::new(name)).primary_key(&mut primary);
    for mut column in columns {
        table.col(&mut column);
    }
    table.take()
}

/// An index, named after its table and columns.
pub(crate) fn index(table: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("ix_{table}_{}", columns.join("_"))).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index.take()
}

/// A unique index, named after its table and columns: adapters tell by the name what is taken.
pub(crate) fn unique(table: &str, columns: &[&str]) -> IndexCreateStatement {
    index(table, columns).name(format!("ux_{table}_{}", columns.join("_"))).unique().take()
}

/// Creates tables and indexes in their order.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    tables: Vec<TableCreateStatement>,
    indexes: Vec<IndexCreateStatement>,
) -> Result<(), DbErr> {
    for table in tables {
        manager.create_table(table).await?;
    }
    for index in indexes {
        manager.create_index(index).await?;
    }
    Ok(())
}

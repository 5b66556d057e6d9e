//! Tables and indexes as each engine wants them, so that they mean the same on all:
//!
//! - texts are compared byte by byte. MySQL and MariaDB compare by a collation that ignores case, accents and
//!   blanks at the end unless the table names another one, and they share no name for the one that does not;
//!   PostgreSQL finds the beginning of a text by an index only under the collation `C`;
//! - MySQL cannot undo the creation of a table, so a table comes with its indexes in one statement there, which
//!   is left out when the table is there: a migration that was killed can be run again;
//! - its `TEXT` ends at 64 KiB, and what the engine of a table is can be set by the operator.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{DbBackend, Statement},
};

/// A table to create.
pub(crate) struct NewTable {
    name: &'static str,
    keys: usize,
    columns: Vec<ColumnDef>,
}

/// An index to create.
pub(crate) struct NewIndex {
    table: &'static str,
    columns: &'static [&'static str],
    unique: bool,
}

/// A table of these columns. The first `keys` of them are its primary key.
pub(crate) const fn table(name: &'static str, keys: usize, columns: Vec<ColumnDef>) -> NewTable {
    NewTable { name, keys, columns }
}

/// An index, named after its table and columns.
pub(crate) const fn index(table: &'static str, columns: &'static [&'static str]) -> NewIndex {
    NewIndex { table, columns, unique: false }
}

/// A unique index, named after its table and columns: adapters tell by the name what is taken.
pub(crate) const fn unique(table: &'static str, columns: &'static [&'static str]) -> NewIndex {
    NewIndex { table, columns, unique: true }
}

impl NewIndex {
    fn statement(&self) -> IndexCreateStatement {
        let mut index = Index::create();
        let kind = if self.unique { "ux" } else { "ix" };
        index.name(format!("{kind}_{}_{}", self.table, self.columns.join("_"))).table(Alias::new(self.table));
        for column in self.columns {
            index.col(Alias::new(*column));
        }
        if self.unique {
            index.unique();
        }
        index.take()
    }
}

impl NewTable {
    fn statement(self, engine: DbBackend) -> TableCreateStatement {
        let mut primary = Index::create();
        for column in &self.columns[..self.keys] {
            primary.col(Alias::new(column.get_column_name()));
        }
        let mut table = Table::create();
        table.table(Alias::new(self.name)).primary_key(&mut primary);
        for column in self.columns {
            table.col(fitted(column, engine));
        }
        table.take()
    }
}

/// A column as the engine wants it.
fn fitted(mut column: ColumnDef, engine: DbBackend) -> ColumnDef {
    match (engine, column.get_column_type()) {
        (DbBackend::MySql, Some(ColumnType::Text)) => column.custom(Alias::new("mediumtext")).take(),
        (DbBackend::Postgres, Some(ColumnType::Text | ColumnType::String(_))) => column.extra("COLLATE \"C\"").take(),
        _ => column,
    }
}

/// Creates tables and their indexes.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    tables: Vec<NewTable>,
    indexes: Vec<NewIndex>,
) -> Result<(), DbErr> {
    let engine = manager.get_database_backend();
    if engine == DbBackend::MySql {
        let collation = exact_collation(manager).await?;
        for table in tables {
            let name = table.name;
            let mut statement = table.statement(engine);
            statement.if_not_exists().engine("InnoDB").character_set("utf8mb4").collate(collation);
            for index in indexes.iter().filter(|index| index.table == name) {
                statement.index(&mut index.statement());
            }
            manager.create_table(statement).await?;
        }
        return Ok(());
    }
    for table in tables {
        manager.create_table(table.statement(engine)).await?;
    }
    for index in indexes {
        manager.create_index(index.statement()).await?;
    }
    Ok(())
}

/// The collation under which two texts are equal only if their bytes are.
async fn exact_collation(manager: &SchemaManager<'_>) -> Result<&'static str, DbErr> {
    let version = Statement::from_string(DbBackend::MySql, "SELECT VERSION()");
    let row = manager.get_connection().query_one_raw(version).await?;
    let version: String = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    Ok(if version.contains("MariaDB") { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" })
}

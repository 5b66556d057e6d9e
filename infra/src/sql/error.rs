//! What an error of the database means to the domain.

use domain::error::Fault;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use sqlx::{
    error::{DatabaseError, ErrorKind},
    mysql::MySqlDatabaseError,
    postgres::PgDatabaseError,
};

use super::codes::{self, Meaning};

/// A database that is away, locked or full is a part that is not available; anything else is a defect.
pub(super) fn fault(error: DbErr) -> Fault {
    match meaning(&error) {
        Meaning::Interrupted | Meaning::Away => Fault::unavailable("database", error),
        Meaning::Defect => Fault::internal(error),
    }
}

/// Whether the engine stopped a transaction for the sake of another one, or gave up to wait for it. Begun
/// again, it may pass.
pub(super) fn is_interrupted(error: &DbErr) -> bool {
    meaning(error) == Meaning::Interrupted
}

/// Whether the engine cannot work now, or cannot be reached.
pub(super) fn is_away(error: &DbErr) -> bool {
    meaning(error) != Meaning::Defect
}

/// Whether an error on the way to a connection says that the server is away, and not that it refuses who
/// connects or does not know the database.
pub(super) fn is_server_away(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error)) => of_driver(error) != Meaning::Defect,
        _ => is_away(error),
    }
}

/// Whether SQLite did not let a connection begin because of another one (`SQLITE_BUSY`).
pub(super) fn is_busy(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(error)) = error else { return false };
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == 5)
}

fn meaning(error: &DbErr) -> Meaning {
    let (connecting, error) = match error {
        // Whatever it says: without a connection nothing is wrong with the statement.
        DbErr::Conn(RuntimeErr::SqlxError(error)) => (true, error),
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => (false, error),
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return Meaning::Away,
        _ => return Meaning::Defect,
    };
    match of_driver(error) {
        Meaning::Defect if connecting => Meaning::Away,
        meaning => meaning,
    }
}

fn of_driver(error: &sqlx::Error) -> Meaning {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Meaning::Away
        }
        sqlx::Error::Database(said) => of_engine(&**said),
        _ => Meaning::Defect,
    }
}

fn of_engine(said: &(dyn DatabaseError + 'static)) -> Meaning {
    if let Some(mysql) = said.try_downcast_ref::<MySqlDatabaseError>() {
        return codes::mysql(mysql.number());
    }
    if let Some(postgres) = said.try_downcast_ref::<PgDatabaseError>() {
        return codes::postgres(postgres.code());
    }
    said.code().and_then(|code| code.parse().ok()).map_or(Meaning::Defect, codes::sqlite)
}

/// The unique index that a statement violated, by the name under which the migrations made it
/// (`ux_TABLE_COLUMNS`, on every engine); none if the statement failed otherwise. Of a primary key the name is
/// the engine's own.
pub(super) fn violated_unique(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else {
        return None;
    };
    let said = error.as_database_error().filter(|said| said.kind() == ErrorKind::UniqueViolation)?;
    if said.try_downcast_ref::<MySqlDatabaseError>().is_some() {
        return Some(index_of_mysql(said.message()).to_owned());
    }
    if let Some(postgres) = said.try_downcast_ref::<PgDatabaseError>() {
        return Some(postgres.constraint().unwrap_or_default().to_owned());
    }
    Some(index_of_sqlite(said.message()))
}

/// `Duplicate entry 'VALUE' for key 'INDEX'` or `… 'TABLE.INDEX'`, in the language of the server. The value is
/// what somebody sent; the index is quoted last.
fn index_of_mysql(message: &str) -> &str {
    let quoted = message.trim_end().trim_end_matches(['\'', '.']).rsplit('\'').next().unwrap_or_default();
    quoted.rsplit('.').next().unwrap_or_default()
}

/// `UNIQUE constraint failed: TABLE.COLUMN, TABLE.COLUMN`: SQLite names the columns and not their index.
fn index_of_sqlite(message: &str) -> String {
    let mut name = String::from("ux");
    let columns = message.rsplit(": ").next().unwrap_or_default();
    for (i, column) in columns.split(", ").enumerate() {
        let (table, column) = column.split_once('.').unwrap_or(("", column));
        if i == 0 {
            name = format!("{name}_{table}");
        }
        name = format!("{name}_{column}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_from_what_the_engines_say() {
        for (message, index) in [
            ("Duplicate entry 'ann' for key 'ux_users_username_key'", "ux_users_username_key"),
            ("Duplicate entry 'ann' for key 'users.ux_users_username_key'", "ux_users_username_key"),
            ("Duplicate entry 'x' for key 'ux_users_phone' for key 'ux_users_username_key'", "ux_users_username_key"),
            ("Doppelter Eintrag 'ann' für Schlüssel 'ux_users_phone'", "ux_users_phone"),
            ("Duplicate entry '1' for key 'PRIMARY'", "PRIMARY"),
        ] {
            assert_eq!(index_of_mysql(message), index);
        }
        for (message, index) in [
            ("UNIQUE constraint failed: users.phone", "ux_users_phone"),
            ("UNIQUE constraint failed: orders.user_id, orders.request_key", "ux_orders_user_id_request_key"),
        ] {
            assert_eq!(index_of_sqlite(message), index);
        }
    }
}

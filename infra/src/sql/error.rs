//! What an error of the database means to the domain.

use domain::error::Fault;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// What an engine says when it cannot work now, whatever it was asked: nothing is wrong with the statement or its
/// values, and the same may work later.
const AWAY: [&str; 7] = [
    "database is locked",
    "pool timed out",
    "pool has been closed",
    "disk I/O error",
    "database or disk is full",
    "readonly database",
    "unable to open database",
];

/// A database that is away, locked or full is a part that is not available; anything else is a defect.
pub(super) fn fault(error: DbErr) -> Fault {
    let away = match &error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            let text = inner.to_string();
            AWAY.iter().any(|sign| text.contains(sign))
        }
        _ => false,
    };
    if away { Fault::unavailable("database", error) } else { Fault::internal(error) }
}

/// The unique index that a statement violated, by the text with which the engine names it; none if the
/// statement failed otherwise.
pub(super) fn violated_unique(error: &DbErr) -> Option<String> {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(text)) => Some(text),
        _ => None,
    }
}

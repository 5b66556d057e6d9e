//! What an error of the database means to the domain.

use domain::error::Fault;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// A database that is away or locked is a part that is not available; anything else is a defect.
pub(super) fn fault(error: DbErr) -> Fault {
    let away = match &error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner)) => {
            let text = inner.to_string();
            text.contains("database is locked") || text.contains("pool timed out") || text.contains("disk I/O error")
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

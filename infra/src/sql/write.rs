//! What many writing methods need: the audit entry that goes with a change, and rows by the hundred.

use domain::{admin::audit::AuditEntry, id::TypedId};
use entity::audit_entries;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

use super::convert::millis;

/// Writes an entry of the audit log inside the transaction of the change that it is about.
pub(super) async fn audit(tx: &impl ConnectionTrait, entry: &AuditEntry) -> Result<(), DbErr> {
    let row = audit_entries::ActiveModel {
        id: Set(entry.id.uuid()),
        at: Set(millis(entry.at)),
        actor: Set(entry.actor.map(TypedId::uuid)),
        action: Set(entry.action.clone()),
        subject: Set(entry.subject.clone()),
        detail: Set(entry.detail.clone()),
    };
    audit_entries::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Rows of one insert: far below the variables that an engine allows in a statement (SQLite: 32,766), and the
/// same for every full chunk, so that its prepared statement is used again.
pub(super) const ROWS: usize = 250;

/// Values of one `IN (…)`, bounded for the same reason.
pub(super) const VALUES: usize = 1_000;

/// Inserts rows, however many, inside a transaction. None of them may exist.
pub(super) async fn insert_all<A: ActiveModelTrait>(tx: &impl ConnectionTrait, rows: Vec<A>) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<A> = rows.by_ref().take(ROWS).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        A::Entity::insert_many(chunk).exec_without_returning(tx).await?;
    }
}

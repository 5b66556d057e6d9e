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

/// Rows of one insert: below the variables that an engine allows in a statement (SQLite: 32,766), and the same
/// for every full chunk, so that its prepared statement is used again.
pub(super) const ROWS: usize = 1_000;

/// Values of one `IN (…)`, bounded for the same reason.
pub(super) const VALUES: usize = 1_024;

/// The values for an `IN (…)` of at most [`VALUES`], the last one repeated until their number is a power of two. A
/// list of another length is another statement, which the server parses and the driver keeps: like this there
/// are eleven of them and not a thousand.
pub(super) fn padded<T: Copy>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    if let Some(last) = values.last().copied() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_padded_with_its_last_value() {
        assert_eq!(padded([0_u8; 0]), [0_u8; 0]);
        assert_eq!(padded([1]), [1]);
        assert_eq!(padded([1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(padded(0..5), [0, 1, 2, 3, 4, 4, 4, 4]);
        assert_eq!((padded(0..VALUES).len(), padded(1..VALUES).len()), (VALUES, VALUES));
    }
}

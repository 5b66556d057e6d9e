//! What many writing methods need: the audit entry that goes with a change.

use domain::{admin::audit::AuditEntry, error::Fault, id::TypedId};
use entity::audit_entries;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};

use super::{convert::millis, error::fault};

/// Writes an entry of the audit log inside the transaction of the change that it is about.
pub(super) async fn audit(tx: &impl ConnectionTrait, entry: &AuditEntry) -> Result<(), Fault> {
    let row = audit_entries::ActiveModel {
        id: Set(entry.id.uuid()),
        at: Set(millis(entry.at)),
        actor: Set(entry.actor.map(TypedId::uuid)),
        action: Set(entry.action.clone()),
        subject: Set(entry.subject.clone()),
        detail: Set(entry.detail.clone()),
    };
    audit_entries::Entity::insert(row).exec_without_returning(tx).await.map_err(fault)?;
    Ok(())
}

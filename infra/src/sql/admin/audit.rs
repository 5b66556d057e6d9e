//! Reading the audit log. Its entries are written by the stores, with the changes that they are about.

use async_trait::async_trait;
use domain::{
    admin::{audit::AuditEntry, ports::AuditStore},
    error::Fault,
    id::{AuditEntryId, TypedId},
    page::{Page, PageRequest},
};
use entity::audit_entries::{Column, Entity, Model};
use sea_orm::EntityTrait;

use crate::sql::{
    Database,
    convert::{instant, maybe_id},
    paging,
};

/// The audit log in a database.
#[derive(Clone)]
pub struct SqlAudit {
    db: Database,
}

impl SqlAudit {
    /// Over a database that is connected.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }
}

#[async_trait]
impl AuditStore for SqlAudit {
    async fn list(&self, page: &PageRequest<AuditEntryId>) -> Result<Page<AuditEntry>, Fault> {
        paging::page(self.db.reader(), Entity::find(), Column::Id, page, entry).await
    }
}

fn entry(row: Model) -> Result<AuditEntry, Fault> {
    Ok(AuditEntry {
        id: AuditEntryId::from_uuid(row.id),
        at: instant(row.at)?,
        actor: maybe_id(row.actor),
        action: row.action,
        subject: row.subject,
        detail: row.detail,
    })
}

//! The audit log: who did what, and when.

use std::{fmt, sync::Arc};

use super::ports::AuditStore;
use crate::{
    clock::{Clock, Instant},
    error::Fault,
    id::{AuditEntryId, IdSource, UserId},
    page::{Page, PageRequest},
    user::Administrator,
};

/// One thing that somebody did. Holds no secret and no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Identity.
    pub id: AuditEntryId,
    /// When.
    pub at: Instant,
    /// Which administrator; none for the operator's own commands.
    pub actor: Option<UserId>,
    /// What: the name of the mutation or command.
    pub action: String,
    /// To what: an id.
    pub subject: String,
    /// With what, for people.
    pub detail: String,
}

/// Makes entries.
#[derive(Clone)]
pub struct Auditor {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Auditor {
    /// Wires the maker.
    pub fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { clock, ids }
    }

    /// An entry for what an administrator does now.
    pub fn entry(
        &self,
        admin: Administrator,
        action: &str,
        subject: impl fmt::Display,
        detail: impl Into<String>,
    ) -> AuditEntry {
        self.made(Some(admin.id()), action, subject, detail.into())
    }

    /// An entry for what the operator does now, on the command line.
    pub fn by_operator(&self, action: &str, subject: impl fmt::Display, detail: impl Into<String>) -> AuditEntry {
        self.made(None, action, subject, detail.into())
    }

    fn made(&self, actor: Option<UserId>, action: &str, subject: impl fmt::Display, detail: String) -> AuditEntry {
        let at = self.clock.now();
        AuditEntry { id: self.ids.next(at), at, actor, action: action.to_owned(), subject: subject.to_string(), detail }
    }
}

/// Reads the log.
pub struct AuditLog {
    store: Arc<dyn AuditStore>,
}

impl AuditLog {
    /// Wires the service.
    pub fn new(store: Arc<dyn AuditStore>) -> Self {
        Self { store }
    }

    /// The log, the newest entry first.
    pub async fn list(&self, _: Administrator, page: &PageRequest<AuditEntryId>) -> Result<Page<AuditEntry>, Fault> {
        self.store.list(page).await
    }
}

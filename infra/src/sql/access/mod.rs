//! Access rules and the named lists that they refer to, on SQL.
//!
//! A rule refers to a list by its name, in its text. Which lists the rules of a campaign refer to is noted in
//! a table of its own when they are saved, because a list that is referred to must keep its name.
//!
//! What this module may not touch: what a rule means. It asks the domain for the names that a rule mentions.

mod lists;
mod members;
mod rules;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use domain::{
    access::{
        lists::AccessList,
        ports::{AccessListChange, AccessStore, ListStored},
        rules::AccessRule,
    },
    admin::audit::AuditEntry,
    error::Fault,
    id::{AccessListId, CampaignId, UserId},
    page::{Page, PageRequest},
};

use sea_orm::{ConnectionTrait, DbErr};

use self::members::ListsOf;
use super::{Database, gather::Gather};

/// Rules and lists in a database.
#[derive(Clone)]
pub struct SqlAccess {
    db: Database,
    lists_of: Arc<Gather<ListsOf>>,
}

impl SqlAccess {
    /// Over a database that is connected.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn new(db: Database) -> Self {
        Self { lists_of: Arc::new(Gather::start(ListsOf(db.clone()), db.patience())), db }
    }
}

/// Takes away the rules of a campaign that is deleted, and the note of the lists that they refer to.
pub(super) async fn forget_campaign(tx: &impl ConnectionTrait, campaign: CampaignId) -> Result<(), DbErr> {
    rules::delete(tx, campaign).await
}

#[async_trait]
impl AccessStore for SqlAccess {
    async fn rules(&self, campaign: CampaignId) -> Result<Vec<AccessRule>, Fault> {
        rules::of(self.db.reader(), campaign).await
    }

    async fn replace_rules(&self, campaign: CampaignId, rules: &[AccessRule], audit: &AuditEntry) -> Result<(), Fault> {
        self.db.retried(|| rules::replace(&self.db, campaign, rules, audit)).await
    }

    async fn known_lists(&self, names: &[String]) -> Result<BTreeSet<String>, Fault> {
        lists::known(self.db.reader(), names).await
    }

    async fn lists_of(&self, user: UserId) -> Result<BTreeSet<String>, Fault> {
        Ok(self.lists_of.find(user).await?.unwrap_or_default())
    }

    async fn create_list(
        &self,
        id: AccessListId,
        change: &AccessListChange,
        audit: &AuditEntry,
    ) -> Result<ListStored, Fault> {
        self.db.retried(|| lists::create(&self.db, id, change, audit)).await
    }

    async fn update_list(
        &self,
        before: &AccessList,
        change: &AccessListChange,
        audit: &AuditEntry,
    ) -> Result<ListStored, Fault> {
        self.db.retried(|| lists::update(&self.db, before, change, audit)).await
    }

    async fn delete_list(&self, id: AccessListId, audit: &AuditEntry) -> Result<ListStored, Fault> {
        self.db.retried(|| lists::delete(&self.db, id, audit)).await
    }

    async fn list(&self, id: AccessListId) -> Result<Option<AccessList>, Fault> {
        Ok(lists::find(self.db.reader(), id).await?)
    }

    async fn lists(&self, page: &PageRequest<AccessListId>) -> Result<Page<AccessList>, Fault> {
        lists::page(self.db.reader(), page).await
    }

    async fn members(&self, id: AccessListId, page: &PageRequest<UserId>) -> Result<Page<UserId>, Fault> {
        members::page(self.db.reader(), id, page).await
    }
}

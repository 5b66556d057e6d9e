//! What the access domain needs of the world.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{lists::AccessList, rules::AccessRule};
use crate::{
    admin::audit::AuditEntry,
    error::Fault,
    id::{AccessListId, CampaignId, UserId},
    page::{Page, PageRequest},
};

/// A change of a named list.
#[derive(Debug, Clone)]
pub struct AccessListChange {
    /// Its new name.
    pub name: String,
    /// Its new description.
    pub description: String,
    /// Users to be on it. In an update: in addition.
    pub add: Vec<UserId>,
    /// Users to be taken off it.
    pub remove: Vec<UserId>,
}

/// What came of storing a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListStored {
    /// Stored.
    Stored(AccessList),
    /// There is no such list.
    NotFound,
    /// Another list has this name.
    NameTaken,
    /// These users do not exist.
    UnknownUsers(Vec<UserId>),
    /// Rules of this campaign refer to it.
    InUse(CampaignId),
}

/// Stores rules and lists.
#[async_trait]
pub trait AccessStore: Send + Sync + 'static {
    /// The rules of a campaign, in their order.
    async fn rules(&self, campaign: CampaignId) -> Result<Vec<AccessRule>, Fault>;
    /// Replaces the rules of a campaign, and notes which lists they refer to. The campaign exists.
    async fn replace_rules(&self, campaign: CampaignId, rules: &[AccessRule], audit: &AuditEntry) -> Result<(), Fault>;
    /// Which of these names are names of lists.
    async fn known_lists(&self, names: &[String]) -> Result<BTreeSet<String>, Fault>;
    /// The names of the lists that a user is on.
    async fn lists_of(&self, user: UserId) -> Result<BTreeSet<String>, Fault>;
    /// Stores a new list.
    async fn create_list(
        &self,
        id: AccessListId,
        change: &AccessListChange,
        audit: &AuditEntry,
    ) -> Result<ListStored, Fault>;
    /// Changes a list from what it was: a name or description that does not differ is left to those who change it
    /// at the same time. A name that rules refer to stays.
    async fn update_list(
        &self,
        before: &AccessList,
        change: &AccessListChange,
        audit: &AuditEntry,
    ) -> Result<ListStored, Fault>;
    /// Deletes a list that no rule refers to.
    async fn delete_list(&self, id: AccessListId, audit: &AuditEntry) -> Result<ListStored, Fault>;
    /// Reads a list.
    async fn list(&self, id: AccessListId) -> Result<Option<AccessList>, Fault>;
    /// All lists.
    async fn lists(&self, page: &PageRequest<AccessListId>) -> Result<Page<AccessList>, Fault>;
    /// The users on a list, the newest account first.
    async fn members(&self, id: AccessListId, page: &PageRequest<UserId>) -> Result<Page<UserId>, Fault>;
}

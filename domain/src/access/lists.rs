//! Named lists of users that rules refer to, such as `inList("untrustworthy")`.

use std::{collections::HashSet, sync::Arc};

use super::{
    eligibility::Eligibility,
    ports::{AccessListChange, AccessStore, ListStored},
};
use crate::{
    admin::audit::Auditor,
    clock::{Clock, Instant},
    error::{Failure, Fault, Refusal},
    id::{AccessListId, IdSource, UserId},
    page::{Page, PageRequest},
    text,
    user::Administrator,
};

/// A named list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessList {
    /// Identity.
    pub id: AccessListId,
    /// What rules call it. Unique.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Users on it.
    pub size: u64,
    /// When it was created.
    pub created_at: Instant,
}

/// Why a list was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under AccessListErrorCode")]
pub enum ListRefusal {
    ListNotFound,
    InvalidName,
    InvalidDescription,
    NameTaken,
    UserNotFound,
    TooManyUsers,
    InUse,
}

/// Keeps named lists.
pub struct AccessLists {
    store: Arc<dyn AccessStore>,
    eligibility: Arc<Eligibility>,
    auditor: Auditor,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl AccessLists {
    /// The most users that one call may add or remove.
    pub const MAX_USERS: usize = 1_000;

    /// Wires the service.
    pub fn new(
        store: Arc<dyn AccessStore>,
        eligibility: Arc<Eligibility>,
        auditor: Auditor,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { store, eligibility, auditor, clock, ids }
    }

    /// Makes a list.
    pub async fn create(
        &self,
        admin: Administrator,
        change: AccessListChange,
    ) -> Result<AccessList, Failure<ListRefusal>> {
        let change = checked(change)?;
        let id = self.ids.next(self.clock.now());
        let audit = self.auditor.entry(admin, "createAccessList", id, change.name.clone());
        let stored = self.store.create_list(id, &change, &audit).await?;
        self.answer(stored)
    }

    /// Changes a list: what is given replaces, users are added and removed.
    pub async fn update(
        &self,
        admin: Administrator,
        id: AccessListId,
        name: Option<String>,
        description: Option<String>,
        add: Vec<UserId>,
        remove: Vec<UserId>,
    ) -> Result<AccessList, Failure<ListRefusal>> {
        let Some(list) = self.store.list(id).await? else { return self.answer(ListStored::NotFound) };
        let change = checked(AccessListChange {
            name: name.unwrap_or_else(|| list.name.clone()),
            description: description.unwrap_or_else(|| list.description.clone()),
            add,
            remove,
        })?;
        let detail = format!("{}: {} added, {} removed", change.name, change.add.len(), change.remove.len());
        let audit = self.auditor.entry(admin, "updateAccessList", id, detail);
        let stored = self.store.update_list(&list, &change, &audit).await?;
        self.answer(stored)
    }

    /// Deletes a list that no rule refers to.
    pub async fn delete(&self, admin: Administrator, id: AccessListId) -> Result<AccessList, Failure<ListRefusal>> {
        let audit = self.auditor.entry(admin, "deleteAccessList", id, String::new());
        let stored = self.store.delete_list(id, &audit).await?;
        self.answer(stored)
    }

    /// A list.
    pub async fn find(&self, _: Administrator, id: AccessListId) -> Result<Option<AccessList>, Fault> {
        self.store.list(id).await
    }

    /// All lists.
    pub async fn list(&self, _: Administrator, page: &PageRequest<AccessListId>) -> Result<Page<AccessList>, Fault> {
        self.store.lists(page).await
    }

    /// The users on a list.
    pub async fn members(
        &self,
        _: Administrator,
        id: AccessListId,
        page: &PageRequest<UserId>,
    ) -> Result<Page<UserId>, Fault> {
        self.store.members(id, page).await
    }

    fn answer(&self, stored: ListStored) -> Result<AccessList, Failure<ListRefusal>> {
        use ListRefusal as Code;
        match stored {
            ListStored::Stored(list) => {
                self.eligibility.forget_users();
                Ok(list)
            }
            ListStored::NotFound => {
                Err(Refusal::at(Code::ListNotFound, "accessListId", "there is no such list").into())
            }
            ListStored::NameTaken => Err(Refusal::at(Code::NameTaken, "name", "another list has this name").into()),
            ListStored::UnknownUsers(users) => {
                let names = users.iter().take(5).map(ToString::to_string).collect::<Vec<_>>().join(", ");
                Err(Refusal::at(Code::UserNotFound, "addUserIds", format!("there is no user {names}")).into())
            }
            ListStored::InUse(campaign) => {
                Err(Refusal::new(Code::InUse, format!("rules of {campaign} refer to this list by its name")).into())
            }
        }
    }
}

fn checked(mut change: AccessListChange) -> Result<AccessListChange, Refusal<ListRefusal>> {
    change.name = change.name.trim().to_owned();
    let name_fits = (1..=64).contains(&change.name.len())
        && change.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if !name_fits {
        let message = "a list's name has 1 to 64 letters, digits, '_' or '-'";
        return Err(Refusal::at(ListRefusal::InvalidName, "name", message));
    }
    if !text::fits(&change.description, 0, 1_000, true) {
        return Err(Refusal::at(ListRefusal::InvalidDescription, "description", "at most 1000 characters"));
    }
    for (field, users) in [("addUserIds", &mut change.add), ("removeUserIds", &mut change.remove)] {
        if users.len() > AccessLists::MAX_USERS {
            let message = format!("at most {} users in one call", AccessLists::MAX_USERS);
            return Err(Refusal::at(ListRefusal::TooManyUsers, field, message));
        }
        let mut seen = HashSet::new();
        users.retain(|user| seen.insert(*user));
    }
    Ok(change)
}

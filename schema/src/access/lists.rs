//! Named lists of users, and changing them.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use domain::access::{lists, ports::AccessListChange};

use super::errors::AccessListErrorCode;
use crate::{
    connection::{self, Connection},
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::UserRef,
    payload::{outcome, payload},
};

/// A named list of users, for administrators.
pub struct AccessList<G> {
    list: lists::AccessList,
    graph: std::marker::PhantomData<fn() -> G>,
}

impl<G> From<lists::AccessList> for AccessList<G> {
    fn from(list: lists::AccessList) -> Self {
        Self { list, graph: std::marker::PhantomData }
    }
}

/// A named list of users that access rules refer to, as in `inList("untrustworthy")`. For administrators.
#[Object(name = "AccessList")]
impl<G: Graph> AccessList<G> {
    /// Identity: opaque, and sortable by the time at which it was made.
    async fn id(&self) -> ID {
        ids::shown(self.list.id)
    }

    /// What rules call it. Unique.
    async fn name(&self) -> &str {
        &self.list.name
    }

    /// What it is for.
    async fn description(&self) -> &str {
        &self.list.description
    }

    /// How many users are on it.
    async fn size(&self) -> u64 {
        self.list.size
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.list.created_at
    }

    /// The users on it, the newest account first.
    ///
    /// Errors: `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
    ) -> Result<Connection<G::User>> {
        let admin = ctx.administrator().await?;
        let page = connection::page(ctx, first, after, last, before)?;
        let members = ctx.services()?.access_lists.members(admin, self.list.id, &page).await?;
        Ok(Connection::of(members, |user| (user, UserRef::to(user).into())))
    }
}

/// A new list of users.
#[derive(InputObject)]
pub struct CreateAccessListInput {
    /// What rules call it: 1 to 64 letters, digits, `_` or `-`. Unique.
    name: String,
    /// What it is for, at most 1000 characters.
    #[graphql(default)]
    description: String,
    /// The users on it, at most 1000; more can be added later.
    #[graphql(default)]
    user_ids: Vec<ID>,
}

/// What to change of a list. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateAccessListInput {
    /// Which list.
    access_list_id: ID,
    /// Its new name. A name that rules refer to cannot change.
    name: Option<String>,
    /// Its new description.
    description: Option<String>,
    /// Users to be put on it, at most 1000. Who is on it already stays.
    #[graphql(default)]
    add_user_ids: Vec<ID>,
    /// Users to be taken off it, at most 1000.
    #[graphql(default)]
    remove_user_ids: Vec<ID>,
}

/// A list to be deleted.
#[derive(InputObject)]
pub struct DeleteAccessListInput {
    /// Which list.
    access_list_id: ID,
}

payload! {
    /// What `createAccessList` answers.
    CreateAccessListPayload<G>(AccessListErrorCode) {
        /// The new list; null if it was refused.
        access_list: Option<AccessList<G>>,
    }
}

payload! {
    /// What `updateAccessList` answers.
    UpdateAccessListPayload<G>(AccessListErrorCode) {
        /// The list as it is now; null if the change was refused.
        access_list: Option<AccessList<G>>,
    }
}

payload! {
    /// What `deleteAccessList` answers.
    DeleteAccessListPayload(AccessListErrorCode) {
        /// The id of the list that is no more; null if it was not deleted.
        deleted_access_list_id: Option<ID>,
    }
}

root!(/// Mutations of named lists.
    AccessListMutation);

#[Object(name = "AccessListMutation")]
impl<G: Graph> AccessListMutation<G> {
    /// Makes a named list of users that rules can refer to. For administrators.
    ///
    /// User errors: `INVALID_NAME`, `INVALID_DESCRIPTION`, `NAME_TAKEN`, `USER_NOT_FOUND`, `TOO_MANY_USERS`. Errors:
    /// `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn create_access_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new list.")] input: CreateAccessListInput,
    ) -> Result<CreateAccessListPayload<G>> {
        let admin = ctx.administrator().await?;
        let change = AccessListChange {
            name: input.name,
            description: input.description,
            add: ids::parse_all(&input.user_ids, "input.userIds")?,
            remove: Vec::new(),
        };
        let (list, mut user_errors) = outcome(ctx.services()?.access_lists.create(admin, change).await)?;
        // The use case knows one kind of change; here its users have another name.
        for step in user_errors.iter_mut().filter_map(|error| error.field.as_mut()).flatten() {
            if step == "addUserIds" {
                "userIds".clone_into(step);
            }
        }
        Ok(CreateAccessListPayload { access_list: list.map(AccessList::from), user_errors })
    }

    /// Changes a list: its name, its description, who is on it. For administrators.
    ///
    /// User errors: `LIST_NOT_FOUND`, `INVALID_NAME`, `INVALID_DESCRIPTION`, `NAME_TAKEN`, `USER_NOT_FOUND`,
    /// `TOO_MANY_USERS`, `IN_USE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn update_access_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateAccessListInput,
    ) -> Result<UpdateAccessListPayload<G>> {
        let admin = ctx.administrator().await?;
        let id = ids::parse(&input.access_list_id, "input.accessListId")?;
        let add = ids::parse_all(&input.add_user_ids, "input.addUserIds")?;
        let remove = ids::parse_all(&input.remove_user_ids, "input.removeUserIds")?;
        let lists = &ctx.services()?.access_lists;
        let (list, user_errors) = outcome(lists.update(admin, id, input.name, input.description, add, remove).await)?;
        Ok(UpdateAccessListPayload { access_list: list.map(AccessList::from), user_errors })
    }

    /// Deletes a list that no rule refers to. For administrators.
    ///
    /// User errors: `LIST_NOT_FOUND`, `IN_USE`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn delete_access_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The list to be deleted.")] input: DeleteAccessListInput,
    ) -> Result<DeleteAccessListPayload> {
        let admin = ctx.administrator().await?;
        let id = ids::parse(&input.access_list_id, "input.accessListId")?;
        let (list, user_errors) = outcome(ctx.services()?.access_lists.delete(admin, id).await)?;
        Ok(DeleteAccessListPayload { deleted_access_list_id: list.map(|list| ids::shown(list.id)), user_errors })
    }
}

//! Looking at named lists.

use async_graphql::{Context, ID, Object};

use super::lists::AccessList;
use crate::{
    connection::{self, Connection},
    context::Asked,
    errors::Result,
    graph::{Graph, root},
    ids,
};

root!(/// Queries of the access domain.
    AccessQuery);

#[Object(name = "AccessQuery")]
impl<G: Graph> AccessQuery<G> {
    /// A named list of users; null if there is none. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    async fn access_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The list's id.")] id: ID,
    ) -> Result<Option<AccessList<G>>> {
        let admin = ctx.administrator().await?;
        let list = ctx.services()?.access_lists.find(admin, ids::parse(&id, "id")?).await?;
        Ok(list.map(AccessList::from))
    }

    /// All named lists of users, the newest first. For administrators.
    ///
    /// Errors: `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "connection::cost(first, last, child_complexity)")]
    async fn access_lists(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the start, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only rows after the one with this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only rows before the one with this cursor.")] before: Option<String>,
    ) -> Result<Connection<AccessList<G>>> {
        let admin = ctx.administrator().await?;
        let page = connection::page(ctx, first, after, last, before)?;
        let lists = ctx.services()?.access_lists.list(admin, &page).await?;
        Ok(Connection::of(lists, |list| (list.id, list.into())))
    }
}

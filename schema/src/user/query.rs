//! Who is this.

use async_graphql::{Context, Object};

use crate::{
    context::Asked,
    errors::Result,
    graph::{Graph, root},
    link::UserRef,
};

root!(/// Queries of the user domain.
    UserQuery);

#[Object(name = "UserQuery")]
impl<G: Graph> UserQuery<G> {
    /// The user who is signed in; null when no access token was sent. For anybody.
    ///
    /// Errors: `UNAUTHENTICATED` for an access token that has expired or is not valid.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<G::User>> {
        let Some(id) = ctx.viewer().user_if_any()? else { return Ok(None) };
        let user = ctx.services()?.users.by_id(id).await?;
        Ok(user.map(|user| UserRef::of(user).into()))
    }
}

//! What accounts add to a user, and sessions.

use async_graphql::{Context, Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::user::session;

use crate::{
    errors::Result,
    graph::{Graph, part},
    scalars::Date,
};

/// What a person does for a living, as they say. Access rules may ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::user::WorkStatus")]
pub enum WorkStatus {
    /// Works for somebody.
    Employed,
    /// Works for themselves.
    SelfEmployed,
    /// Has no work.
    Unemployed,
    /// Studies.
    Student,
    /// Does not work any more.
    Retired,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::user::Role")]
pub enum Role {
    /// Takes part in sales.
    Customer,
    /// Runs sales.
    Admin,
}

/// What a signed-in client holds: a short-lived token for its requests, and one that renews it.
#[derive(Debug, Clone, SimpleObject)]
pub struct Session {
    /// Send it as `Authorization: Bearer …`; over a WebSocket in `connection_init`, as
    /// `{"authorization": "Bearer …"}`, and a new one in a `ping` of the same form before the old one expires.
    pub access_token: String,
    /// When the access token stops working: call `refreshSession` before.
    pub access_token_expires_at: DateTime<Utc>,
    /// Good for one `refreshSession`. Keep it secret.
    pub refresh_token: String,
    /// When the refresh token stops working if it is not used.
    pub refresh_token_expires_at: DateTime<Utc>,
}

impl From<session::Session> for Session {
    fn from(session: session::Session) -> Self {
        Self {
            access_token: session.access_token,
            access_token_expires_at: session.access_token_expires_at,
            refresh_token: session.refresh_token,
            refresh_token_expires_at: session.refresh_token_expires_at,
        }
    }
}

part!(/// The account of a user.
    UserInUser of UserRef);

#[Object(name = "UserInUser")]
impl<G: Graph> UserInUser<G> {
    /// The name that others see. Unique without regard to case.
    async fn username(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.link.stored(ctx).await?.username.as_str().to_owned())
    }

    /// What they sign in with: digits, optionally after a `+`.
    async fn phone(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.link.stored(ctx).await?.phone.as_str().to_owned())
    }

    /// What they do for a living, as they said.
    async fn work_status(&self, ctx: &Context<'_>) -> Result<WorkStatus> {
        Ok(self.link.stored(ctx).await?.work_status.into())
    }

    /// Day of birth.
    async fn birth_date(&self, ctx: &Context<'_>) -> Result<Date> {
        Ok(Date(self.link.stored(ctx).await?.birth_date))
    }

    /// What they may do.
    async fn roles(&self, ctx: &Context<'_>) -> Result<Vec<Role>> {
        Ok(self.link.stored(ctx).await?.roles.iter().copied().map(Role::from).collect())
    }

    /// When they registered.
    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime<Utc>> {
        Ok(self.link.stored(ctx).await?.created_at)
    }
}

//! Registration, sign-in, and the life of a session.

use async_graphql::{Context, InputObject, Object};
use domain::user::{Role, User, register::RegisterForm, session};

use super::{
    errors::{LoginErrorCode, LogoutErrorCode, RefreshSessionErrorCode, RegisterErrorCode},
    types::{Session, WorkStatus},
};
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    link::UserRef,
    payload::{outcome, payload},
    scalars::Date,
};

/// A new account.
#[derive(InputObject)]
pub struct RegisterInput {
    /// The name that others see: 3 to 32 letters, digits, `_`, `-` or `.`. Unique without regard to case.
    username: String,
    /// What one signs in with: 7 to 15 digits, optionally after a `+`. Unique.
    phone: String,
    /// 8 to 128 characters.
    #[graphql(secret)]
    password: String,
    /// Day of birth.
    birth_date: Date,
    /// What one does for a living. Access rules may ask for it.
    work_status: WorkStatus,
    /// The number of an identity document, if one wants to give it: 6 to 32 letters or digits. Unique; only a digest
    /// of it is stored.
    #[graphql(secret)]
    id_number: Option<String>,
}

/// A phone and its password.
#[derive(InputObject)]
pub struct LoginInput {
    /// The phone number of the account.
    phone: String,
    /// The password of the account.
    #[graphql(secret)]
    password: String,
}

/// A session to be refreshed.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The refresh token that was issued last.
    #[graphql(secret)]
    refresh_token: String,
}

/// A session to be ended.
#[derive(InputObject)]
pub struct LogoutInput {
    /// A refresh token of the session.
    #[graphql(secret)]
    refresh_token: String,
}

payload! {
    /// What `register` answers.
    RegisterPayload<G>(RegisterErrorCode) {
        /// The new account; null if it was not made.
        user: Option<G::User>,
        /// Its first session: registering also signs in. Null if the account was not made.
        session: Option<Session>,
    }
}

payload! {
    /// What `login` answers.
    LoginPayload<G>(LoginErrorCode) {
        /// Who is signed in now; null if nobody is.
        user: Option<G::User>,
        /// The new session; null if nobody was signed in.
        session: Option<Session>,
    }
}

payload! {
    /// What `refreshSession` answers.
    RefreshSessionPayload<G>(RefreshSessionErrorCode) {
        /// Whose session it is; null if it was not refreshed.
        user: Option<G::User>,
        /// The session's new tokens; null if it was not refreshed.
        session: Option<Session>,
    }
}

payload! {
    /// What `logout` answers.
    LogoutPayload(LogoutErrorCode) {}
}

root!(/// Mutations of the user domain.
    UserMutation);

#[Object(name = "UserMutation")]
impl<G: Graph> UserMutation<G> {
    /// Makes an account with the role `CUSTOMER`, and signs in. For anybody.
    ///
    /// User errors: `INVALID_USERNAME`, `INVALID_PHONE`, `INVALID_PASSWORD`, `INVALID_BIRTH_DATE`,
    /// `INVALID_ID_NUMBER` (all that are wrong with the input at once), `USERNAME_TAKEN`, `PHONE_TAKEN`,
    /// `ID_NUMBER_TAKEN`. Errors: `RATE_LIMITED`.
    #[graphql(complexity = "Limits::PASSWORD + child_complexity")]
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new account.")] input: RegisterInput,
    ) -> Result<RegisterPayload<G>> {
        let services = ctx.services()?;
        let form = RegisterForm {
            username: input.username,
            phone: input.phone,
            password: input.password,
            birth_date: input.birth_date.0,
            work_status: input.work_status.into(),
            id_number: input.id_number,
        };
        let (user, user_errors) = outcome(services.registration.register(&form, &[Role::Customer]).await)?;
        let session = match &user {
            Some(user) => Some(services.sessions.start(user.id).await?.into()),
            None => None,
        };
        Ok(RegisterPayload { user: user.map(|user| UserRef::of(user).into()), session, user_errors })
    }

    /// Signs in by phone and password; administrators too. For anybody.
    ///
    /// User errors: `WRONG_CREDENTIALS`. Errors: `RATE_LIMITED`, also when too many wrong passwords were tried for the
    /// phone number.
    #[graphql(complexity = "Limits::PASSWORD + child_complexity")]
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A phone and its password.")] input: LoginInput,
    ) -> Result<LoginPayload<G>> {
        let signed_in = ctx.services()?.sign_in.login(&input.phone, &input.password, ctx.address()).await;
        let (user, session, user_errors) = shown::<G, _, _>(signed_in)?;
        Ok(LoginPayload { user, session, user_errors })
    }

    /// Renews a session: new tokens replace the old ones, and the refresh token that was given works no more. If the
    /// answer got lost, asking again with the same token within a few seconds gets the same answer. For anybody who
    /// holds a refresh token.
    ///
    /// User errors: `INVALID_TOKEN`, `EXPIRED_TOKEN`, `REUSED_TOKEN` (someone used the token before: the whole session
    /// is ended). Errors: `RATE_LIMITED`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to be refreshed.")] input: RefreshSessionInput,
    ) -> Result<RefreshSessionPayload<G>> {
        let refreshed = ctx.services()?.sessions.refresh(&input.refresh_token).await;
        let (user, session, user_errors) = shown::<G, _, _>(refreshed)?;
        Ok(RefreshSessionPayload { user, session, user_errors })
    }

    /// Ends the session that a refresh token belongs to: none of its refresh tokens works any more. Access tokens that
    /// were issued work until they expire. A session that has ended already is no error. For anybody who holds a
    /// refresh token.
    ///
    /// User errors: `INVALID_TOKEN`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to be ended.")] input: LogoutInput,
    ) -> Result<LogoutPayload> {
        let (_, user_errors) = outcome(ctx.services()?.sessions.end(&input.refresh_token).await)?;
        Ok(LogoutPayload { user_errors })
    }
}

type Shown<G, C> = (Option<<G as Graph>::User>, Option<Session>, Vec<crate::payload::UserError<C>>);

/// A user and their session, as payloads show them.
fn shown<G, R, C>(answer: Result<(User, session::Session), domain::error::Failure<R>>) -> Result<Shown<G, C>>
where
    G: Graph,
    C: async_graphql::OutputType + From<R>,
{
    let (signed_in, user_errors) = outcome(answer)?;
    let (user, session) = signed_in.unzip();
    Ok((user.map(|user| UserRef::of(user).into()), session.map(Session::from), user_errors))
}

//! People who grab, each an account and an access token of their own.
//!
//! Accounts go through the repository, with one password hash for all: nobody signs in here. A token is what a sign-in
//! would give, signed by the shop's own key; only the session that it names does not exist, which nobody looks at before
//! the token is refreshed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Duration, NaiveDate};
use domain::{
    error::Fault,
    id::{IdSource, UserId},
    user::{
        Role, User,
        account::{Password, Phone, Username, WorkStatus},
        ports::{AccessTokens, AccountStore, NewUser, PasswordHasher},
        viewer::SignedIn,
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use infra::{
    clock::SystemClock,
    crypto::{Argon2Passwords, HashingBounds, JwtAccessTokens, SigningKeys, TokenIdentity},
    ids::UuidV7Source,
    sql::{
        Database, DatabaseOptions, Migrate,
        user::{SqlAccounts, SqlSigningKeys},
    },
};

use crate::error::BenchError;

/// Everybody.
pub(crate) struct Crowd {
    /// The access token of each.
    pub(crate) tokens: Vec<Box<str>>,
}

/// Accounts that are written at the same time: MariaDB syncs their commits together.
const AT_ONCE: usize = 64;

/// Makes the schema, and so many people in it.
pub(super) async fn gather(url: &str, people: usize) -> Result<(Database, Crowd), BenchError> {
    let clock = Arc::new(SystemClock);
    let ids: Arc<dyn IdSource> = Arc::new(UuidV7Source::default());
    let patience = std::time::Duration::from_secs(30);
    let connections = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
    let options = DatabaseOptions { url: url.to_owned(), connections, patience, migrate: Migrate::Yes };
    let db = Database::open(&options).await.map_err(Fault::internal)?;

    let lifetime = Duration::hours(12);
    let keys = SigningKeys::open(SqlSigningKeys::new(db.clone()), clock.clone(), lifetime).await?;
    // As spike has them by default.
    let identity = TokenIdentity { issuer: "spike".to_owned(), audience: "spike".to_owned() };
    let tokens = JwtAccessTokens::new(Arc::new(keys), clock.clone(), identity);
    let passwords = Argon2Passwords::new(HashingBounds { concurrent: 1, waiting: 1 })?;
    let password_hash = passwords.hash(&Password::from_stored("the password of everybody".to_owned())).await?;
    let accounts = SqlAccounts::new(db.clone());
    let now = domain::clock::Clock::now(&*clock);

    let made = stream::iter(0..people)
        .map(async |number| -> Result<Box<str>, BenchError> {
            let id: UserId = ids.next(now);
            let user = User {
                id,
                username: Username::from_stored(format!("buyer{number}")),
                phone: Phone::from_stored(format!("+1555{number:08}")),
                work_status: WorkStatus::Employed,
                birth_date: NaiveDate::from_ymd_opt(1990, 5, 17).unwrap_or_default(),
                roles: vec![Role::Customer],
                attributes: BTreeMap::default(),
                created_at: now,
            };
            let new = NewUser { user, password_hash: password_hash.clone(), id_number: None };
            accounts.insert(&new).await?.map_err(|taken| BenchError::Wrong(format!("an account: {taken:?}")))?;
            let claims = SignedIn { user_id: id, session_id: ids.next(now), expires_at: now + lifetime };
            Ok(tokens.issue(&claims)?.into())
        })
        .buffer_unordered(AT_ONCE);
    Ok((db, Crowd { tokens: made.try_collect().await? }))
}

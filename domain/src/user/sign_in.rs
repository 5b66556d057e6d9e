//! Sign-in by phone and password.
//!
//! An unknown phone, a phone that cannot be and a wrong password do the same work and get the same
//! answer, so that nobody can ask who has an account.

use std::{net::IpAddr, sync::Arc};

use super::{
    account::{Password, Phone, User},
    ports::{AccountStore, Attempt, AttemptLimiter, PasswordHasher},
    session::{Session, Sessions},
};
use crate::error::{Failure, Fault, Refusal};

/// Why somebody was not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefusal {
    /// There is no account with this phone and this password.
    WrongCredentials,
}

/// Signs people in.
pub struct SignIn {
    accounts: Arc<dyn AccountStore>,
    passwords: Arc<dyn PasswordHasher>,
    attempts: Arc<dyn AttemptLimiter>,
    sessions: Arc<Sessions>,
}

impl SignIn {
    /// Wires the service.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        passwords: Arc<dyn PasswordHasher>,
        attempts: Arc<dyn AttemptLimiter>,
        sessions: Arc<Sessions>,
    ) -> Self {
        Self { accounts, passwords, attempts, sessions }
    }

    /// Starts a session for the account of this phone if the password fits. `from` is where the caller is, if that is
    /// known. Too many passwords that do not fit are [`Fault::RateLimited`].
    pub async fn login(
        &self,
        phone: &str,
        password: &str,
        from: Option<IpAddr>,
    ) -> Result<(User, Session), Failure<LoginRefusal>> {
        let parsed = Phone::parse(phone).ok();
        let account = parsed.as_ref().map_or(phone, Phone::as_str).to_owned();
        let attempt = Attempt { account, from };
        if let Err(retry_after) = self.attempts.begin(&attempt).await? {
            return Err(Fault::RateLimited { retry_after }.into());
        }
        let found = match parsed {
            Some(phone) => self.accounts.by_phone(&phone).await?,
            None => None,
        };
        let hash = found.as_ref().map(|(_, hash)| hash.as_str());
        let fits = self.passwords.verify(&Password::typed(password), hash).await?;
        match found {
            Some((user, _)) if fits => {
                self.attempts.succeeded(&attempt).await?;
                let session = self.sessions.start(user.id).await?;
                Ok((user, session))
            }
            _ => Err(Refusal::new(LoginRefusal::WrongCredentials, "phone or password is wrong").into()),
        }
    }
}

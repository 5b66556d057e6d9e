//! Sign-in by phone and password.
//!
//! An unknown phone, a phone that cannot be and a wrong password do the same work and get the same
//! answer, so that nobody can ask who has an account.

use std::sync::Arc;

use super::{
    account::{Password, Phone, User},
    ports::{AccountStore, PasswordHasher},
    session::{Session, Sessions},
};
use crate::error::{Failure, Refusal};

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
    sessions: Arc<Sessions>,
}

impl SignIn {
    /// Wires the service.
    pub fn new(accounts: Arc<dyn AccountStore>, passwords: Arc<dyn PasswordHasher>, sessions: Arc<Sessions>) -> Self {
        Self { accounts, passwords, sessions }
    }

    /// Starts a session for the account of this phone if the password fits.
    pub async fn login(&self, phone: &str, password: &str) -> Result<(User, Session), Failure<LoginRefusal>> {
        let found = match Phone::parse(phone) {
            Ok(phone) => self.accounts.by_phone(&phone).await?,
            Err(_) => None,
        };
        let hash = found.as_ref().map(|(_, hash)| hash.as_str());
        let fits = self.passwords.verify(&Password::typed(password), hash).await?;
        match found {
            Some((user, _)) if fits => {
                let session = self.sessions.start(user.id).await?;
                Ok((user, session))
            }
            _ => Err(Refusal::new(LoginRefusal::WrongCredentials, "phone or password is wrong").into()),
        }
    }
}

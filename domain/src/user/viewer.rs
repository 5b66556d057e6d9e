//! On whose behalf a request runs, and the proofs that it may do what it asks.
//!
//! A use case that only an administrator may run takes an [`Administrator`], which only
//! [`super::profile::Users::administrator`] makes: the check cannot be forgotten.

use crate::{
    clock::Instant,
    error::Fault,
    id::{SessionId, UserId},
};

/// On whose behalf a request runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// No token was sent.
    SignedOut,
    /// A token was sent that is no good. Public fields still answer; the rest says why not.
    Refused(TokenError),
    /// A good token was sent.
    SignedIn(SignedIn),
}

/// What a good access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub user_id: UserId,
    /// In which session.
    pub session_id: SessionId,
    /// Until when.
    pub expires_at: Instant,
}

/// Why an access token is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good once: refresh the session.
    #[error("the access token has expired")]
    Expired,
    /// Forged, malformed, of another issuer, audience or type, or signed by a key that is not ours.
    #[error("the access token is not valid")]
    Invalid,
}

impl Viewer {
    /// The user who is signed in.
    pub fn user(&self) -> Result<UserId, Fault> {
        match self {
            Self::SignedIn(signed_in) => Ok(signed_in.user_id),
            Self::SignedOut => Err(Fault::Unauthenticated("sign in first".into())),
            Self::Refused(why) => Err(Fault::Unauthenticated(why.to_string().into())),
        }
    }

    /// The user who is signed in, or none when no token was sent. A bad token is still an error, so
    /// that a client learns that it has to refresh.
    pub fn user_if_any(&self) -> Result<Option<UserId>, Fault> {
        match self {
            Self::SignedOut => Ok(None),
            _ => self.user().map(Some),
        }
    }
}

/// Proof that a request runs on behalf of an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Administrator(UserId);

impl Administrator {
    /// Made where the role was read from the database, and by the operator's own commands.
    pub(crate) const fn proven(user: UserId) -> Self {
        Self(user)
    }

    /// Who it is, for the audit log.
    #[must_use]
    pub const fn id(self) -> UserId {
        self.0
    }
}

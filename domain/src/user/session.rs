//! What a session is: short access tokens and a chain of refresh tokens.
//!
//! Each use of a refresh token replaces it. A token that is used again after that was stolen by
//! someone, so its whole session ends. One exception: an answer can get lost, and then an honest client
//! tries again with the old token. Within a short grace, and as long as the successor was not used, it
//! gets **the same** successor again. The successor's secret is not stored for that: it is
//! HMAC(old secret, nonce), the nonce is in the database and the old secret only with the client, so that
//! neither alone tells it. (Rotation and reuse detection: RFC 9700, section 4.14.2.)

use std::sync::Arc;

use chrono::{Duration, SubsecRound};

use super::{
    account::User,
    ports::{AccessTokens, AccountStore, RefreshSecrets, SessionStore},
    viewer::SignedIn,
};
use crate::{
    clock::{Clock, Instant},
    error::{Failure, Fault, Refusal},
    id::{IdSource, SessionId, UserId},
};

/// How long tokens live.
#[derive(Debug, Clone, Copy)]
pub struct SessionTerms {
    /// Of an access token.
    pub access_lifetime: Duration,
    /// Of a refresh token that is not used.
    pub refresh_lifetime: Duration,
    /// How long a used refresh token gets the same answer again.
    pub rotation_grace: Duration,
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Identity.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Since when.
    pub created_at: Instant,
    /// When it was ended, by logout or because a token was used twice.
    pub ended_at: Option<Instant>,
}

/// A refresh token to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefreshToken {
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// Of which session.
    pub session_id: SessionId,
    /// Until when it works.
    pub expires_at: Instant,
}

/// A refresh token as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshTokenRecord {
    /// Until when it works.
    pub expires_at: Instant,
    /// When it was used, and the nonce that derives its successor.
    pub rotated: Option<(Instant, [u8; 32])>,
}

/// What a client holds.
#[derive(Debug, Clone)]
pub struct Session {
    /// A signed token for the `Authorization` header.
    pub access_token: String,
    /// Its end.
    pub access_token_expires_at: Instant,
    /// An opaque secret that is good for one refresh.
    pub refresh_token: String,
    /// Its end.
    pub refresh_token_expires_at: Instant,
}

/// Why a session was not refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshRefusal {
    /// Unknown, of an ended session, or not a refresh token at all.
    InvalidToken,
    /// Not used in its lifetime.
    ExpiredToken,
    /// Used before: the session is ended now, because someone else may hold its tokens.
    ReusedToken,
}

/// Why a session was not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutRefusal {
    /// Not a refresh token at all: the client mixed something up, and its session goes on.
    InvalidToken,
}

/// Starts, refreshes and ends sessions.
pub struct Sessions {
    accounts: Arc<dyn AccountStore>,
    store: Arc<dyn SessionStore>,
    access_tokens: Arc<dyn AccessTokens>,
    secrets: Arc<dyn RefreshSecrets>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    terms: SessionTerms,
}

impl Sessions {
    /// Wires the service.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        store: Arc<dyn SessionStore>,
        access_tokens: Arc<dyn AccessTokens>,
        secrets: Arc<dyn RefreshSecrets>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        terms: SessionTerms,
    ) -> Self {
        Self { accounts, store, access_tokens, secrets, clock, ids, terms }
    }

    /// Starts a session for somebody whose password fitted.
    pub async fn start(&self, user: UserId) -> Result<Session, Fault> {
        let now = self.clock.now();
        let session = SessionRecord { id: self.ids.next(now), user_id: user, created_at: now, ended_at: None };
        let secret = self.secrets.random()?;
        let token = self.token(&secret, session.id, now);
        self.store.start(&session, &token).await?;
        self.answer(&session, &secret, &token, now)
    }

    /// Replaces a refresh token and issues a new access token.
    pub async fn refresh(&self, refresh_token: &str) -> Result<(User, Session), Failure<RefreshRefusal>> {
        let now = self.clock.now();
        let refused = |code, message| Failure::from(Refusal::at(code, "refreshToken", message));
        let invalid = || refused(RefreshRefusal::InvalidToken, "this refresh token is not valid; sign in again");

        let secret = self.secrets.decode(refresh_token).ok_or_else(invalid)?;
        let hash = self.secrets.digest(&secret);
        // Twice at most: a rotation that another request has won is read again, and then it is rotated.
        for _ in 0..2 {
            let (record, session) = self.store.find(&hash).await?.ok_or_else(invalid)?;
            if session.ended_at.is_some() {
                return Err(invalid());
            }
            let (next, token) = match record.rotated {
                Some((at, nonce)) => {
                    let next = self.secrets.successor(&secret, &nonce);
                    let token = self.token(&next, session.id, at);
                    let unused = matches!(self.store.find(&token.hash).await?, Some((successor, _)) if successor.rotated.is_none());
                    if now > at + self.terms.rotation_grace || !unused {
                        self.store.end(session.id, now).await?;
                        tracing::warn!(session = %session.id, "a refresh token was used twice: session ended");
                        return Err(refused(
                            RefreshRefusal::ReusedToken,
                            "this refresh token was used before; the session is ended, sign in again",
                        ));
                    }
                    (next, token)
                }
                None if now >= record.expires_at => {
                    return Err(refused(RefreshRefusal::ExpiredToken, "this refresh token has expired; sign in again"));
                }
                None => {
                    let nonce = self.secrets.random()?;
                    let next = self.secrets.successor(&secret, &nonce);
                    let token = self.token(&next, session.id, now);
                    if !self.store.rotate(&hash, now, &nonce, &token).await? {
                        continue;
                    }
                    (next, token)
                }
            };
            let user = self.accounts.by_ids(&[session.user_id]).await?.pop().ok_or_else(invalid)?;
            return Ok((user, self.answer(&session, &next, &token, now)?));
        }
        Err(invalid())
    }

    /// Ends the session that a refresh token belongs to. A token that is not known (any more) is no error:
    /// its session has ended. Access tokens that were issued live on to their end.
    pub async fn end(&self, refresh_token: &str) -> Result<(), Failure<LogoutRefusal>> {
        let no_token = || Refusal::at(LogoutRefusal::InvalidToken, "refreshToken", "this is not a refresh token");
        let secret = self.secrets.decode(refresh_token).ok_or_else(no_token)?;
        if let Some((_, session)) = self.store.find(&self.secrets.digest(&secret)).await? {
            self.store.end(session.id, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Deletes tokens that have expired. Returns how many.
    pub async fn purge(&self) -> Result<u64, Fault> {
        self.store.purge(self.clock.now()).await
    }

    fn token(&self, secret: &[u8; 32], session_id: SessionId, from: Instant) -> NewRefreshToken {
        NewRefreshToken {
            hash: self.secrets.digest(secret),
            session_id,
            expires_at: from + self.terms.refresh_lifetime,
        }
    }

    fn answer(
        &self,
        session: &SessionRecord,
        secret: &[u8; 32],
        token: &NewRefreshToken,
        now: Instant,
    ) -> Result<Session, Fault> {
        // A token's `exp` counts whole seconds: what the client is told is what the token says.
        let expires_at = (now + self.terms.access_lifetime).trunc_subsecs(0);
        let claims = SignedIn { user_id: session.user_id, session_id: session.id, expires_at };
        Ok(Session {
            access_token: self.access_tokens.issue(&claims)?,
            access_token_expires_at: expires_at,
            refresh_token: self.secrets.encode(secret),
            refresh_token_expires_at: token.expires_at,
        })
    }
}

//! What the user domain needs of the world.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use async_trait::async_trait;

use super::{
    account::{Attribute, IdNumber, Password, Phone, Role, User, Username},
    session::{NewRefreshToken, RefreshTokenRecord, SessionRecord},
    viewer::{SignedIn, TokenError},
};
use crate::{
    admin::audit::AuditEntry,
    clock::Instant,
    error::Fault,
    id::{SessionId, UserId},
    page::{Page, PageRequest},
    rate::Quota,
};

/// A user to be stored, with what is never read back into the domain.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The account.
    pub user: User,
    /// PHC string of the password's hash.
    pub password_hash: String,
    /// The number of an identity document; the adapter stores a digest of it, unique.
    pub id_number: Option<IdNumber>,
}

/// Which unique value of a new account is taken already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Taken {
    Username,
    Phone,
    IdNumber,
}

/// Stores accounts.
#[async_trait]
pub trait AccountStore: Send + Sync + 'static {
    /// Stores a new account, or says which of its values is taken.
    async fn insert(&self, new: &NewUser) -> Result<Result<(), Taken>, Fault>;
    /// Reads accounts; unknown ids are left out, the order is free.
    async fn by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, Fault>;
    /// Reads an account and its password hash.
    async fn by_phone(&self, phone: &Phone) -> Result<Option<(User, String)>, Fault>;
    /// The account of this name, if any, without regard to case.
    async fn by_username(&self, username: &Username) -> Result<Option<User>, Fault>;
    /// Gives a role to an account (no-op if it has it). False if there is no such account.
    async fn grant(&self, id: UserId, role: Role, audit: &AuditEntry) -> Result<bool, Fault>;
    /// Replaces all attributes of an account. False if there is no such account.
    async fn set_attributes(
        &self,
        id: UserId,
        attributes: &BTreeMap<String, Attribute>,
        audit: &AuditEntry,
    ) -> Result<bool, Fault>;
    /// Lists accounts; `search` matches the beginning of a username or phone.
    async fn list(&self, search: Option<&str>, page: &PageRequest<UserId>) -> Result<Page<User>, Fault>;
}

/// Stores sessions and the hashes of their refresh tokens.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Stores a new session with its first token.
    async fn start(&self, session: &SessionRecord, token: &NewRefreshToken) -> Result<(), Fault>;
    /// Reads a token by the hash of its secret, with its session.
    async fn find(&self, hash: &[u8; 32]) -> Result<Option<(RefreshTokenRecord, SessionRecord)>, Fault>;
    /// In one transaction: marks the token `hash` as rotated at `at` (with the nonce that derives its
    /// successor) if it was not, and stores the successor. False if it had been rotated already or
    /// its session has ended.
    async fn rotate(
        &self,
        hash: &[u8; 32],
        at: Instant,
        nonce: &[u8; 32],
        successor: &NewRefreshToken,
    ) -> Result<bool, Fault>;
    /// Ends a session: none of its tokens works any more. No-op if it has ended.
    async fn end(&self, session: SessionId, at: Instant) -> Result<(), Fault>;
    /// Deletes what expired before `at`. Returns how many tokens.
    async fn purge(&self, at: Instant) -> Result<u64, Fault>;
}

/// Hashes passwords, at a cost that is bounded in memory and in how many run at once.
#[async_trait]
pub trait PasswordHasher: Send + Sync + 'static {
    /// The PHC string of a new password.
    async fn hash(&self, password: &Password) -> Result<String, Fault>;
    /// Whether the password fits the hash. Without a hash the same work is done and the answer is no.
    async fn verify(&self, password: &Password, hash: Option<&str>) -> Result<bool, Fault>;
}

/// Counts passwords that are tried and do not fit, over all replicas where they share something.
///
/// An attempt is counted before it is made, because a hundred can be made at the same time; one that succeeds is taken
/// back. So nobody is kept out who knows the password, unless others have used the quota up.
#[async_trait]
pub trait AttemptLimiter: Send + Sync + 'static {
    /// Counts an attempt, or counts nothing and says how long to wait.
    async fn begin(&self, attempt: &Attempt) -> Result<Result<(), Duration>, Fault>;
    /// Takes one back that succeeded.
    async fn succeeded(&self, attempt: &Attempt) -> Result<(), Fault>;
}

/// An attempt to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The phone number, as it is stored, or whatever was typed that is none. Personal: adapters keep a digest.
    pub account: String,
    /// From where; none where that is not known.
    pub from: Option<IpAddr>,
}

/// How many attempts may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptQuotas {
    /// For one account, whoever tries.
    pub of_account: Quota,
    /// For one account and from one address. Lower, so that whoever tries from one address keeps nobody else out.
    pub of_account_and_address: Quota,
}

/// Signs and reads access tokens.
pub trait AccessTokens: Send + Sync + 'static {
    /// A signed token that says this.
    fn issue(&self, claims: &SignedIn) -> Result<String, Fault>;
    /// Reads a token and checks all that can be checked without a database.
    fn read(&self, token: &str) -> Result<SignedIn, TokenError>;
}

/// Makes and derives the secrets of refresh tokens.
pub trait RefreshSecrets: Send + Sync + 'static {
    /// 32 bytes from the system's random source.
    /// 32 bytes from the system's random source.
    fn random(&self) -> Result<[u8; 32], Fault>;
    /// The secret that follows `secret`: HMAC-SHA256 under it of `nonce`. See [`super::session`].
    fn successor(&self, secret: &[u8; 32], nonce: &[u8; 32]) -> [u8; 32];
    /// SHA-256 of a secret: what is stored.
    fn digest(&self, secret: &[u8; 32]) -> [u8; 32];
    /// The text form that clients hold.
    fn encode(&self, secret: &[u8; 32]) -> String;
    /// Reads the text form.
    fn decode(&self, text: &str) -> Option<[u8; 32]>;
}

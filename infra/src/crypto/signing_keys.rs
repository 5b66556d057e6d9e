//! The keys that sign access tokens: Ed25519, made on the first start, kept in the database, rotatable.
//!
//! A rotation adds a key. For a short while it is only published, so that every replica and every verifier
//! knows it before the first token is signed with it; then it signs. The keys before it go on verifying
//! until the last token that they signed has expired.

use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use domain::{
    clock::{Clock, Instant},
    error::Fault,
};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::entropy;
use crate::sql::user::{SigningKeyRow, SqlSigningKeys};

/// A public key as a JSON Web Key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names of RFC 7517 and RFC 8037")]
pub struct Jwk {
    pub kty: &'static str,
    pub crv: &'static str,
    #[serde(rename = "use")]
    pub usage: &'static str,
    pub alg: &'static str,
    pub kid: String,
    pub x: String,
}

/// A key that is ready for use.
pub(super) struct ReadyKey {
    pub(super) kid: String,
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    public: String,
    created_at: Instant,
    verifies_until: Option<Instant>,
}

/// The keys of this deployment, as they were last read.
pub struct SigningKeys {
    store: SqlSigningKeys,
    clock: Arc<dyn Clock>,
    access_lifetime: Duration,
    /// The newest first.
    ready: ArcSwap<Vec<ReadyKey>>,
}

impl SigningKeys {
    /// How long a new key is only published. A process calls [`Self::reload`] several times in it.
    pub const PUBLICATION: Duration = Duration::seconds(60);

    /// Reads the keys, and makes the first if there is none.
    pub async fn open(store: SqlSigningKeys, clock: Arc<dyn Clock>, access_lifetime: Duration) -> Result<Self, Fault> {
        let keys = Self { store, clock, access_lifetime, ready: ArcSwap::default() };
        keys.reload().await?;
        if keys.ready.load().is_empty() {
            keys.rotate().await?;
        }
        Ok(keys)
    }

    /// Reads the keys again: another process may have added one.
    pub async fn reload(&self) -> Result<(), Fault> {
        let rows = self.store.all_verifying(self.clock.now()).await?;
        let mut ready: Vec<ReadyKey> = rows.into_iter().map(ReadyKey::from_row).collect::<Result<_, _>>()?;
        ready.sort_by(|a, b| (b.created_at, &b.kid).cmp(&(a.created_at, &a.kid)));
        self.ready.store(Arc::new(ready));
        Ok(())
    }

    /// Adds a key. Returns its id.
    pub async fn rotate(&self) -> Result<String, Fault> {
        let now = self.clock.now();
        let key = SigningKey::from_bytes(&entropy::bytes()?);
        let public = key.verifying_key();
        let der = key.to_pkcs8_der().map_err(|error| Fault::internal(error.to_string()))?;
        let row = SigningKeyRow {
            kid: URL_SAFE_NO_PAD.encode(&Sha256::digest(public.as_bytes())[..12]),
            private_key: der.as_bytes().to_vec(),
            public_key: URL_SAFE_NO_PAD.encode(public.as_bytes()),
            created_at: now,
            verifies_until: None,
        };
        // The old keys sign until the new one does, and verify until what they signed last has expired.
        self.store.insert(&row, Some(now + Self::PUBLICATION + self.access_lifetime)).await?;
        self.reload().await?;
        Ok(row.kid)
    }

    /// The public keys, for `/.well-known/jwks.json`.
    #[must_use]
    pub fn public(&self) -> Vec<Jwk> {
        let now = self.clock.now();
        let ready = self.ready.load();
        ready.iter().filter(|key| key.verifies(now)).map(ReadyKey::jwk).collect()
    }

    /// Runs `sign` with the key that signs now.
    pub(super) fn sign<T>(&self, sign: impl FnOnce(&ReadyKey) -> T) -> Result<T, Fault> {
        let published = self.clock.now() - Self::PUBLICATION;
        let ready = self.ready.load();
        // The newest that was published long enough. Without one, the oldest: it is the first of all.
        let key = ready.iter().find(|key| key.created_at <= published).or(ready.last());
        key.map(sign).ok_or_else(|| Fault::internal("there is no signing key"))
    }

    /// Runs `verify` with the key of this id, if it still verifies.
    pub(super) fn verify<T>(&self, kid: &str, verify: impl FnOnce(&ReadyKey) -> T) -> Option<T> {
        let now = self.clock.now();
        self.ready.load().iter().find(|key| key.kid == kid && key.verifies(now)).map(verify)
    }
}

impl ReadyKey {
    fn from_row(row: SigningKeyRow) -> Result<Self, Fault> {
        Ok(Self {
            encoding: EncodingKey::from_ed_der(&row.private_key),
            decoding: DecodingKey::from_ed_components(&row.public_key).map_err(Fault::internal)?,
            kid: row.kid,
            public: row.public_key,
            created_at: row.created_at,
            verifies_until: row.verifies_until,
        })
    }

    fn verifies(&self, now: Instant) -> bool {
        self.verifies_until.is_none_or(|until| now < until)
    }

    fn jwk(&self) -> Jwk {
        Jwk { kty: "OKP", crv: "Ed25519", usage: "sig", alg: "EdDSA", kid: self.kid.clone(), x: self.public.clone() }
    }
}

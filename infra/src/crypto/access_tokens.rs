//! Access tokens: JWTs in the profile of RFC 9068, signed with Ed25519 (JOSE `EdDSA`).

use std::sync::Arc;

use chrono::DateTime;
use domain::{
    clock::Clock,
    error::Fault,
    user::{
        ports::AccessTokens,
        viewer::{SignedIn, TokenError},
    },
};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::signing_keys::SigningKeys;

/// RFC 9068: a token of another kind, such as an ID token, must never pass as an access token.
const TYPE: &str = "at+jwt";

/// Whose tokens these are.
#[derive(Debug, Clone)]
pub struct TokenIdentity {
    /// `iss`: who issues them.
    pub issuer: String,
    /// `aud`: for whom.
    pub audience: String,
}

/// Signs and reads access tokens.
pub struct JwtAccessTokens {
    keys: Arc<SigningKeys>,
    clock: Arc<dyn Clock>,
    identity: TokenIdentity,
    validation: Validation,
    /// Tokens that were found good, by their digest: a signature is verified once and not with each request.
    good: Cache<[u8; 32], Arc<Good>>,
}

/// What does not change of a good token. Whether it has expired, and whether its key still counts, is asked each time.
struct Good {
    kid: String,
    says: SignedIn,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

impl JwtAccessTokens {
    /// Good tokens that are kept, of some 200 bytes each. Those that are seen often stay.
    const KEPT: u64 = 100_000;

    /// Wires the adapter.
    #[must_use]
    pub fn new(keys: Arc<SigningKeys>, clock: Arc<dyn Clock>, identity: TokenIdentity) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&identity.issuer]);
        validation.set_audience(&[&identity.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // By our clock, below: the library would read the system's.
        validation.validate_exp = false;
        Self { keys, clock, identity, validation, good: Cache::new(Self::KEPT) }
    }

    /// Reads a token and verifies its signature.
    fn verify(&self, token: &str) -> Option<Good> {
        let header = decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let kid = header.kid?;
        let decoded = self.keys.verify(&kid, |key| decode::<Claims>(token, &key.decoding, &self.validation));
        let claims = decoded?.ok()?.claims;
        let says = SignedIn {
            user_id: claims.sub.parse().ok()?,
            session_id: claims.sid.parse().ok()?,
            expires_at: DateTime::from_timestamp(claims.exp, 0)?,
        };
        Some(Good { kid, says })
    }
}

impl AccessTokens for JwtAccessTokens {
    fn issue(&self, claims: &SignedIn) -> Result<String, Fault> {
        let claims = Claims {
            iss: self.identity.issuer.clone(),
            aud: self.identity.audience.clone(),
            sub: claims.user_id.to_string(),
            sid: claims.session_id.to_string(),
            iat: self.clock.now().timestamp(),
            exp: claims.expires_at.timestamp(),
        };
        let token = self.keys.sign(|key| {
            let mut header = Header::new(Algorithm::EdDSA);
            header.typ = Some(TYPE.to_owned());
            header.kid = Some(key.kid.clone());
            encode(&header, &claims, &key.encoding)
        })?;
        token.map_err(Fault::internal)
    }

    fn read(&self, token: &str) -> Result<SignedIn, TokenError> {
        let digest = Sha256::digest(token).into();
        let good = if let Some(good) = self.good.get(&digest) {
            self.keys.verify(&good.kid, |_| ()).ok_or(TokenError::Invalid)?;
            good
        } else {
            let good = Arc::new(self.verify(token).ok_or(TokenError::Invalid)?);
            self.good.insert(digest, Arc::clone(&good));
            good
        };
        if self.clock.now() >= good.says.expires_at {
            return Err(TokenError::Expired);
        }
        Ok(good.says)
    }
}

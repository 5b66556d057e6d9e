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
use serde::{Deserialize, Serialize};

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
    /// Wires the adapter.
    #[must_use]
    pub fn new(keys: Arc<SigningKeys>, clock: Arc<dyn Clock>, identity: TokenIdentity) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&identity.issuer]);
        validation.set_audience(&[&identity.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // By our clock, below: the library would read the system's.
        validation.validate_exp = false;
        Self { keys, clock, identity, validation }
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
        let invalid = TokenError::Invalid;
        let header = decode_header(token).map_err(|_| invalid)?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return Err(invalid);
        }
        let kid = header.kid.ok_or(invalid)?;
        let decoded = self.keys.verify(&kid, |key| decode::<Claims>(token, &key.decoding, &self.validation));
        let claims = decoded.ok_or(invalid)?.map_err(|_| invalid)?.claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0).ok_or(invalid)?;
        if self.clock.now() >= expires_at {
            return Err(TokenError::Expired);
        }
        Ok(SignedIn {
            user_id: claims.sub.parse().map_err(|_| invalid)?,
            session_id: claims.sid.parse().map_err(|_| invalid)?,
            expires_at,
        })
    }
}

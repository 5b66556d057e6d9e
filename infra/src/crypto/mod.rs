//! Passwords, access tokens and refresh secrets.
//!
//! The cryptography is that of well-kept crates; here is only how it is used. No secret is logged.

mod access_tokens;
pub(crate) mod entropy;
mod passwords;
mod refresh_secrets;
mod signing_keys;

pub use access_tokens::{JwtAccessTokens, TokenIdentity};
pub use passwords::{Argon2Passwords, HashingBounds};
pub use refresh_secrets::HmacRefreshSecrets;
pub use signing_keys::{Jwk, SigningKeys};

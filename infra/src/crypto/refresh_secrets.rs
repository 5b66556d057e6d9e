//! Secrets of refresh tokens: 32 random bytes, known to the database by their hash alone.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{error::Fault, user::ports::RefreshSecrets};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::entropy;

/// The text form begins with this, so that scanners for leaked secrets can tell what they found.
const PREFIX: &str = "spike_rt_";

/// Makes and derives secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct HmacRefreshSecrets;

impl RefreshSecrets for HmacRefreshSecrets {
    fn random(&self) -> Result<[u8; 32], Fault> {
        entropy::bytes()
    }

    fn successor(&self, secret: &[u8; 32], nonce: &[u8; 32]) -> [u8; 32] {
        let mut key = [0; 64];
        key[..32].copy_from_slice(secret);
        let mut mac = Hmac::<Sha256>::new(&key.into());
        mac.update(b"spike refresh token successor");
        mac.update(nonce);
        mac.finalize().into_bytes().into()
    }

    fn digest(&self, secret: &[u8; 32]) -> [u8; 32] {
        Sha256::digest(secret).into()
    }

    fn encode(&self, secret: &[u8; 32]) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret))
    }

    fn decode(&self, text: &str) -> Option<[u8; 32]> {
        URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_depends_on_the_secret_and_the_nonce() {
        let secrets = HmacRefreshSecrets;
        let (a, b) = (secrets.random().unwrap(), secrets.random().unwrap());
        assert_ne!(a, b);
        assert_eq!(secrets.successor(&a, &b), secrets.successor(&a, &b));
        assert_ne!(secrets.successor(&a, &b), secrets.successor(&b, &a));
        assert_eq!(secrets.decode(&secrets.encode(&a)), Some(a));
        for bad in ["", "spike_rt_", "spike_rt_AAAA", &secrets.encode(&a)[1..], &format!("{}=", secrets.encode(&a))] {
            assert_eq!(secrets.decode(bad), None, "{bad}");
        }
    }
}

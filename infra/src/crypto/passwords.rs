//! Password hashes: argon2id, on a pool that is bounded in how many run and how many wait.
//!
//! A hash costs 19 MiB and some 20 ms of a core (OWASP's minimum for argon2id: m = 19 MiB, t = 2, p = 1).
//! Without a bound, a crowd that signs in at once would take all memory and starve everything else.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{self, phc::PasswordHash},
};
use async_trait::async_trait;
use domain::{
    error::Fault,
    user::{account::Password, ports::PasswordHasher},
};
use tokio::sync::Semaphore;

use super::entropy;

/// How much hashing is let in.
#[derive(Debug, Clone, Copy)]
pub struct HashingBounds {
    /// Hashes at the same time.
    pub concurrent: usize,
    /// Callers that may wait for their turn; more are told to come back.
    pub waiting: usize,
}

/// Hashes passwords.
pub struct Argon2Passwords {
    turns: Arc<Semaphore>,
    inside: AtomicUsize,
    bounds: HashingBounds,
    /// The hash of no password: what is verified when there is no account.
    nobody: String,
}

/// Counts a caller in, and out again however it leaves.
struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Argon2Passwords {
    /// Makes the hasher. Hashes once, for [`PasswordHasher::verify`] without an account.
    pub fn new(bounds: HashingBounds) -> Result<Self, Fault> {
        let nobody = hash(&Password::from_stored(String::new()))?;
        Ok(Self { turns: Arc::new(Semaphore::new(bounds.concurrent)), inside: AtomicUsize::new(0), bounds, nobody })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let inside = self.inside.fetch_add(1, Ordering::Relaxed);
        let _inside = Inside(&self.inside);
        if inside >= self.bounds.concurrent + self.bounds.waiting {
            return Err(Fault::unavailable("sign-in", "too many passwords are being checked"));
        }
        // The turn goes along with the work: a caller that gives up does not free it while the work runs.
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(Fault::internal)?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
        .map_err(Fault::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| Fault::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Password) -> Result<String, Fault> {
    let salt = entropy::bytes::<16>()?;
    let hash = argon2()?.hash_password_with_salt(password.as_str().as_bytes(), &salt);
    Ok(hash.map_err(|error| Fault::internal(error.to_string()))?.to_string())
}

fn verify(password: &Password, hash: &str) -> Result<bool, Fault> {
    let hash = PasswordHash::new(hash).map_err(|error| Fault::internal(error.to_string()))?;
    match argon2()?.verify_password(password.as_str().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(Fault::internal(error.to_string())),
    }
}

#[async_trait]
impl PasswordHasher for Argon2Passwords {
    async fn hash(&self, password: &Password) -> Result<String, Fault> {
        let password = password.clone();
        self.run(move || hash(&password)).await
    }

    async fn verify(&self, password: &Password, hash: Option<&str>) -> Result<bool, Fault> {
        let password = password.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let fits = self.run(move || verify(&password, &hash)).await?;
        Ok(fits && known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::from_stored(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone_and_nobody_fits_none() {
        let passwords = Argon2Passwords::new(HashingBounds { concurrent: 2, waiting: 8 }).unwrap();
        let hash = passwords.hash(&password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(&password("correct horse"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&password("correct horsf"), Some(&hash)).await.unwrap());
        assert!(!passwords.verify(&password(""), None).await.unwrap());
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_told_to_come_back() {
        let passwords = Argon2Passwords::new(HashingBounds { concurrent: 1, waiting: 2 }).unwrap();
        let password = password("correct horse");
        let all = futures_util::future::join_all((0..10).map(|_| passwords.verify(&password, None))).await;
        let refused = all.iter().filter(|result| matches!(result, Err(Fault::Unavailable { .. }))).count();
        assert_eq!(refused, 7, "one runs, two wait");
        assert!(!passwords.verify(&password, None).await.unwrap(), "and later there is room again");
    }
}

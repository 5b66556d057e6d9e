//! Attempts to sign in, counted for all replicas.
//!
//! Signing in does not need Redis: while it is away, each process counts by itself.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    clock::Clock,
    error::Fault,
    rate::Quota,
    user::ports::{Attempt, AttemptLimiter, AttemptQuotas},
};
use redis::{RedisResult, Value};
use sha2::{Digest, Sha256};

use super::{
    OpenError, RedisOptions, Server,
    keys::AttemptKeys,
    script::{Invocation, TRY, UNTRY},
};
use crate::memory::MemoryAttempts;

/// Counts attempts in a Redis that all replicas share.
pub struct RedisAttempts {
    server: Server,
    prefix: String,
    quotas: AttemptQuotas,
    /// The time, if not Redis's own.
    clock: Option<Arc<dyn Clock>>,
    meanwhile: MemoryAttempts,
}

impl RedisAttempts {
    /// Connects. `clock` is that of this process, for as long as Redis is away.
    pub async fn open(options: &RedisOptions, quotas: AttemptQuotas, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Ok(Self {
            server: Server::open(options).await?,
            prefix: options.prefix.clone(),
            quotas,
            clock: options.clock.clone(),
            meanwhile: MemoryAttempts::new(quotas, clock),
        })
    }

    fn keys(&self, attempt: &Attempt) -> [String; 2] {
        let mut digest = Sha256::new();
        digest.update(&attempt.account);
        let account = short(&digest.clone().finalize());
        digest.update(attempt.from.map_or_else(String::new, |address| format!("\0{address}")));
        AttemptKeys::new(&self.prefix, &account).both(&short(&digest.finalize()))
    }

    async fn run(&self, invocation: &Invocation) -> RedisResult<Duration> {
        match self.server.run(invocation).await? {
            Value::Int(micros) => Ok(Duration::from_micros(u64::try_from(micros).unwrap_or_default())),
            other => Err((redis::ErrorKind::Parse, "not a number", format!("{other:?}")).into()),
        }
    }
}

/// Enough of a digest to tell accounts apart.
fn short(digest: &[u8]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The time of one attempt and of all of them, in microseconds.
fn times(quota: Quota) -> [u64; 2] {
    let all = u64::try_from(quota.per().as_micros()).unwrap_or(u64::MAX);
    [all / u64::from(quota.count()), all]
}

#[async_trait]
impl AttemptLimiter for RedisAttempts {
    async fn begin(&self, attempt: &Attempt) -> Result<Result<(), Duration>, Fault> {
        let now = self.clock.as_ref().map_or_else(String::new, |clock| clock.now().timestamp_micros().to_string());
        let mut invocation = TRY.on(&self.keys(attempt)).with(now);
        for quota in [self.quotas.of_account_and_address, self.quotas.of_account] {
            for time in times(quota) {
                invocation.arg(time);
            }
        }
        match self.run(&invocation).await {
            Ok(wait) => Ok(if wait.is_zero() { Ok(()) } else { Err(wait) }),
            Err(error) => {
                tracing::warn!(%error, "attempts to sign in are counted in this process alone");
                self.meanwhile.begin(attempt).await
            }
        }
    }

    async fn succeeded(&self, attempt: &Attempt) -> Result<(), Fault> {
        let invocation = UNTRY
            .on(&self.keys(attempt))
            .with(times(self.quotas.of_account_and_address)[0])
            .with(times(self.quotas.of_account)[0]);
        if let Err(error) = self.run(&invocation).await {
            // Somebody who knows the password has one attempt less for a while.
            tracing::warn!(%error, "an attempt to sign in was not taken back");
        }
        self.meanwhile.succeeded(attempt).await
    }
}

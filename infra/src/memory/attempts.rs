//! Attempts to sign in, counted in this process.

use std::{net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    clock::Clock,
    error::Fault,
    rate::RateTable,
    user::ports::{Attempt, AttemptLimiter, AttemptQuotas},
};

/// Counts attempts in the memory of this process. Of accounts and addresses it keeps keyed hashes alone, in tables of
/// fixed size.
pub struct MemoryAttempts {
    clock: Arc<dyn Clock>,
    of_account: RateTable,
    of_account_and_address: RateTable,
}

impl MemoryAttempts {
    /// Nobody has tried anything yet.
    pub fn new(quotas: AttemptQuotas, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        Self {
            of_account: RateTable::new(quotas.of_account, now),
            of_account_and_address: RateTable::new(quotas.of_account_and_address, now),
            clock,
        }
    }
}

fn both(attempt: &Attempt) -> (&str, Option<IpAddr>) {
    (&attempt.account, attempt.from)
}

#[async_trait]
impl AttemptLimiter for MemoryAttempts {
    async fn begin(&self, attempt: &Attempt) -> Result<Result<(), Duration>, Fault> {
        let now = self.clock.now();
        // Whoever is refused here uses nothing up of what others may.
        if let Err(wait) = self.of_account_and_address.take(&both(attempt), 1, now) {
            return Ok(Err(wait));
        }
        Ok(self.of_account.take(&attempt.account, 1, now))
    }

    async fn succeeded(&self, attempt: &Attempt) -> Result<(), Fault> {
        let now = self.clock.now();
        self.of_account_and_address.give_back(&both(attempt), 1, now);
        self.of_account.give_back(&attempt.account, 1, now);
        Ok(())
    }
}

/// Counts nothing.
pub struct UncountedAttempts;

#[async_trait]
impl AttemptLimiter for UncountedAttempts {
    async fn begin(&self, _: &Attempt) -> Result<Result<(), Duration>, Fault> {
        Ok(Ok(()))
    }

    async fn succeeded(&self, _: &Attempt) -> Result<(), Fault> {
        Ok(())
    }
}

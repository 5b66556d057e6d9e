//! Trying a transaction again when another one came in between.
//!
//! On SQLite one transaction writes at a time and nothing comes in between. Where several write at once, a
//! guard or a unique index can stop a transaction whose reads were right when it began; begun again, it sees
//! what stopped it and answers accordingly.

use domain::error::{Cause, Fault};
use sea_orm::DbErr;

use crate::sql::error::{fault, violated_unique};

/// Why a transaction did not commit.
#[derive(Debug)]
pub(super) enum Setback {
    /// Another transaction came in between. Trying again may work.
    Raced(Cause),
    /// Trying again does not help.
    Fault(Fault),
}

impl From<Fault> for Setback {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<DbErr> for Setback {
    fn from(error: DbErr) -> Self {
        if violated_unique(&error).is_some() { Self::Raced(error.into()) } else { Self::Fault(fault(error)) }
    }
}

/// How often a transaction is begun before its setbacks are taken for a defect.
const TRIES: u32 = 5;

/// Runs a transaction, and again after a race. Each run begins its own and commits it or changes nothing.
pub(super) async fn retried<T, Run>(transaction: impl Fn() -> Run + Send) -> Result<T, Fault>
where
    Run: Future<Output = Result<T, Setback>> + Send,
{
    let mut tries = 1;
    loop {
        match transaction().await {
            Ok(done) => return Ok(done),
            Err(Setback::Raced(cause)) if tries < TRIES => {
                tracing::debug!(tries, error = &*cause as &dyn std::error::Error, "a transaction is begun again");
                tries += 1;
            }
            Err(Setback::Raced(cause)) => return Err(Fault::internal(cause)),
            Err(Setback::Fault(fault)) => return Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_race_is_run_again_until_it_is_taken_for_a_defect() {
        for (races, ends_well) in [(0, true), (TRIES - 1, true), (TRIES, false)] {
            let runs = AtomicU32::new(0);
            let done = retried(async || {
                let run = runs.fetch_add(1, Ordering::Relaxed);
                if run < races { Err(Setback::Raced("raced".into())) } else { Ok(run) }
            })
            .await;
            assert_eq!(done.is_ok(), ends_well, "{races} races");
            assert_eq!(runs.into_inner(), (races + 1).min(TRIES));
        }
    }

    #[tokio::test]
    async fn a_fault_is_not_run_again() {
        let runs = AtomicU32::new(0);
        let done: Result<(), _> = retried(async || {
            runs.fetch_add(1, Ordering::Relaxed);
            Err(Setback::Fault(Fault::internal("broken")))
        })
        .await;
        assert!(done.is_err());
        assert_eq!(runs.into_inner(), 1);
    }
}

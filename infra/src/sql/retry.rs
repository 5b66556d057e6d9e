//! Running a transaction that writes, and running it again when another one came in between.
//!
//! On SQLite one transaction writes at a time and nothing comes in between. Where several write at once, the
//! engine stops one of those that wait for each other (a deadlock), gives up a wait, or a guard or a unique
//! index stops a transaction whose reads were right when it began. Begun again, it sees what stopped it and
//! answers accordingly. Each run begins its own transaction and commits it or changes nothing.
//!
//! A connection that breaks is no reason to run again: whether the commit came through is not known. Whoever
//! asked tries again by the key of its attempt.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use domain::error::{Cause, Fault};
use sea_orm::DbErr;
use tokio::time::{Instant, sleep};

use super::{
    Database,
    connection::{Silence, statement_bound},
    error::{fault, is_interrupted, violated_unique},
};

/// Why a transaction did not commit.
#[derive(Debug)]
pub(super) enum Setback {
    /// Another transaction was first. Trying again shows what it did.
    Raced(Cause),
    /// The engine stopped the transaction for the sake of another one.
    Interrupted(DbErr),
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
        if violated_unique(&error).is_some() {
            Self::Raced(error.into())
        } else if is_interrupted(&error) {
            Self::Interrupted(error)
        } else {
            Self::Fault(fault(error))
        }
    }
}

/// What a setback is when nobody tries again.
impl From<Setback> for Fault {
    fn from(setback: Setback) -> Self {
        match setback {
            Setback::Raced(cause) => Self::internal(cause),
            Setback::Interrupted(error) => fault(error),
            Setback::Fault(fault) => fault,
        }
    }
}

impl Database {
    /// Runs a transaction that writes, and again after a race.
    pub(super) async fn retried<T, Run>(&self, transaction: impl Fn() -> Run + Send) -> Result<T, Fault>
    where
        Run: Future<Output = Result<T, Setback>> + Send,
    {
        retried(self.patience(), self.silence(), transaction).await
    }
}

/// How often a transaction is begun before its setbacks are taken for a defect.
const TRIES: u32 = 8;

/// The pause after the first setback. It doubles with each.
const PAUSE: Duration = Duration::from_millis(1);

async fn retried<T, Run>(
    patience: Duration,
    silence: &Silence,
    transaction: impl Fn() -> Run + Send,
) -> Result<T, Fault>
where
    Run: Future<Output = Result<T, Setback>> + Send,
{
    let began = Instant::now();
    let mut tries = 1;
    loop {
        let run = silence.within(statement_bound(patience), transaction()).await;
        let setback = match run.unwrap_or_else(|silent| Err(silent.into())) {
            Ok(done) => return Ok(done),
            Err(setback) => setback,
        };
        match &setback {
            Setback::Fault(_) => return Err(setback.into()),
            // Waits for locks add up: a caller is not kept for many of them.
            Setback::Interrupted(_) if began.elapsed() >= patience => return Err(setback.into()),
            _ if tries == TRIES => return Err(setback.into()),
            Setback::Raced(cause) => tracing::debug!(tries, %cause, "a transaction is begun again"),
            Setback::Interrupted(cause) => tracing::debug!(tries, %cause, "a transaction is begun again"),
        }
        sleep(pause(tries)).await;
        tries += 1;
    }
}

/// How long to wait before the next try: somewhere between half and all of a span that doubles, so that those
/// who stopped each other do not meet again at once.
fn pause(tries: u32) -> Duration {
    let span = PAUSE * (1 << tries.min(TRIES));
    // Not a secret, so not from the source of those: the keys of a hash differ each time.
    let draw = u32::try_from(RandomState::new().hash_one(tries) % 1_000).unwrap_or_default();
    span / 2 + span / 2_000 * draw
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const PATIENCE: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn a_race_is_run_again_until_it_is_taken_for_a_defect() {
        for (races, ends_well) in [(0, true), (TRIES - 1, true), (TRIES, false)] {
            let runs = AtomicU32::new(0);
            let done = retried(PATIENCE, &Silence::default(), async || {
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
        let done: Result<(), _> = retried(PATIENCE, &Silence::default(), async || {
            runs.fetch_add(1, Ordering::Relaxed);
            Err(Setback::Fault(Fault::internal("broken")))
        })
        .await;
        assert!(done.is_err());
        assert_eq!(runs.into_inner(), 1);
    }

    #[tokio::test]
    async fn a_run_that_hangs_ends() {
        let done: Result<(), _> = retried(Duration::from_millis(1), &Silence::default(), std::future::pending).await;
        assert!(matches!(done, Err(Fault::Unavailable { part: "database", .. })), "{done:?}");
    }

    #[test]
    fn pauses_grow_and_differ() {
        for tries in 1..TRIES {
            let span = PAUSE * (1 << tries);
            let pauses: Vec<Duration> = (0..20).map(|_| pause(tries)).collect();
            assert!(pauses.iter().all(|pause| (span / 2..=span).contains(pause)), "{pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
        }
    }
}

//! What is read often and stored elsewhere: fresh for a moment, and good enough for a while if the place where it is
//! stored is away.
//!
//! A database that does not answer must not stop a sale that needs nothing of it but what it said a second ago. What
//! is served that way may be as old as the outage. So it is for what administrators set (a campaign, its rules) and what
//! changes slowly (a person), never for stock, orders or money.

use std::{hash::Hash, sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use moka::future::Cache;

use crate::{clock::Clock, error::Fault};

/// A cache by key.
pub struct LastKnown<K, V> {
    clock: Arc<dyn Clock>,
    fresh: Cache<K, V>,
    known: Cache<K, V>,
}

impl<K, V> LastKnown<K, V>
where
    K: Hash + Eq + Copy + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// How long a read may take where something is known already.
    const PATIENCE: chrono::Duration = chrono::Duration::milliseconds(300);
    /// How long something stays known.
    const MEMORY: Duration = Duration::from_hours(1);

    /// An empty cache of so many values, each fresh for this long.
    pub fn new(clock: Arc<dyn Clock>, capacity: u64, freshness: Duration) -> Self {
        Self {
            clock,
            fresh: Cache::builder().max_capacity(capacity).time_to_live(freshness).build(),
            known: Cache::builder().max_capacity(capacity).time_to_live(Self::MEMORY).build(),
        }
    }

    /// The value, by `read` if it is not fresh. However many ask at the same moment, it is read once.
    ///
    /// If that is not possible now, the value as it was known counts as fresh again: the next read is tried when
    /// that is over, and nobody waits in between.
    pub async fn get(&self, key: K, read: impl Future<Output = Result<V, Fault>> + Send) -> Result<V, Fault> {
        if let Some(fresh) = self.fresh.get(&key).await {
            return Ok(fresh);
        }
        let read = async {
            let Some(known) = self.known.get(&key).await else {
                let value = read.await?;
                self.known.insert(key, value.clone()).await;
                return Ok(value);
            };
            let read = std::pin::pin!(read);
            let error = match select(read, self.clock.sleep(Self::PATIENCE)).await {
                Either::Left((Ok(value), _)) => {
                    self.known.insert(key, value.clone()).await;
                    return Ok(value);
                }
                Either::Left((Err(fault @ Fault::Unavailable { .. }), _)) => fault,
                Either::Left((Err(fault), _)) => return Err(fault),
                Either::Right(_) => Fault::unavailable("database", "no answer in time"),
            };
            tracing::warn!(error = &error as &dyn std::error::Error, "going on with what was known before");
            Ok(known)
        };
        // Apart, because it is large and rare: what waits for it is moved once a request.
        Box::pin(self.fresh.try_get_with(key, read)).await.map_err(|fault: Arc<Fault>| fault.again())
    }

    /// The value if it is fresh.
    pub async fn fresh(&self, key: &K) -> Option<V> {
        self.fresh.get(key).await
    }

    /// Puts a value that was read with others.
    pub async fn put(&self, key: K, value: V) {
        self.known.insert(key, value.clone()).await;
        self.fresh.insert(key, value).await;
    }

    /// Forgets a value that was changed. What was known before must not come back.
    pub async fn forget(&self, key: &K) {
        self.known.invalidate(key).await;
        self.fresh.invalidate(key).await;
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.known.invalidate_all();
        self.fresh.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ManualClock, instant};

    /// Every value is out of date at once, so that each look reads.
    fn cache(clock: &Arc<ManualClock>) -> LastKnown<u8, u32> {
        LastKnown::new(clock.clone(), 10, Duration::from_nanos(1))
    }

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(instant("2026-01-01T10:00:00Z")))
    }

    #[tokio::test]
    async fn what_was_known_is_good_while_the_place_is_away() {
        let cache = cache(&clock());
        let away = || Fault::unavailable("database", "gone");
        assert!(cache.get(1, async { Err(away()) }).await.is_err(), "nothing is known yet");
        assert_eq!(cache.get(1, async { Ok(7) }).await.unwrap(), 7);
        assert_eq!(cache.get(1, async { Err(away()) }).await.unwrap(), 7);
        assert_eq!(cache.get(1, async { Ok(8) }).await.unwrap(), 8, "it is back");
        assert!(cache.get(1, async { Err(Fault::internal("broken")) }).await.is_err(), "a defect is not hidden");
        cache.forget(&1).await;
        assert!(cache.get(1, async { Err(away()) }).await.is_err());
    }

    #[tokio::test]
    async fn nobody_waits_long_where_something_is_known() {
        let clock = clock();
        let cache = cache(&clock);
        assert_eq!(cache.get(1, async { Ok(7) }).await.unwrap(), 7);
        let looking = cache.get(1, std::future::pending());
        let later = async {
            // The look has begun: the clock is moved until it gives up.
            for _ in 0..10 {
                tokio::task::yield_now().await;
                clock.advance(chrono::Duration::milliseconds(100));
            }
        };
        assert_eq!(tokio::join!(looking, later).0.unwrap(), 7);
    }
}

//! Reads by a key that are asked for at the same moment share a query.
//!
//! A crowd that grabs makes the same small read once a head, each a round trip of its own. Here the reads that wait
//! go together; one that comes alone goes at once. A read begins after it was asked for, so it sees everything that
//! was committed before.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    time::Duration,
};

use domain::error::Fault;
use tokio::time::timeout;

use domain::group::{Commit, GroupBounds, GroupCommit, for_each};

/// What is read by a key.
pub(super) trait Lookup: Send + Sync + 'static {
    /// What it is found by.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is found.
    type Found: Clone + Send + 'static;

    /// Reads all of these, of which there are at most [`GROUP`], each once. What there is not is left out.
    fn read(&self, keys: &[Self::Key]) -> impl Future<Output = Result<HashMap<Self::Key, Self::Found>, Fault>> + Send;
}

/// The most that one query is asked for.
pub(super) const GROUP: usize = 64;
/// Queries at the same time: while the database answers one, the next is on its way.
const AT_ONCE: usize = 2;
/// What may wait.
const WAITING: usize = 10_000;

/// The way to shared reads. Its task ends with it.
pub(super) struct Gather<L: Lookup> {
    group: GroupCommit<Reading<L>>,
    patience: Duration,
}

impl<L: Lookup> Gather<L> {
    /// Starts the task that reads.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub(super) fn start(lookup: L, patience: Duration) -> Self {
        let bounds = GroupBounds {
            group: GROUP,
            at_once: AT_ONCE,
            beside: 1,
            in_the_way: None,
            waiting: WAITING,
            leave_out_abandoned: true,
        };
        Self { group: GroupCommit::start(Reading(lookup), bounds), patience }
    }

    /// What is found by this key. While the database does not answer, whoever is behind others is told so after its
    /// own patience and not after theirs.
    pub(super) async fn find(&self, key: L::Key) -> Result<Option<L::Found>, Fault> {
        let late = || Fault::unavailable(Reading::<L>::PART, "the database did not answer in time");
        timeout(self.patience, self.group.submit(key)).await.unwrap_or_else(|_| Err(late()))
    }
}

struct Reading<L>(L);

impl<L: Lookup> Commit for Reading<L> {
    type Item = L::Key;
    type Answer = Option<L::Found>;
    const PART: &'static str = "database";

    async fn commit(&self, group: Vec<L::Key>) -> Vec<Result<Option<L::Found>, Fault>> {
        let mut seen = HashSet::with_capacity(group.len());
        let keys: Vec<L::Key> = group.iter().filter(|key| seen.insert(*key)).cloned().collect();
        match self.0.read(&keys).await {
            Ok(found) => group.iter().map(|key| Ok(found.get(key).cloned())).collect(),
            Err(fault @ Fault::Unavailable { .. }) => for_each(group.len(), Err(fault)),
            // A row that cannot be read is the matter of who asked for it, and of nobody else.
            Err(_) => {
                let mut answers = Vec::with_capacity(group.len());
                for key in group {
                    let found = self.0.read(std::slice::from_ref(&key)).await;
                    answers.push(found.map(|found| found.get(&key).cloned()));
                }
                answers
            }
        }
    }
}

/// The same keys, the last of them again and again, as many as the next power of two: queries of few different
/// lengths are prepared once each and not anew for every crowd.
pub(super) fn padded<K>(keys: &[K]) -> impl Iterator<Item = &K> {
    keys.iter().chain(std::iter::repeat_n(keys.last(), keys.len().next_power_of_two() - keys.len()).flatten())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// Knows even numbers, and fails for 13.
    struct Even(Arc<AtomicUsize>);

    impl Lookup for Even {
        type Key = u32;
        type Found = u32;

        async fn read(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, Fault> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if keys.contains(&13) {
                return Err(Fault::internal("13"));
            }
            Ok(keys.iter().filter(|key| **key % 2 == 0).map(|key| (*key, key / 2)).collect())
        }
    }

    #[tokio::test]
    async fn who_asks_at_the_same_moment_shares_a_query_and_gets_what_is_theirs() {
        let queries = Arc::new(AtomicUsize::new(0));
        let gather = Gather::start(Even(Arc::clone(&queries)), Duration::from_secs(20));
        let keys: Vec<u32> = (14..50).chain(20..30).collect();
        let found = futures_util::future::join_all(keys.iter().map(|key| gather.find(*key))).await;
        for (key, found) in keys.iter().zip(found) {
            assert_eq!(found.unwrap(), (key % 2 == 0).then_some(key / 2));
        }
        assert!(queries.load(Ordering::Relaxed) < 5, "{queries:?}");
        let (bad, good, none) = tokio::join!(gather.find(13), gather.find(8), gather.find(7));
        assert!(bad.is_err());
        assert_eq!((good.unwrap(), none.unwrap()), (Some(4), None));
    }

    #[test]
    fn there_are_few_lengths_of_queries() {
        let of = |count: usize| padded(&(0..count).collect::<Vec<_>>()).copied().collect::<Vec<_>>();
        assert_eq!(of(1), [0]);
        assert_eq!(of(3), [0, 1, 2, 2]);
        assert_eq!(of(64).len(), 64);
        assert_eq!(of(33).len(), 64);
    }
}

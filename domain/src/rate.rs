//! How often something may be done by somebody.
//!
//! The algorithm is GCRA, the generic cell rate algorithm (ITU-T I.371, annex A): all that is remembered of somebody is
//! the moment at which they would be due again if they had come evenly. It is kept in a table of fixed size and without
//! locks, because it is asked before everything else and by anybody: a flood of addresses must not fill the memory.

use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::{BuildHasher, Hash},
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::clock::Instant;

/// So many at once, and in the long run so many in each such time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    count: u32,
    per: Duration,
}

/// A text that is no [`Quota`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a rate: write it as \"100/10s\", \"20/10m\" or \"1000/1h\"")]
pub struct NotAQuota(String);

/// What a slot of the table counts in. It holds half a year less than six years of them.
const UNIT: Duration = Duration::from_micros(10);
/// The longest time of a quota.
const MAX_PER: Duration = Duration::from_hours(30 * 24);

impl Quota {
    /// At least 1, at most ten in a millisecond and a million in all, in up to 30 days.
    #[must_use]
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        let most = u128::from(count) * (UNIT * 10).as_micros();
        let fits = (1..=1_000_000).contains(&count) && most <= per.as_micros() && per <= MAX_PER;
        fits.then_some(Self { count, per })
    }

    /// The most that fits at once.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// In which time it is full again.
    #[must_use]
    pub const fn per(&self) -> Duration {
        self.per
    }

    /// What so many take of the time, in units of the table.
    fn cost(&self, count: u32) -> u64 {
        let per = units(self.per);
        // Rounded down for each, so that as many fit at once as the quota says.
        (per / u64::from(self.count)).saturating_mul(count.into())
    }
}

fn units(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros() / UNIT.as_micros()).unwrap_or(u64::MAX)
}

impl FromStr for Quota {
    type Err = NotAQuota;

    fn from_str(text: &str) -> Result<Self, NotAQuota> {
        let read = || {
            let (count, per) = text.split_once('/')?;
            let per = per.trim();
            let digits = per.find(|c: char| !c.is_ascii_digit())?;
            let (number, unit) = per.split_at(digits);
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            let per = Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?);
            Self::new(count.trim().parse().ok()?, per)
        };
        read().ok_or_else(|| NotAQuota(text.to_owned()))
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.per.as_secs();
        let (number, unit) = match seconds {
            s if s > 0 && s % 86_400 == 0 => (s / 86_400, "d"),
            s if s > 0 && s % 3_600 == 0 => (s / 3_600, "h"),
            s if s > 0 && s % 60 == 0 => (s / 60, "m"),
            s => (s, "s"),
        };
        write!(f, "{}/{number}{unit}", self.count)
    }
}

/// Slots that a key may be in. All of a bucket's keys would have to be busy at once for one to be forgotten early.
const WAYS: usize = 8;
/// Buckets of a table: together a quarter of a megabyte.
const BUCKETS: usize = 4_096;
/// Bits of a slot that say when its key is due; those above say whose it is.
const DUE_BITS: u32 = 44;
const DUE: u64 = (1 << DUE_BITS) - 1;

/// Who has done how much of one thing. Its size is fixed and it takes no lock; whoever has all of their quota left takes
/// no room in it. Two keys are taken for one with a chance of some millionths.
pub struct RateTable {
    quota: Quota,
    started: Instant,
    hasher: RandomState,
    slots: Box<[AtomicU64]>,
}

impl RateTable {
    /// An empty table, from now on.
    #[must_use]
    pub fn new(quota: Quota, now: Instant) -> Self {
        let slots = (0..BUCKETS * WAYS).map(|_| AtomicU64::new(0)).collect();
        Self { quota, started: now, hasher: RandomState::new(), slots }
    }

    /// What is counted here.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// Counts `count` more by this key, or counts nothing and says how long to wait until they fit. More than the quota
    /// never fit.
    pub fn take(&self, key: &impl Hash, count: u32, now: Instant) -> Result<(), Duration> {
        let (bucket, tag) = self.place(key);
        let now = self.units_at(now);
        let (cost, window) = (self.quota.cost(count), units(self.quota.per));
        loop {
            let (slot, seen, due) = find(bucket, tag, now, window);
            let due = due.saturating_add(cost);
            if due > now + window {
                let wait = (due - now - window).min(window);
                return Err(UNIT * u32::try_from(wait).unwrap_or(u32::MAX));
            }
            if slot.compare_exchange_weak(seen, tag | (due & DUE), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return Ok(());
            }
        }
    }

    /// Counts `count` fewer by this key.
    pub fn give_back(&self, key: &impl Hash, count: u32, now: Instant) {
        let (bucket, tag) = self.place(key);
        let now = self.units_at(now);
        let (cost, window) = (self.quota.cost(count), units(self.quota.per));
        loop {
            let (slot, seen, due) = find(bucket, tag, now, window);
            if due <= now {
                return;
            }
            let left = due.saturating_sub(cost).max(now);
            if slot.compare_exchange_weak(seen, tag | (left & DUE), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }

    fn place(&self, key: &impl Hash) -> (&[AtomicU64], u64) {
        let hash = self.hasher.hash_one(key);
        let bucket = usize::try_from(hash % BUCKETS as u64).unwrap_or_default() * WAYS;
        (&self.slots[bucket..bucket + WAYS], hash & !DUE)
    }

    /// Since the start, and at least 1: a slot of 0 is empty.
    fn units_at(&self, now: Instant) -> u64 {
        let passed = (now - self.started).to_std().unwrap_or_default();
        units(passed).min(DUE / 2) + 1
    }
}

/// The slot of a key, what is in it and when the key is due: its own, or the one whose key is due first.
fn find(bucket: &[AtomicU64], tag: u64, now: u64, window: u64) -> (&AtomicU64, u64, u64) {
    let mut best: Option<(&AtomicU64, u64, u64)> = None;
    for slot in bucket {
        let seen = slot.load(Ordering::Relaxed);
        // Nobody is due later than one window from now, unless the clock was set back.
        let due = Some(seen & DUE).filter(|due| (now..=now + window).contains(due)).unwrap_or(now);
        if seen & !DUE == tag && due > now {
            return (slot, seen, due);
        }
        if best.is_none_or(|(.., earliest)| due < earliest) {
            best = Some((slot, seen, due));
        }
    }
    match best {
        Some((slot, seen, _)) => (slot, seen, now),
        None => (&bucket[0], 0, now),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::instant;

    fn start() -> Instant {
        instant("2026-01-01T10:00:00Z")
    }

    fn at(millis: i64) -> Instant {
        start() + chrono::Duration::milliseconds(millis)
    }

    #[test]
    fn quotas_are_written_as_people_do() {
        for (text, count, seconds, shown) in
            [("100/10s", 100, 10, "100/10s"), (" 5 / 60s", 5, 60, "5/1m"), ("1/24h", 1, 86_400, "1/1d")]
        {
            let quota: Quota = text.parse().unwrap();
            assert_eq!((quota.count(), quota.per().as_secs(), quota.to_string().as_str()), (count, seconds, shown));
        }
        for bad in [
            "",
            "10",
            "/s",
            "10/s",
            "0/1s",
            "-1/1s",
            "1/0s",
            "1/31d",
            "1/1w",
            "2000000/1h",
            "10001/1s",
            "1/99999999999999d",
        ] {
            assert!(bad.parse::<Quota>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let table = RateTable::new("10/10s".parse().unwrap(), start());
        for _ in 0..10 {
            assert_eq!(table.take(&"a", 1, at(0)), Ok(()));
        }
        assert_eq!(table.take(&"a", 1, at(0)), Err(Duration::from_secs(1)));
        assert_eq!(table.take(&"a", 3, at(500)), Err(Duration::from_millis(2_500)));
        assert_eq!(table.take(&"b", 10, at(0)), Ok(()), "somebody else");
        assert_eq!(table.take(&"a", 1, at(1_000)), Ok(()));
        assert!(table.take(&"a", 1, at(1_000)).is_err());
        table.give_back(&"a", 4, at(1_000));
        assert_eq!(table.take(&"a", 4, at(1_000)), Ok(()));
        assert!(table.take(&"a", 1, at(1_000)).is_err());
        assert_eq!(table.take(&"a", 10, at(60_000)), Ok(()), "all of it is back");
        assert!(table.take(&"c", 11, at(60_000)).is_err(), "never");
        let uneven = RateTable::new("7/1s".parse().unwrap(), start());
        assert_eq!((uneven.take(&"a", 3, at(0)), uneven.take(&"a", 4, at(0))), (Ok(()), Ok(())));
        assert!(uneven.take(&"a", 1, at(0)).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_blocks_nobody() {
        let table = RateTable::new("2/10s".parse().unwrap(), start());
        assert_eq!(table.take(&"a", 2, at(3_600_000)), Ok(()));
        assert_eq!(table.take(&"a", 1, at(0)), Ok(()));
        assert!(table.take(&"a", 2, at(-5_000)).is_err());
    }

    #[test]
    fn a_flood_of_keys_is_held_in_the_same_room() {
        let table = RateTable::new("1/1h".parse().unwrap(), start());
        let let_through = (0..500_000_u32).filter(|key| table.take(key, 1, at(0)).is_ok()).count();
        assert!(let_through > 499_900, "nobody is refused for what others do: {let_through}");
        let table = RateTable::new("1/1h".parse().unwrap(), start());
        let again: usize = (0..2).map(|_| (0..5_000_u32).filter(|key| table.take(key, 1, at(0)).is_ok()).count()).sum();
        assert!((5_000..5_010).contains(&again), "what has room is remembered: {again}");
    }

    proptest! {
        /// Against the definition: nobody gets more than a bucket that leaks evenly would hold, and no less.
        #[test]
        fn as_a_leaking_bucket(steps in prop::collection::vec((0..4_u8, 1..5_u32, 0..3_000_i64), 1..200)) {
            let quota: Quota = "8/4s".parse().unwrap();
            let table = RateTable::new(quota, start());
            // Level of each bucket in millionths, and when it was looked at.
            let mut model: HashMap<u8, (i64, i64)> = HashMap::new();
            let mut now = 0;
            for (key, count, pause) in steps {
                now += pause;
                let (level, seen) = model.get(&key).copied().unwrap_or((0, now));
                let level = (level - (now - seen) * 2_000).max(0);
                let fuller = level + i64::from(count) * 1_000_000;
                let fits = fuller <= 8_000_000;
                prop_assert_eq!(table.take(&key, count, at(now)).is_ok(), fits);
                model.insert(key, (if fits { fuller } else { level }, now));
            }
        }
    }
}

//! Ids in a row.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::{clock::Instant, id::IdSource};

/// Makes the same ids in each run: the time as given, and a counter.
#[derive(Default)]
pub struct SequentialIds(AtomicU64);

impl IdSource for SequentialIds {
    fn uuid(&self, at: Instant) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        let mut random = [0; 10];
        random[2..].copy_from_slice(&count.to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

//! New identifiers: `UUIDv7`, in order within a process.

use domain::{clock::Instant, id::IdSource};
use uuid::{ContextV7, Timestamp, Uuid};

/// Makes `UUIDv7`s. Ids of the same millisecond count up (RFC 9562, section 6.2, method 1).
pub struct UuidV7Source(std::sync::Mutex<ContextV7>);

impl Default for UuidV7Source {
    fn default() -> Self {
        Self(std::sync::Mutex::new(ContextV7::new()))
    }
}

impl IdSource for UuidV7Source {
    fn uuid(&self, at: Instant) -> Uuid {
        let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
        let context = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, at.timestamp_subsec_nanos()))
    }
}

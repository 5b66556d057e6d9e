//! Whether this process should be sent requests, and if not, why.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use consumers::Consumers;

use crate::{shutdown::Shutdown, world::Storage};

/// How long the database may take to answer: a check is asked often and must not pile up.
const PATIENCE: Duration = Duration::from_secs(1);

/// What readiness looks at.
#[derive(Clone)]
pub struct Readiness {
    storage: Arc<dyn Storage>,
    consumers: Arc<Mutex<Option<Consumers>>>,
    shutdown: Shutdown,
}

impl Readiness {
    /// Nothing is ready before [`Self::consumers_started`].
    pub fn new(storage: Arc<dyn Storage>, shutdown: Shutdown) -> Self {
        Self { storage, consumers: Arc::default(), shutdown }
    }

    /// From now on the consumers are watched.
    pub fn consumers_started(&self, consumers: Consumers) {
        *self.consumers.lock().unwrap_or_else(PoisonError::into_inner) = Some(consumers);
    }

    /// Hands the consumers out, to be stopped.
    pub fn take_consumers(&self) -> Option<Consumers> {
        self.consumers.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What is wrong, by part; ready if nothing is.
    pub async fn problems(&self) -> BTreeMap<&'static str, String> {
        let mut problems = BTreeMap::new();
        if self.shutdown.has_begun() {
            problems.insert("process", "shutting down".to_owned());
        }
        match tokio::time::timeout(PATIENCE, self.storage.ping()).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, "the database does not answer");
                problems.insert("database", "does not answer".to_owned());
            }
            Err(_) => {
                problems.insert("database", format!("does not answer within {PATIENCE:?}"));
            }
        }
        let consumers = self.consumers.lock().unwrap_or_else(PoisonError::into_inner);
        match consumers.as_ref().map(Consumers::ended) {
            None => {
                problems.insert("consumers", "not running".to_owned());
            }
            Some(ended) if ended.is_empty() => {}
            Some(ended) => {
                problems.insert("consumers", format!("ended: {}", ended.join(", ")));
            }
        }
        problems
    }
}

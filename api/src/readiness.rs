//! Whether this process should be sent requests, and if not, why.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use consumers::Consumers;
use futures_util::future::join_all;

use crate::{shutdown::Shutdown, world::Part};

/// How long an engine may take to answer: a check is asked often and must not pile up.
const PATIENCE: Duration = Duration::from_secs(1);

/// What readiness looks at.
#[derive(Clone)]
pub struct Readiness {
    parts: Vec<Arc<dyn Part>>,
    consumers: Arc<Mutex<Option<Consumers>>>,
    shutdown: Shutdown,
}

/// What is wrong with a process, by part.
#[derive(Debug, Default)]
pub struct Condition {
    /// It should get no requests.
    pub problems: BTreeMap<&'static str, String>,
    /// It answers requests, but not all of them as they should be.
    pub degraded: BTreeMap<&'static str, String>,
}

impl Readiness {
    /// Nothing is ready before [`Self::consumers_started`].
    #[must_use]
    pub fn new(parts: Vec<Arc<dyn Part>>, shutdown: Shutdown) -> Self {
        Self { parts, consumers: Arc::default(), shutdown }
    }

    /// From now on the consumers are watched.
    pub fn consumers_started(&self, consumers: Consumers) {
        *self.consumers.lock().unwrap_or_else(PoisonError::into_inner) = Some(consumers);
    }

    /// Hands the consumers out, to be stopped.
    pub fn take_consumers(&self) -> Option<Consumers> {
        self.consumers.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What is wrong.
    pub async fn condition(&self) -> Condition {
        let mut condition = Condition::default();
        if self.shutdown.has_begun() {
            condition.problems.insert("process", "shutting down".to_owned());
        }
        for (part, said) in join_all(self.parts.iter().map(silence)).await {
            let Some(said) = said else { continue };
            let list = if part.is_vital() { &mut condition.problems } else { &mut condition.degraded };
            list.insert(part.name(), said);
        }
        let consumers = self.consumers.lock().unwrap_or_else(PoisonError::into_inner);
        match consumers.as_ref().map(Consumers::ended) {
            None => {
                condition.problems.insert("consumers", "not running".to_owned());
            }
            Some(ended) if ended.is_empty() => {}
            Some(ended) => {
                condition.problems.insert("consumers", format!("ended: {}", ended.join(", ")));
            }
        }
        condition
    }
}

/// What is wrong with a part, if it does not answer.
async fn silence(part: &Arc<dyn Part>) -> (&Arc<dyn Part>, Option<String>) {
    let said = match tokio::time::timeout(PATIENCE, part.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(fault)) => {
            tracing::warn!(part = part.name(), error = &fault as &dyn std::error::Error, "does not answer");
            Some("does not answer".to_owned())
        }
        Err(_) => Some(format!("does not answer within {PATIENCE:?}")),
    };
    (part, said)
}

//! What happens off the request: holds become orders, unpaid orders expire, units go back to the stock, and
//! what was left behind by a process that died is taken up.
//!
//! Each task is a loop over a use case of the domain; the loops here only decide when to run it, what to do
//! when it fails, and how to stop. What this crate may not touch: adapters. It depends on `domain` alone.

mod place;
mod tasks;

use std::{sync::Arc, time::Duration};

use domain::services::Services;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How the consumers work.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Orders that are written in one transaction at most.
    pub batch_size: usize,
    /// In a process that only serves the graph: what follows from its own changes is done, the rest is done by
    /// the processes that consume.
    pub only_follow_ups: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { batch_size: 500, only_follow_ups: false }
    }
}

/// The running consumers of a process.
pub struct Consumers {
    services: Arc<Services>,
    stop: CancellationToken,
    tasks: Vec<(&'static str, JoinHandle<()>)>,
}

/// How long a task that failed waits before it tries again.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Starts the consumers on the current runtime.
#[must_use]
pub fn start(services: &Arc<Services>, options: Options) -> Consumers {
    let stop = CancellationToken::new();
    let mut tasks = vec![("follow-ups", tokio::spawn(tasks::follow_up(services.clone(), stop.clone())))];
    if !options.only_follow_ups {
        tasks.extend([
            ("placing", tokio::spawn(place::run(services.clone(), stop.clone(), options.batch_size))),
            ("expiry", tokio::spawn(tasks::expire(services.clone(), stop.clone()))),
            ("sweep", tokio::spawn(tasks::sweep(services.clone(), stop.clone()))),
            ("reconciliation", tokio::spawn(tasks::reconcile(services.clone(), stop.clone()))),
            ("purge", tokio::spawn(tasks::purge(services.clone(), stop.clone()))),
        ]);
    }
    Consumers { services: services.clone(), stop, tasks }
}

impl Consumers {
    /// The names of tasks that have ended although nobody stopped them: a defect that readiness tells.
    #[must_use]
    pub fn ended(&self) -> Vec<&'static str> {
        self.tasks.iter().filter(|(_, task)| task.is_finished()).map(|(name, _)| *name).collect()
    }

    /// Finishes the batches in hand, does what follows from them, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        for (name, task) in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(task = name, %error, "a consumer ended badly");
            }
        }
        if let Err(fault) = self.services.follow_ups.run_once().await {
            tracing::warn!(error = &fault as &dyn std::error::Error, "follow-ups are left to the next start");
        }
    }
}

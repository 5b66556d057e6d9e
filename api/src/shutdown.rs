//! Stopping: the one signal that everything watches, and who is still at work.

use std::time::Duration;

use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// The stop of a process. Clones are the same stop.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    work: TaskTracker,
}

impl Shutdown {
    /// Tells everybody to stop. Returns at once.
    pub fn begin(&self) {
        self.token.cancel();
        self.work.close();
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Returns once it has begun.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Counts a socket, or a change that is being made, as long as what is returned lives.
    pub fn at_work(&self) -> TaskTrackerToken {
        self.work.token()
    }

    /// Returns once no socket is open and no change is being made any more. False if that takes longer than `patience`.
    pub async fn work_done(&self, patience: Duration) -> bool {
        tokio::time::timeout(patience, self.work.wait()).await.is_ok()
    }
}

/// Returns when the operator or the system asks the process to stop: SIGINT or SIGTERM.
pub async fn asked_to_stop() {
    let interrupted = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "cannot listen for SIGINT");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot listen for SIGTERM");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

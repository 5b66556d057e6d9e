//! Waiting for something to become true, within a bound.

use std::time::Duration;

/// How long a test waits for anything before it fails: far beyond what is needed on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer, and fails naming `what` if none comes.
pub async fn wait_until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    wait_for(PATIENCE, ask).await.unwrap_or_else(|| panic!("waited {PATIENCE:?} for {what}"))
}

/// Asks again and again until there is an answer, or for so long.
pub async fn wait_for<T>(bound: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            // The answer is what is waited for; the pause only spares the processor.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(bound, asking).await.ok()
}

/// Awaits a future, and fails naming `what` if it takes too long.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    within_bound(PATIENCE, what, future).await
}

/// The same with another bound.
pub async fn within_bound<T>(bound: Duration, what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(bound, future).await.unwrap_or_else(|_| panic!("waited {bound:?} for {what}"))
}

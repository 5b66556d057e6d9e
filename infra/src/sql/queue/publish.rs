//! Publishing by group commit.
//!
//! Whoever publishes hands the finished row to one task and waits. The task takes everything that is there,
//! writes it in one transaction, and answers all of it. While it writes, the next group gathers: the more come
//! at once the larger the groups, and one that comes alone is written at once. There is no timer in it.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::error::Fault;
use entity::queue_messages;
use sea_orm::EntityTrait;
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot},
    task::JoinHandle,
};

use super::{claims::Claims, options::QueueOptions};
use crate::sql::{Database, retry::Setback, write::ROWS};

/// A message that waits to be committed, and who waits for it.
struct Waiting {
    row: queue_messages::ActiveModel,
    answer: oneshot::Sender<Result<(), Fault>>,
}

/// The way to the task that commits. The task ends when this is dropped.
pub(super) struct Committer {
    waiting: mpsc::Sender<Waiting>,
    closing: Arc<Notify>,
    commits: Arc<AtomicU64>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Committer {
    pub(super) fn start(db: Database, claims: Arc<Claims>, options: &QueueOptions) -> Self {
        let (waiting, receiver) = mpsc::channel(options.capacity.max(1));
        let (closing, commits) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let group = Group {
            db,
            claims,
            commits: Arc::clone(&commits),
            closing: Arc::clone(&closing),
            max: options.batch.max(1),
        };
        let task = tokio::spawn(group.run(receiver));
        Self { waiting, closing, commits, task: Mutex::new(Some(task)) }
    }

    /// Returns once the row is committed. Whoever stops waiting does not keep it from being committed.
    pub(super) async fn publish(&self, row: queue_messages::ActiveModel) -> Result<(), Fault> {
        let (answer, answered) = oneshot::channel();
        let closed = |_| Fault::Unavailable { part: "queue", cause: Some("the queue is closed".into()) };
        self.waiting.send(Waiting { row, answer }).await.map_err(closed)?;
        answered.await.map_err(|gone| Fault::unavailable("queue", gone))?
    }

    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) async fn close(&self) {
        self.closing.notify_one();
        // Two may close at once: the second waits until the first is through.
        let mut task = self.task.lock().await;
        if let Some(running) = task.as_mut() {
            if let Err(error) = running.await {
                tracing::error!(%error, "the task that publishes ended badly");
            }
            *task = None;
        }
    }
}

/// The task that commits.
struct Group {
    db: Database,
    claims: Arc<Claims>,
    commits: Arc<AtomicU64>,
    closing: Arc<Notify>,
    max: usize,
}

impl Group {
    async fn run(self, mut receiver: mpsc::Receiver<Waiting>) {
        let mut group = Vec::new();
        loop {
            tokio::select! {
                biased;
                // Nothing more comes in; what is in is still taken out below, down to the last.
                () = self.closing.notified(), if !receiver.is_closed() => receiver.close(),
                taken = receiver.recv_many(&mut group, self.max) => {
                    if taken == 0 {
                        return;
                    }
                    let (rows, answers): (Vec<_>, Vec<_>) =
                        group.drain(..).map(|waiting| (waiting.row, waiting.answer)).unzip();
                    self.commit_and_answer(rows, answers).await;
                }
            }
        }
    }

    async fn commit_and_answer(
        &self,
        rows: Vec<queue_messages::ActiveModel>,
        answers: Vec<oneshot::Sender<Result<(), Fault>>>,
    ) {
        let committed = self.commit(rows).await;
        if committed.is_ok() {
            self.commits.fetch_add(1, Ordering::Relaxed);
            self.claims.wake();
        }
        let committed = committed.map_err(Arc::new);
        for answer in answers {
            // Who does not wait any more needs no answer.
            let _ = answer.send(committed.as_ref().map_err(told).copied());
        }
    }

    /// Writes a group. A message that is in the queue already, or twice in the group, is there once.
    async fn commit(&self, mut rows: Vec<queue_messages::ActiveModel>) -> Result<(), Fault> {
        let mut seen = HashSet::with_capacity(rows.len());
        rows.retain(|row| row.order_id.try_as_ref().is_some_and(|id| seen.insert(*id)));
        self.db.retried(|| self.try_commit(&rows)).await
    }

    async fn try_commit(&self, rows: &[queue_messages::ActiveModel]) -> Result<(), Setback> {
        let tx = self.db.begin().await?;
        for chunk in rows.chunks(ROWS) {
            // Whether a row was there already is not asked: the answer of MySQL could not be relied on.
            queue_messages::Entity::insert_many(chunk.to_vec())
                .on_conflict_do_nothing()
                .exec_without_returning(&tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }
}

/// A cause that a whole group shares.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Shared(#[source] Arc<Fault>);

/// The fault of a group, for one of it.
fn told(fault: &Arc<Fault>) -> Fault {
    let cause = Shared(Arc::clone(fault));
    match **fault {
        Fault::Unavailable { part, .. } => Fault::unavailable(part, cause),
        _ => Fault::internal(cause),
    }
}

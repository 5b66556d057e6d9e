//! Group commit: whoever waits at the same moment shares one piece of work.
//!
//! A commit costs a flush of a disk, a confirm of a broker or a script call of a server, whether it is for one or
//! for hundreds. So whoever has something to commit hands it to one task and waits. The task takes everything that
//! is there as one group, has it committed, and answers each of it. Meanwhile the next group gathers: the more come
//! at once the larger the groups, and one that comes alone goes at once. No timer delays a group, unless its work
//! takes a rest.
//!
//! What a commit is, is in [`Commit`]: this may not touch a database, a broker or a server.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

use crate::error::Fault;

/// Commits groups.
pub trait Commit: Send + Sync + 'static {
    /// One of a group.
    type Item: Send + 'static;
    /// What one of a group is told.
    type Answer: Send + 'static;
    /// The part that is away once the group is closed, in words of the operator.
    const PART: &'static str;

    /// Commits a group that is not empty. Answers each of it, in the order of the group.
    fn commit(&self, group: Vec<Self::Item>) -> impl Future<Output = Vec<Result<Self::Answer, Fault>>> + Send;
}

/// Works on groups, and answers each of a group as soon as its answer is known. A [`Commit`] answers all at its end.
pub trait Work: Send + Sync + 'static {
    /// One of a group.
    type Item: Send + 'static;
    /// What one of a group is told.
    type Answer: Send + 'static;
    /// The part that is away once the group is closed, in words of the operator.
    const PART: &'static str;

    /// Works on a group that is not empty, with one caller an item. Returns whether any of it was done.
    fn work(&self, items: Vec<Self::Item>, callers: Vec<Caller<Self::Answer>>) -> impl Future<Output = bool> + Send;
}

impl<C: Commit> Work for C {
    type Item = C::Item;
    type Answer = C::Answer;
    const PART: &'static str = C::PART;

    async fn work(&self, items: Vec<C::Item>, callers: Vec<Caller<C::Answer>>) -> bool {
        let answers = self.commit(items).await;
        debug_assert_eq!(answers.len(), callers.len(), "each is answered");
        let done = answers.iter().any(Result::is_ok);
        callers.into_iter().zip(answers).for_each(|(caller, answer)| caller.tell(answer));
        done
    }
}

/// Who waits for an answer.
pub struct Caller<A>(oneshot::Sender<Result<A, Fault>>);

impl<A> Caller<A> {
    /// Answers, if it still waits. One that is not answered is told that the part is away.
    pub fn tell(self, answer: Result<A, Fault>) {
        let _ = self.0.send(answer);
    }
}

/// Bounds of a group commit.
#[derive(Debug, Clone, Copy)]
pub struct GroupBounds {
    /// The most that one group has.
    pub group: usize,
    /// Groups that are committed at the same time. With one, whoever comes while it works waits for the next.
    pub at_once: usize,
    /// The least that a group has that is committed beside another. Smaller ones cost more each than they save their
    /// callers, so they wait for those at work, and grow.
    pub beside: usize,
    /// How long a group at work is in the way of others. After that it goes on by itself and counts no more: what hangs
    /// for some must not hang for all. Then nothing but the number of callers bounds what is under way. Without it, until
    /// its end.
    pub in_the_way: Option<Duration>,
    /// The most that wait for a group. Whoever comes then waits for room first, so memory stays bounded and a slow
    /// commit slows its callers down instead of piling them up.
    pub waiting: usize,
    /// What becomes of an item whose caller stopped waiting before its group went: left out if true, else
    /// committed all the same. What is in a group already is committed in either case, and of what was left with
    /// [`GroupCommit::leave`] nobody waits.
    pub leave_out_abandoned: bool,
}

/// An item that waits for its group, and who waits for it.
struct Waiting<W: Work> {
    item: W::Item,
    caller: Caller<W::Answer>,
}

/// The way to the task that commits. The task ends when this is dropped, after what it has.
pub struct GroupCommit<W: Work> {
    waiting: mpsc::Sender<Waiting<W>>,
    closing: Arc<Notify>,
    commits: Arc<AtomicU64>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl<W: Work> GroupCommit<W> {
    /// Starts the task that commits. Bounds of zero count as one.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn start(work: W, bounds: GroupBounds) -> Self {
        let (waiting, receiver) = mpsc::channel(bounds.waiting.max(1));
        let (closing, commits) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let worker = Worker { work, bounds, commits: Arc::clone(&commits), closing: Arc::clone(&closing) };
        let task = tokio::spawn(async move { worker.run(receiver).await });
        Self { waiting, closing, commits, task: Mutex::new(Some(task)) }
    }

    /// Returns once the item's group is committed.
    pub async fn submit(&self, item: W::Item) -> Result<W::Answer, Fault> {
        let (answer, answered) = oneshot::channel();
        let closed = |_| Fault::unavailable(W::PART, "it is closed");
        self.waiting.send(Waiting { item, caller: Caller(answer) }).await.map_err(closed)?;
        answered.await.map_err(|gone| Fault::unavailable(W::PART, gone))?
    }

    /// Leaves an item and does not wait. Returns whether it was taken: it is not if as many wait as may, or if it is closed.
    pub fn leave(&self, item: W::Item) -> bool {
        let (nobody, _) = oneshot::channel();
        self.waiting.try_send(Waiting { item, caller: Caller(nobody) }).is_ok()
    }

    /// How many groups were committed so far, at least in part: far fewer than items, when many come at once.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Ends it: what waits is still committed and answered, and whoever comes from now on is refused.
    pub async fn close(&self) {
        self.closing.notify_one();
        // Two may close at once: the second waits until the first is through.
        let mut task = self.task.lock().await;
        if let Some(running) = task.as_mut() {
            if let Err(error) = running.await {
                tracing::error!(%error, part = W::PART, "the task that commits ended badly");
            }
            *task = None;
        }
    }
}

/// The task that commits.
struct Worker<W> {
    work: W,
    bounds: GroupBounds,
    commits: Arc<AtomicU64>,
    closing: Arc<Notify>,
}

impl<W: Work> Worker<W> {
    async fn run(&self, mut receiver: mpsc::Receiver<Waiting<W>>) {
        let most = self.bounds.group.max(1);
        let mut group = Vec::new();
        let mut working = FuturesUnordered::new();
        // Those that are in nobody's way any more.
        let mut slow = FuturesUnordered::new();
        let mut all_in = false;
        loop {
            let beside = working.len() < self.bounds.at_once && group.len() >= self.bounds.beside.min(most);
            if !group.is_empty() && (working.is_empty() || beside) {
                if self.bounds.leave_out_abandoned {
                    group.retain(|waiting: &Waiting<W>| !waiting.caller.0.is_closed());
                }
                if !group.is_empty() {
                    working.push(self.in_turn(self.work_on(std::mem::take(&mut group)).boxed()));
                }
                continue;
            }
            if all_in && working.is_empty() && slow.is_empty() {
                return;
            }
            let room = most - group.len();
            tokio::select! {
                biased;
                // Nothing more comes in; what is in is still taken out below, down to the last.
                () = self.closing.notified(), if !receiver.is_closed() => receiver.close(),
                Some(left) = working.next() => slow.extend(left),
                Some(()) = slow.next() => {}
                taken = receiver.recv_many(&mut group, room), if room > 0 && !all_in => all_in = taken == 0,
            }
        }
    }

    /// Works as long as it may be in the way of others. Returns what is left to do.
    async fn in_turn<'a>(&self, mut work: BoxFuture<'a, ()>) -> Option<BoxFuture<'a, ()>> {
        if let Some(turn) = self.bounds.in_the_way {
            return timeout(turn, &mut work).await.is_err().then_some(work);
        }
        work.await;
        None
    }

    async fn work_on(&self, group: Vec<Waiting<W>>) {
        let (items, callers) = group.into_iter().map(|waiting| (waiting.item, waiting.caller)).unzip();
        if self.work.work(items, callers).await {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A cause that a whole group shares.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Shared(#[source] Arc<Fault>);

/// The one outcome of a group, for each of the `size` that are in it.
pub fn for_each<A: Clone>(size: usize, outcome: Result<A, Fault>) -> Vec<Result<A, Fault>> {
    let outcome = outcome.map_err(Arc::new);
    std::iter::repeat_with(|| outcome.as_ref().map_err(told).cloned()).take(size).collect()
}

/// The fault of a group, for one of it.
fn told(fault: &Arc<Fault>) -> Fault {
    let cause = Shared(Arc::clone(fault));
    match **fault {
        Fault::Unavailable { part, .. } => Fault::unavailable(part, cause),
        _ => Fault::internal(cause),
    }
}

#[cfg(test)]
mod tests;

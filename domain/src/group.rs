//! Group commit: whoever waits at the same moment shares one piece of work.
//!
//! A commit costs a flush of a disk, a confirm of a broker or a script call of a server, whether it is for one or
//! for hundreds. So whoever has something to commit hands it to one task and waits. The task takes everything that
//! is there as one group, has it committed, and answers each of it. Meanwhile the next group gathers: the more come
//! at once the larger the groups, and one that comes alone goes at once. There is no timer in it.
//!
//! What a commit is, is in [`Commit`]: this may not touch a database, a broker or a server.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{Mutex, Notify, mpsc, oneshot},
    task::JoinHandle,
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
    /// The most that wait for a group. Whoever comes then waits for room first, so memory stays bounded and a slow
    /// commit slows its callers down instead of piling them up.
    pub waiting: usize,
    /// What becomes of an item whose caller stopped waiting before its group went: left out if true, else
    /// committed all the same. What is in a group already is committed in either case.
    pub leave_out_abandoned: bool,
}

/// An item that waits for its group, and who waits for it.
struct Waiting<C: Commit> {
    item: C::Item,
    answer: oneshot::Sender<Result<C::Answer, Fault>>,
}

/// The way to the task that commits. The task ends when this is dropped, after what it has.
pub struct GroupCommit<C: Commit> {
    waiting: mpsc::Sender<Waiting<C>>,
    closing: Arc<Notify>,
    commits: Arc<AtomicU64>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl<C: Commit> GroupCommit<C> {
    /// Starts the task that commits. Bounds of zero count as one.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn start(commit: C, bounds: GroupBounds) -> Self {
        let (waiting, receiver) = mpsc::channel(bounds.waiting.max(1));
        let (closing, commits) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let worker = Worker { commit, bounds, commits: Arc::clone(&commits), closing: Arc::clone(&closing) };
        let task = tokio::spawn(async move { worker.run(receiver).await });
        Self { waiting, closing, commits, task: Mutex::new(Some(task)) }
    }

    /// Returns once the item's group is committed.
    pub async fn submit(&self, item: C::Item) -> Result<C::Answer, Fault> {
        let (answer, answered) = oneshot::channel();
        let closed = |_| Fault::unavailable(C::PART, "it is closed");
        self.waiting.send(Waiting { item, answer }).await.map_err(closed)?;
        answered.await.map_err(|gone| Fault::unavailable(C::PART, gone))?
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
                tracing::error!(%error, part = C::PART, "the task that commits ended badly");
            }
            *task = None;
        }
    }
}

/// The task that commits.
struct Worker<C> {
    commit: C,
    bounds: GroupBounds,
    commits: Arc<AtomicU64>,
    closing: Arc<Notify>,
}

impl<C: Commit> Worker<C> {
    async fn run(&self, mut receiver: mpsc::Receiver<Waiting<C>>) {
        let most = self.bounds.group.max(1);
        let mut group = Vec::new();
        let mut working = FuturesUnordered::new();
        let mut all_in = false;
        loop {
            let beside = working.len() < self.bounds.at_once && group.len() >= self.bounds.beside.min(most);
            if !group.is_empty() && (working.is_empty() || beside) {
                if self.bounds.leave_out_abandoned {
                    group.retain(|waiting: &Waiting<C>| !waiting.answer.is_closed());
                }
                if !group.is_empty() {
                    working.push(self.commit_and_answer(std::mem::take(&mut group)));
                }
                continue;
            }
            if all_in && working.is_empty() {
                return;
            }
            let room = most - group.len();
            tokio::select! {
                biased;
                // Nothing more comes in; what is in is still taken out below, down to the last.
                () = self.closing.notified(), if !receiver.is_closed() => receiver.close(),
                Some(()) = working.next() => {}
                taken = receiver.recv_many(&mut group, room), if room > 0 && !all_in => all_in = taken == 0,
            }
        }
    }

    async fn commit_and_answer(&self, group: Vec<Waiting<C>>) {
        let (items, callers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.item, waiting.answer)).unzip();
        let answers = self.commit.commit(items).await;
        debug_assert_eq!(answers.len(), callers.len(), "each is answered");
        if answers.iter().any(Result::is_ok) {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        for (caller, answer) in callers.into_iter().zip(answers) {
            // Who does not wait any more needs no answer.
            let _ = caller.send(answer);
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
mod tests {
    use std::sync::Mutex as StdMutex;

    use tokio::sync::Semaphore;

    use super::*;

    /// Takes note of the groups and commits when it is let.
    #[derive(Clone)]
    struct Notes {
        groups: Arc<StdMutex<Vec<Vec<u32>>>>,
        let_go: Arc<Semaphore>,
    }

    impl Notes {
        fn new() -> Self {
            Self { groups: Arc::default(), let_go: Arc::new(Semaphore::new(0)) }
        }

        fn groups(&self) -> Vec<Vec<u32>> {
            self.groups.lock().unwrap().clone()
        }
    }

    impl Commit for Notes {
        type Item = u32;
        type Answer = u32;
        const PART: &'static str = "notes";

        async fn commit(&self, group: Vec<u32>) -> Vec<Result<u32, Fault>> {
            self.groups.lock().unwrap().push(group.clone());
            self.let_go.acquire().await.unwrap().forget();
            group.into_iter().map(|n| if n == 13 { Err(Fault::internal("13")) } else { Ok(n * 2) }).collect()
        }
    }

    const BOUNDS: GroupBounds =
        GroupBounds { group: 4, at_once: 1, beside: 1, waiting: 100, leave_out_abandoned: false };

    /// Lets everything run that can, on a runtime of one thread.
    async fn settle() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_waits_at_the_same_time_shares_a_group_and_gets_an_answer_of_its_own() {
        let notes = Notes::new();
        let group = Arc::new(GroupCommit::start(notes.clone(), BOUNDS));
        let submit = |n| {
            let group = Arc::clone(&group);
            tokio::spawn(async move { group.submit(n).await })
        };
        let alone = submit(1);
        settle().await;
        assert_eq!(notes.groups(), [[1]], "one that comes alone goes at once");
        let crowd: Vec<_> = (10..16).map(submit).collect();
        settle().await;
        assert_eq!(notes.groups().len(), 1, "one group at a time");
        notes.let_go.add_permits(3);
        assert_eq!(alone.await.unwrap().unwrap(), 2);
        for (n, answer) in (10..16).zip(crowd) {
            let answer = answer.await.unwrap();
            assert!(
                matches!(answer, Ok(twice) if twice == n * 2 && n != 13) || n == 13 && answer.is_err(),
                "{answer:?}"
            );
        }
        assert_eq!(notes.groups(), [vec![1], vec![10, 11, 12, 13], vec![14, 15]]);
        assert_eq!(group.commits(), 3);
    }

    #[tokio::test]
    async fn as_many_groups_as_may_be_are_worked_on_at_the_same_time() {
        let notes = Notes::new();
        let group = Arc::new(GroupCommit::start(notes.clone(), GroupBounds { at_once: 2, ..BOUNDS }));
        let mut tasks = Vec::new();
        for n in 0..3 {
            let group = Arc::clone(&group);
            tasks.push(tokio::spawn(async move { group.submit(n).await.unwrap() }));
            settle().await;
        }
        assert_eq!(notes.groups(), [[0], [1]]);
        notes.let_go.add_permits(3);
        for (n, task) in (0..).zip(tasks) {
            assert_eq!(task.await.unwrap(), n * 2);
        }
    }

    #[tokio::test]
    async fn a_small_group_waits_for_those_at_work_and_grows() {
        let notes = Notes::new();
        let group = Arc::new(GroupCommit::start(notes.clone(), GroupBounds { at_once: 2, beside: 3, ..BOUNDS }));
        let mut tasks = Vec::new();
        let mut submit = |n| {
            let group = Arc::clone(&group);
            tasks.push(tokio::spawn(async move { group.submit(n).await.unwrap() }));
        };
        submit(0);
        settle().await;
        submit(1);
        settle().await;
        submit(2);
        settle().await;
        assert_eq!(notes.groups(), [vec![0]], "two are too few");
        submit(3);
        settle().await;
        assert_eq!(notes.groups(), [vec![0], vec![1, 2, 3]], "three are not");
        submit(4);
        settle().await;
        assert_eq!(notes.groups().len(), 2);
        notes.let_go.add_permits(1);
        settle().await;
        assert_eq!(notes.groups().len(), 2, "one is still at work");
        notes.let_go.add_permits(2);
        for (n, task) in (0..).zip(tasks) {
            assert_eq!(task.await.unwrap(), n * 2);
        }
        assert_eq!(notes.groups().last(), Some(&vec![4]));
    }

    #[tokio::test]
    async fn closing_commits_what_waits_and_refuses_what_comes() {
        let notes = Notes::new();
        let group = Arc::new(GroupCommit::start(notes.clone(), BOUNDS));
        let tasks: Vec<_> = (0..9)
            .map(|n| {
                let group = Arc::clone(&group);
                tokio::spawn(async move { group.submit(n).await.unwrap() })
            })
            .collect();
        settle().await;
        let closing = [(); 2].map(|()| {
            let group = Arc::clone(&group);
            tokio::spawn(async move { group.close().await })
        });
        settle().await;
        assert!(matches!(group.submit(9).await, Err(Fault::Unavailable { part: "notes", .. })));
        notes.let_go.add_permits(10);
        for closed in closing {
            closed.await.unwrap();
        }
        for (n, task) in (0..).zip(tasks) {
            assert_eq!(task.await.unwrap(), n * 2);
        }
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_left_out_only_if_it_is_to_be() {
        for leave_out_abandoned in [false, true] {
            let notes = Notes::new();
            let group = Arc::new(GroupCommit::start(notes.clone(), GroupBounds { leave_out_abandoned, ..BOUNDS }));
            let tasks = (0..3).map(|n| {
                let group = Arc::clone(&group);
                tokio::spawn(async move { group.submit(n).await })
            });
            let tasks: Vec<_> = tasks.collect();
            let first = tasks.into_iter();
            settle().await;
            assert_eq!(notes.groups().len(), 1);
            let given_up = {
                let group = Arc::clone(&group);
                tokio::spawn(async move { group.submit(7).await })
            };
            settle().await;
            given_up.abort();
            settle().await;
            notes.let_go.add_permits(10);
            for answer in first {
                answer.await.unwrap().unwrap();
            }
            group.close().await;
            assert_eq!(notes.groups().concat().contains(&7), !leave_out_abandoned);
        }
    }

    #[test]
    fn a_fault_of_a_group_is_told_to_each_with_its_cause() {
        let told = for_each::<()>(2, Err(Fault::unavailable("notes", "the pen is empty")));
        assert_eq!(told.len(), 2);
        for fault in told {
            let Err(fault @ Fault::Unavailable { part: "notes", .. }) = fault else { panic!("{fault:?}") };
            let mut cause = Some(&fault as &dyn std::error::Error);
            let mut texts = Vec::new();
            while let Some(error) = cause {
                texts.push(error.to_string());
                cause = error.source();
            }
            assert!(texts.contains(&"the pen is empty".to_owned()), "{texts:?}");
        }
        assert!(for_each(3, Ok(1)).into_iter().all(|outcome| matches!(outcome, Ok(1))));
    }
}

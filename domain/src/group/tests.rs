//! How groups are made, and who is answered what.

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
    GroupBounds { group: 4, at_once: 1, beside: 1, in_the_way: None, waiting: 100, leave_out_abandoned: false };

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
        assert!(matches!(answer, Ok(twice) if twice == n * 2 && n != 13) || n == 13 && answer.is_err(), "{answer:?}");
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
async fn a_group_that_hangs_is_in_the_way_of_others_for_a_while_only() {
    let notes = Notes::new();
    let bounds = GroupBounds { in_the_way: Some(Duration::from_millis(1)), ..BOUNDS };
    let group = Arc::new(GroupCommit::start(notes.clone(), bounds));
    let submit = |n| {
        let group = Arc::clone(&group);
        tokio::spawn(async move { group.submit(n).await })
    };
    let mut tasks = Vec::new();
    for n in 0..5 {
        tasks.push(submit(n));
        let begun = async {
            while notes.groups().len() < tasks.len() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), begun).await.expect("it goes although others hang");
    }
    assert_eq!(notes.groups(), [[0], [1], [2], [3], [4]], "none of them was answered yet");
    let closing = {
        let group = Arc::clone(&group);
        tokio::spawn(async move { group.close().await })
    };
    settle().await;
    assert!(!closing.is_finished(), "all of them are still at work");
    notes.let_go.add_permits(5);
    for (n, task) in (0..).zip(tasks) {
        assert_eq!(task.await.unwrap().unwrap(), n * 2);
    }
    closing.await.unwrap();
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

#[tokio::test]
async fn what_is_left_is_committed_and_nobody_waits() {
    let notes = Notes::new();
    let group = GroupCommit::start(notes.clone(), GroupBounds { waiting: 2, ..BOUNDS });
    assert!(group.leave(1) && group.leave(2));
    assert!(!group.leave(3), "as many wait as may");
    settle().await;
    notes.let_go.add_permits(10);
    group.close().await;
    assert_eq!(notes.groups().concat(), [1, 2]);
    assert!(!group.leave(4), "it is closed");
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

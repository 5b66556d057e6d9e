//! More than a thousand orders, each pulled at from several sides at the same moment: paid with and without a
//! key, given up by its buyer and by an administrator, paid back, and overtaken by its deadline. On a running
//! shop, through its use cases and its real database. Each order ends with one winner for each arrow of the
//! state machine, units return once, money is conserved, and whoever watched was told exactly what happened.
//!
//! What is pulled, and in which order the pulls are let go, follows from a seed; it is printed, and set by
//! `SPIKE_TEST_SEED`. Who then wins is up to the scheduler.
//!
//! The same property of the state machine alone is tested where it is written, in `domain::order::status`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod pull;
mod scene;

use std::sync::Arc;

use chrono::Duration;
use domain::id::{OrderId, UserId};
use futures_util::future::join_all;
use pull::{Happened, Pull};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use scene::{GRABS, Scene};

const ROUNDS: usize = 12;

/// Lets all tasks of a round go at once: pulls at orders, and steps of time past some deadlines.
async fn round(scene: Scene, pulls: Vec<(OrderId, UserId, Pull)>, random: &mut StdRng) -> (Scene, Vec<Happened>) {
    enum Task {
        Pull(OrderId, UserId, Pull),
        Wait(Duration),
    }
    let mut tasks: Vec<Task> = pulls.into_iter().map(|(order, buyer, pull)| Task::Pull(order, buyer, pull)).collect();
    tasks.extend([15, 16, 17, 18].map(|seconds| Task::Wait(Duration::seconds(seconds))));
    tasks.shuffle(random);
    let admin = scene.admin;
    let scene = Arc::new(scene);
    let running = tasks.into_iter().map(|task| {
        let (scene, yields) = (Arc::clone(&scene), random.random_range(0..10));
        tokio::spawn(async move {
            for _ in 0..yields {
                tokio::task::yield_now().await;
            }
            match task {
                Task::Pull(order, buyer, pull) => {
                    Happened::Pulled(order, pull, pull.pull(scene.services(), admin, order, buyer).await)
                }
                Task::Wait(time) => {
                    scene.shop.advance(time);
                    Happened::Expired(scene.services().closing.expire_due().await.unwrap())
                }
            }
        })
    });
    let running: Vec<_> = running.collect();
    let happened = join_all(running).await.into_iter().map(Result::unwrap).collect();
    (Arc::into_inner(scene).expect("all tasks have ended"), happened)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_pulled_at_ends_with_one_winner_each() {
    let seed = std::env::var("SPIKE_TEST_SEED").map_or(20_261_123, |seed| seed.parse().unwrap());
    println!("SPIKE_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut scene = Scene::open(&mut random).await;
    let mut orders: Vec<(OrderId, UserId)> = Vec::new();
    let mut happened = Vec::new();
    for _ in 0..ROUNDS {
        let fresh = scene.grab(&mut random).await;
        // What is older is pulled at too: some of it is paid and can be paid back, some has a late deadline.
        let older = (0..orders.len().min(GRABS)).map(|_| orders[random.random_range(0..orders.len())]);
        let targets: Vec<_> = fresh.iter().copied().chain(older.collect::<Vec<_>>()).collect();
        let mut pulls = Vec::new();
        for (order, buyer) in targets {
            let count = random.random_range(0..5);
            pulls.extend((0..count).map(|_| (order, buyer, Pull::any(&mut random))));
        }
        orders.extend(fresh);
        let done;
        (scene, done) = round(scene, pulls, &mut random).await;
        happened.extend(done);
        check::books(&scene).await;
    }
    println!("{}", check::orders(&scene, &orders, &happened).await);
    scene.shop.stop().await;
}

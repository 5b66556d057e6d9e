//! Redis loses everything in mid-sale. Sales stop, the stock is built again with what is on its way counted, and sales go
//! on by themselves: how long that takes is printed.

use std::time::{Duration, Instant};

use engines::{MariaDb, MariaDbOptions, Proxy, Redis, RedisOptions, shared};

use crate::{
    scene::{Outcome, Plan, Scene},
    support::{Site, crowd::Answer},
};

const REPETITIONS: u64 = 3;

/// How Redis loses everything.
#[derive(Debug, Clone, Copy)]
enum Loss {
    /// Its keys are deleted while it runs: it remembers its scripts.
    Flush,
    /// It is killed and comes back with nothing.
    Restart,
}

/// What is on its way when that happens.
#[derive(Debug, Clone, Copy)]
enum Backlog {
    /// What happens to be.
    None,
    /// Everything since the database stopped to answer the consumer: the messages are there, their orders are not.
    HeldBack,
}

/// Runs all variants and prints how long sales stood still. Fails if anything was violated.
pub(crate) async fn run() {
    let mut violations = Vec::new();
    println!(
        "\nRedis wiped in mid-sale      on their way  repetitions  accepted grabs  from the wipe to the next grab"
    );
    for (name, loss, backlog) in [
        ("its keys are deleted", Loss::Flush, Backlog::None),
        ("killed, comes back empty", Loss::Restart, Backlog::None),
        ("its keys are deleted", Loss::Flush, Backlog::HeldBack),
        ("killed, comes back empty", Loss::Restart, Backlog::HeldBack),
    ] {
        let (mut accepted, mut on_their_way, mut times) = (0, 0, Vec::new());
        for seed in 0..REPETITIONS {
            let wiped = once(loss, backlog, seed).await;
            accepted += wiped.outcome.accepted;
            on_their_way += wiped.on_their_way;
            times.extend(wiped.stood_still);
            violations.extend(wiped.outcome.violations.into_iter().map(|text| format!("{name}, {backlog:?}: {text}")));
        }
        times.sort();
        println!("{name:27}  {on_their_way:>12}  {REPETITIONS:>11}  {accepted:>14}  {times:.0?}");
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// What came of one wipe.
struct Wiped {
    outcome: Outcome,
    on_their_way: usize,
    stood_still: Option<Duration>,
}

async fn once(loss: Loss, backlog: Backlog, seed: u64) -> Wiped {
    let mut redis = Redis::start(RedisOptions::with_password().expect("a password")).await.expect("Redis");
    let mariadb = MariaDb::start(MariaDbOptions { lazy: true, ..MariaDbOptions::default() }).await.expect("MariaDB");
    let database = mariadb.database("shop").await.expect("a database");
    let proxy = Proxy::start(([127, 0, 0, 1], mariadb.port()).into()).await.expect("a proxy");
    let rabbitmq = shared::rabbitmq().await.expect("RabbitMQ");
    let mut site = Site::of_its_own(&database, &redis.url(), &rabbitmq.url());
    site.set("bus.prefix", &format!("wipe_{loss:?}_{backlog:?}_{seed}"));
    let plan = Plan { consumer_settings: vec![("database.url", proxy.url(&database))], ..Plan::default() };
    let mut scene = Scene::open(site, plan, seed).await;

    let before = scene.any(4..8);
    scene.crowd.rush(0..before).await;
    let mut on_their_way = 0;
    if matches!(backlog, Backlog::HeldBack) {
        scene.wait_until_placed().await;
        proxy.freeze().await;
        on_their_way = 6;
        scene.crowd.rush(before..before + on_their_way).await;
        let report = scene.admin.try_report(&scene.crowd.campaign).await;
        let queued = report.as_ref().ok().and_then(|report| report["queued"].as_u64());
        scene.expect(queued == Some(6), || format!("6 should be on their way: {report:?}"));
    }

    let wiped = Instant::now();
    match loss {
        Loss::Flush => redis.wipe().await.expect("wiped"),
        Loss::Restart => {
            redis.kill().await.expect("killed");
            redis.wipe().await.expect("wiped");
            redis.start_again().await.expect("started");
        }
    }
    let next = before + on_their_way;
    let mut stood_still = None;
    while wiped.elapsed() < Duration::from_secs(30) && stood_still.is_none() {
        if let Answer::Granted(_) = scene.crowd.attempt(next, 0).await {
            stood_still = Some(wiped.elapsed());
        }
    }
    scene.expect(stood_still.is_some(), || "sales did not go on in 30 seconds".to_owned());
    // Sales go on beside what is held back. Then that is let go.
    scene.crowd.rush(next..next + 4).await;
    proxy.resume().await;
    Wiped { outcome: scene.sell_out().await, on_their_way, stood_still }
}

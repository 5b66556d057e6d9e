//! A whole sale in which everything is killed again and again: two replicas of the graph, two consumers, MariaDB, Redis
//! and RabbitMQ. In the end nothing that was accepted is lost, nothing is oversold, the ledgers balance, and whoever
//! watches is where their order is.
//!
//! `SPIKE_TEST_SEED` chooses what is killed when, and what buyers do.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

#[path = "../support/mod.rs"]
mod support;

mod buyer;
mod kills;
mod money;

use std::{collections::BTreeMap, time::Instant};

use engines::{MariaDb, MariaDbOptions, RabbitMq, RabbitOptions, Redis, RedisOptions};
use futures_util::{StreamExt, stream};
use rand::{SeedableRng, rngs::StdRng};
use support::{
    Site,
    audit::{Sale, audit},
    broker::written_down,
    client::Graph,
    crowd::Crowd,
    people,
    process::{Replica, Runs},
};

use self::{
    buyer::{Deed, Market},
    kills::{KILLS, Killed},
};

const BUYERS: usize = 1_000;
const UNITS: u32 = 300;
/// Seconds to pay: some let it pass, and their units are sold again.
const WINDOW: u32 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_buyers_and_twenty_kills() {
    let seed: u64 = std::env::var("SPIKE_TEST_SEED").map_or(20_261_125, |seed| seed.parse().expect("a number"));
    println!("SPIKE_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mariadb = MariaDb::start(MariaDbOptions { lazy: true, ..MariaDbOptions::default() }).await.unwrap();
    let redis = Redis::start(RedisOptions::with_password().unwrap()).await.unwrap();
    let rabbitmq = RabbitMq::start(RabbitOptions::default()).await.unwrap();
    let database = mariadb.database("shop").await.unwrap();
    let site = Site::of_its_own(&database, &redis.url(), &rabbitmq.url());
    // It declares the queues as well.
    let people = people::move_in_with_money(&site, BUYERS, money::GIVEN).await;

    written_down(&rabbitmq).await;

    let mut processes = Vec::new();
    for (name, runs) in [
        ("graph-0", Runs::Graph),
        ("graph-1", Runs::Graph),
        ("consumer-0", Runs::Consumer),
        ("consumer-1", Runs::Consumer),
    ] {
        let mut process = Replica::new(&site, name, runs);
        process.start().await;
        processes.push(process);
    }
    let doors: Vec<String> = processes[..2].iter().map(|graph| graph.url("/graphql")).collect();
    let admin = Graph::new(&doors[0]).signed_in(&people.admin.token);
    let campaign = admin.live_campaign_with_window(UNITS, 1, WINDOW).await;
    let crowd = Crowd::new(&campaign, &people.buyers, &doors).watching();

    let began = Instant::now();
    let market = Market::new(&crowd);
    let deeds: Vec<Deed> = (0..BUYERS).map(|_| Deed::any(&mut random)).collect();
    let mut killed = Killed { processes, redis, rabbitmq };
    let buying = stream::iter(deeds.into_iter().enumerate())
        .for_each_concurrent(None, |(buyer, deed)| market.visit(buyer, deed));
    let (kills, ()) = tokio::join!(kills::run(&mut killed, &market, &mut random), buying);
    println!("{KILLS} kills in {:.0?}: {kills:?}", began.elapsed());

    let found = audit(&site, &admin, &killed.processes[0], &crowd, Sale::of(u64::from(UNITS))).await;
    let mut violations = found.violations;
    violations.extend(market.broken_promises(&admin).await);
    violations.extend(money::differences(&admin, &people.buyers, &campaign).await);

    let watchers = crowd.watchers();
    let connections: usize = watchers.iter().map(|watcher| watcher.connections()).sum();
    let told: BTreeMap<&str, usize> = market.told();
    println!(
        "buyers {BUYERS}, units {UNITS}, accepted {}, orders {:?}, told {told:?}; {} watchers, {connections} connections; \
         {} violations; {:.0?} in all",
        found.accepted,
        found.orders,
        watchers.len(),
        violations.len(),
        began.elapsed(),
    );
    for process in &killed.processes {
        if !violations.is_empty() {
            println!("last words of {}:\n{}", process.name(), process.last_words());
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    assert!(found.accepted > UNITS as usize / 2, "the sale hardly went on");
    drop(mariadb);
}

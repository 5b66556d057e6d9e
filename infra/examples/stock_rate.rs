//! How many grabs a second one campaign takes through `RedisStock`, by how many callers ask at the same time. Starts a
//! Redis of its own with an append-only file; or give the address of one as the first argument.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a measurement for people")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{
    clock::Clock,
    id::CampaignId,
    spike::{
        Hold,
        ports::StockStore,
        stock::{RequestKey, Reserve, Reserved, SaleStock, SaleTerms},
    },
    testing::{self, id},
};
use infra::{
    clock::SystemClock,
    redis::{RedisOptions, RedisStock},
};

const TIME: Duration = Duration::from_secs(3);

#[derive(Clone, Copy)]
enum What {
    /// Units are held, without a request key.
    Held,
    /// Units are held, with a request key.
    Named,
    /// Units are held, and noted as published.
    Published,
    /// Everybody is told that it is sold out.
    SoldOut,
}

/// Units that are held before it begins, in the last lines.
const MANY: u32 = 1_000_000;

#[tokio::main]
async fn main() {
    let engine = engines::Redis::start(engines::RedisOptions::with_password().unwrap()).await.unwrap();
    let url = std::env::args().nth(1).unwrap_or_else(|| engine.url());
    println!("held before  callers  what       grabs/s  script calls  grabs/call  us/call in Redis");
    let all = [What::Held, What::Named, What::Published, What::SoldOut];
    let runs = [1, 64, 512].into_iter().flat_map(|callers| all.map(|what| (0, callers, what)));
    let runs = runs.chain([1, 64, 512].map(|callers| (MANY, callers, What::Held)));
    for (number, (before, callers, what)) in runs.enumerate() {
        // Nobody publishes what is held here.
        let (prefix, outbox_limit) = (format!("rate-{number}"), u32::MAX);
        let options = RedisOptions { prefix, outbox_limit, ..RedisOptions::new(&url) };
        let store = Arc::new(RedisStock::open(&options).await.unwrap());
        let opening = Instant::now();
        open(&store, before, if matches!(what, What::SoldOut) { 0 } else { u32::MAX }).await;
        if before > 0 {
            println!("{before} holds loaded in {:.1} s", opening.elapsed().as_secs_f64());
        }
        engine.ask(&["CONFIG", "RESETSTAT"]).await.unwrap();
        let (grabs, seconds) = run(&store, callers, what).await;
        let (calls, usec) = script_calls(&engine).await;
        println!(
            "{before:>11}  {callers:>7}  {:<9} {:>8.0}  {calls:>12}  {:>10.1}  {:>16.1}",
            match what {
                What::Held => "held",
                What::Named => "named",
                What::Published => "published",
                What::SoldOut => "sold out",
            },
            grabs / seconds,
            grabs / calls,
            usec / calls,
        );
        store.close().await;
        engine.ask(&["FLUSHALL"]).await.unwrap();
    }
}

/// Has as many callers grab at the same time. Returns how many grabs there were, and in how many seconds.
async fn run(store: &Arc<RedisStock>, callers: u32, what: What) -> (f64, f64) {
    let (orders, begun) = (Arc::new(AtomicU64::new(u64::from(MANY) + 1)), Instant::now());
    let tasks = (0..callers).map(|_| {
        let (store, orders) = (Arc::clone(store), Arc::clone(&orders));
        tokio::spawn(async move {
            let mut done = 0_u32;
            while begun.elapsed() < TIME {
                let order = orders.fetch_add(1, Ordering::Relaxed);
                grab(&store, id(1), order, what).await;
                done += 1;
            }
            done
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut grabs = 0.0;
    for task in tasks {
        grabs += f64::from(task.await.unwrap());
    }
    (grabs, begun.elapsed().as_secs_f64())
}

async fn grab(store: &RedisStock, campaign_id: CampaignId, order: u64, what: What) {
    let request_key = matches!(what, What::Named).then(|| RequestKey::parse(&format!("attempt-{order}")).unwrap());
    let number = u128::from(order);
    let ask = Reserve { campaign_id, user_id: id(number), order_id: id(number << 64), quantity: 1, request_key };
    match (what, store.reserve(&ask).await.unwrap()) {
        (What::Published, Reserved::Held { hold, .. }) => {
            store.published(std::slice::from_ref(&hold)).await.unwrap();
        }
        (What::Held | What::Named, Reserved::Held { .. }) | (What::SoldOut, Reserved::SoldOut) => {}
        (_, other) => panic!("{other:?}"),
    }
}

async fn open(store: &RedisStock, before: u32, quantity: u32) {
    let now = SystemClock.now();
    let sample = testing::campaign(now - chrono::Duration::hours(1), now + chrono::Duration::hours(1));
    let stock = SaleStock {
        campaign_id: sample.id,
        epoch: 1,
        quantity,
        terms: SaleTerms::from(&sample),
        holds: (1..=u128::from(before))
            .map(|n| Hold { order_id: id(n << 64), user_id: id(n), ..testing::hold(now) })
            .collect(),
        requests: Vec::new(),
    };
    let claim = store.claim_opening(sample.id).await.unwrap().expect("nobody else opens it");
    assert!(store.load(stock, &claim).await.unwrap());
}

/// How often scripts were called, and the microseconds that Redis was at it.
async fn script_calls(engine: &engines::Redis) -> (f64, f64) {
    let stats = engine.ask(&["INFO", "commandstats"]).await.unwrap();
    let line = stats.lines().find(|line| line.starts_with("cmdstat_evalsha:")).expect("scripts were called");
    let value = |name: &str| -> f64 {
        let (_, rest) = line.split_once(name).expect("a field");
        rest.split(',').next().unwrap().trim().parse().unwrap()
    };
    (value("calls="), value("usec="))
}

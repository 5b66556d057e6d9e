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

#[tokio::main]
async fn main() {
    let engine = engines::Redis::start(engines::RedisOptions::with_password().unwrap()).await.unwrap();
    let url = std::env::args().nth(1).unwrap_or_else(|| engine.url());
    println!("callers  what       grabs/s  script calls  grabs/call  us/call in Redis");
    for (number, (callers, what)) in [1, 64, 512]
        .into_iter()
        .flat_map(|callers| [What::Held, What::Named, What::Published, What::SoldOut].map(|what| (callers, what)))
        .enumerate()
    {
        let options = RedisOptions { prefix: format!("rate-{number}"), ..RedisOptions::new(&url) };
        let store = Arc::new(RedisStock::open(&options).await.unwrap());
        let campaign: CampaignId = id(1);
        open(&store, if matches!(what, What::SoldOut) { 0 } else { u32::MAX }).await;
        engine.ask(&["CONFIG", "RESETSTAT"]).await.unwrap();
        let (orders, begun) = (Arc::new(AtomicU64::new(1)), Instant::now());
        let tasks = (0..callers).map(|_| {
            let (store, orders) = (Arc::clone(&store), Arc::clone(&orders));
            tokio::spawn(async move {
                let mut done = 0_u64;
                while begun.elapsed() < TIME {
                    let order = orders.fetch_add(1, Ordering::Relaxed);
                    grab(&store, campaign, order, what).await;
                    done += 1;
                }
                done
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut grabs = 0;
        for task in tasks {
            grabs += task.await.unwrap();
        }
        let seconds = begun.elapsed().as_secs_f64();
        let (calls, usec) = script_calls(&engine).await;
        println!(
            "{callers:>7}  {:<9} {:>8.0}  {calls:>12}  {:>10.1}  {:>16.1}",
            match what {
                What::Held => "held",
                What::Named => "named",
                What::Published => "published",
                What::SoldOut => "sold out",
            },
            f64::from(u32::try_from(grabs).unwrap()) / seconds,
            f64::from(u32::try_from(grabs).unwrap()) / calls,
            usec / calls,
        );
    }
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

async fn open(store: &RedisStock, quantity: u32) {
    let now = SystemClock.now();
    let sample = testing::campaign(now - chrono::Duration::hours(1), now + chrono::Duration::hours(1));
    let stock = SaleStock {
        campaign_id: sample.id,
        epoch: 1,
        quantity,
        terms: SaleTerms::from(&sample),
        holds: Vec::new(),
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

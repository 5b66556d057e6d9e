//! Those who come together share a script call.

use domain::spike::{ports::StockStore, stock::Reserved};
use engines::{Redis, RedisOptions as Engine};

use crate::{
    contract::redis::apart,
    sale::{Sale, UNITS, ask},
};

/// How often scripts were called since the last reset.
async fn script_calls(engine: &Redis) -> u32 {
    let stats = engine.ask(&["INFO", "commandstats"]).await.unwrap();
    let calls = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    calls.filter_map(|rest| rest.split(',').next()?.parse::<u32>().ok()).sum()
}

#[tokio::test]
async fn a_crowd_shares_few_calls_and_one_alone_waits_for_nobody() {
    const CROWD: u32 = 2_000;
    let engine = Redis::start(Engine::with_password().unwrap()).await.unwrap();
    let sale = Sale::open(apart(&engine.url())).await;
    engine.ask(&["CONFIG", "RESETSTAT"]).await.unwrap();
    let asks: Vec<_> = (0..CROWD).map(|n| ask(u128::from(n))).collect();
    let answers = sale.store.reserve_all(&asks).await;
    let held: Vec<_> = answers
        .into_iter()
        .filter_map(|answer| match answer.unwrap() {
            Reserved::Held { hold, .. } => Some(hold),
            Reserved::SoldOut => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(held.len(), UNITS as usize);
    let calls = script_calls(&engine).await;
    println!("{CROWD} grabs in {calls} script calls");
    assert!((1..=CROWD / 200).contains(&calls), "{calls} calls for {CROWD} grabs");

    sale.store.published(&held).await.unwrap();
    assert!(script_calls(&engine).await <= calls + 3, "{} notes in one call or two", held.len());

    engine.ask(&["CONFIG", "RESETSTAT"]).await.unwrap();
    for order in 0..20 {
        assert_eq!(sale.grab(10_000 + order).await.unwrap(), Reserved::SoldOut);
    }
    assert_eq!(script_calls(&engine).await, 20, "one that comes alone goes alone");
}

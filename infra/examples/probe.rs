#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]
use domain::{
    spike::{
        ports::StockStore,
        stock::{Reserve, SaleStock, SaleTerms},
    },
    testing::{self, id, instant},
};
use infra::redis::{RedisOptions, RedisStock};
use std::time::{Duration, Instant};
#[tokio::main]
async fn main() {
    let url = std::env::args().nth(1).unwrap();
    let n: u128 = std::env::args().nth(2).unwrap().parse().unwrap();
    let options = RedisOptions { prefix: "probe".into(), ..RedisOptions::new(&url) };
    let store = RedisStock::open(&options).await.unwrap();
    let campaign = id(n);
    let sample = testing::campaign(instant("2020-01-01T00:00:00Z"), instant("2100-01-01T00:00:00Z"));
    let stock = |epoch| SaleStock {
        campaign_id: campaign,
        epoch,
        quantity: 1_000_000,
        terms: SaleTerms::from(&sample),
        holds: vec![],
        requests: vec![],
    };
    let claim = store.claim_opening(campaign).await.unwrap().expect("claim");
    println!("load {}", store.load(stock(1), &claim).await.unwrap());
    let begun = Instant::now();
    let mut last = String::new();
    for order in 1u128..900 {
        let t = Instant::now();
        let r = store
            .reserve(&Reserve {
                campaign_id: campaign,
                user_id: id(order),
                order_id: id(order),
                quantity: 1,
                request_key: None,
            })
            .await;
        let text = match &r {
            Ok(domain::spike::stock::Reserved::Held { .. }) => "held".to_string(),
            Ok(o) => format!("{o:?}"),
            Err(e) => format!("{:?}", e),
        };
        if text != last {
            println!("{:>6.2}s ({:.2}s) {text}", begun.elapsed().as_secs_f64(), t.elapsed().as_secs_f64());
            last = text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

//! A Redis that may have forgotten something sells nothing of the life before.

use domain::spike::{ports::StockStore, stock::OpeningClaim};
use engines::{Redis, RedisOptions as Engine};

use crate::{
    contract::redis::{answered, impatient},
    sale::{Sale, assert_opens_again, assert_over, campaign},
};

async fn engine() -> Redis {
    Redis::start(Engine::with_password().unwrap()).await.unwrap()
}

#[tokio::test]
async fn started_again_with_its_file() {
    let mut engine = engine().await;
    let sale = Sale::open(impatient(&engine.url())).await;
    let hold = sale.hold(1).await;
    engine.kill().await.unwrap();
    engine.start_again().await.unwrap();

    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
}

#[tokio::test]
async fn started_again_in_order() {
    let mut engine = engine().await;
    let sale = Sale::open(impatient(&engine.url())).await;
    let hold = sale.hold(1).await;
    engine.restart().await.unwrap();
    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
}

#[tokio::test]
async fn started_again_empty() {
    let mut engine = engine().await;
    let sale = Sale::open(impatient(&engine.url())).await;
    let hold = sale.hold(1).await;
    engine.kill().await.unwrap();
    engine.wipe().await.unwrap();
    engine.start_again().await.unwrap();

    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
}

#[tokio::test]
async fn rolled_back_to_an_older_copy() {
    let mut engine = engine().await;
    let sale = Sale::open(impatient(&engine.url())).await;
    let told = sale.hold(1).await;
    engine.ask(&["WAITAOF", "1", "0", "0"]).await.ok();
    let copy = engine.copy().unwrap();
    let forgotten = sale.hold(2).await;
    engine.roll_back(&copy).await.unwrap();

    // Its stock says 9 or 10, and 8 are left: nothing of it may be sold.
    assert_over(&sale, &forgotten).await;
    assert_opens_again(&sale, 2, vec![told, forgotten]).await;
}

#[tokio::test]
async fn emptied_while_it_runs() {
    let mut engine = engine().await;
    let sale = Sale::open(impatient(&engine.url())).await;
    let hold = sale.hold(1).await;
    engine.wipe().await.unwrap();
    assert_over(&sale, &hold).await;
    assert_opens_again(&sale, 2, vec![hold]).await;
}

/// The scripts are the server's to forget: that says nothing about the stock.
#[tokio::test]
async fn a_forgotten_script_is_sent_again_and_the_sale_goes_on() {
    let engine = engine().await;
    let sale = Sale::open(impatient(&engine.url())).await;
    sale.hold(1).await;
    engine.ask(&["SCRIPT", "FLUSH"]).await.unwrap();
    assert_eq!(sale.hold(2).await.epoch, 1);
    assert_eq!(sale.available().await, Some(8));
}

/// What was staged before the server ended is not opened after it, as if it were all.
#[tokio::test]
async fn a_claim_ends_with_the_server() {
    let mut engine = engine().await;
    let sale = Sale::closed(impatient(&engine.url())).await;
    let claim = answered(|| sale.store.claim_opening(campaign())).await.expect("nobody else opens it");
    engine.restart().await.unwrap();
    assert!(!sale.load_by(&claim, 1).await);
    assert_eq!(sale.available().await, None);
    // And it is in nobody's way.
    assert!(sale.load(1, Vec::new()).await);
}

/// A sale stands still no longer than that when the process that opens it dies, and hardly at all when an opening fails.
#[tokio::test]
async fn a_claim_that_nobody_keeps_ends_by_itself() {
    let engine = engine().await;
    let options = impatient(&engine.url());
    let pattern = format!("{}:*opening", options.prefix);
    let sale = Sale::closed(options).await;
    let claim = answered(|| sale.store.claim_opening(campaign())).await.expect("nobody else opens it");
    assert_eq!(sale.store.claim_opening(campaign()).await.unwrap(), None);
    let key = engine.ask(&["KEYS", &pattern]).await.unwrap();
    let left = async || engine.ask(&["PTTL", &key]).await.unwrap().parse::<i64>().unwrap();
    let lease = OpeningClaim::LEASE.num_milliseconds();
    assert!((1..=lease).contains(&left().await));
    // As if it were about to end: whoever keeps it has it as long as at first, and nobody else can.
    engine.ask(&["PEXPIRE", &key, "600000"]).await.unwrap();
    let another = OpeningClaim { token: "another".to_owned(), ..claim.clone() };
    sale.store.keep_claim(&another, OpeningClaim::LEASE).await.unwrap();
    assert!(left().await > lease);
    sale.store.keep_claim(&claim, OpeningClaim::LEASE).await.unwrap();
    assert!((1..=lease).contains(&left().await));
    let pause = OpeningClaim::PAUSE.num_milliseconds();
    sale.store.keep_claim(&claim, OpeningClaim::PAUSE).await.unwrap();
    assert!(left().await <= pause);
    // It ends.
    engine.ask(&["PEXPIRE", &key, "0"]).await.unwrap();
    sale.store.keep_claim(&claim, OpeningClaim::LEASE).await.unwrap();
    assert!(!sale.load_by(&claim, 1).await);
    assert!(sale.load(1, Vec::new()).await);
}

/// Keys that nobody needs any more are put away by whoever looks, and those that wait for the relay are not.
#[tokio::test]
async fn nothing_is_left_of_a_life_that_is_over_once_all_is_published() {
    let mut engine = engine().await;
    let options = impatient(&engine.url());
    let pattern = format!("{}:*", options.prefix);
    let sale = Sale::open(options).await;
    let hold = sale.hold(1).await;
    engine.restart().await.unwrap();
    assert_eq!(sale.unpublished().await, [hold.order_id]);

    assert_over(&sale, &hold).await;
    // Its message is safe: that was noted, though it was not confirmed.
    assert_eq!(sale.unpublished().await, []);
    answered(|| sale.store.loaded()).await;
    assert_eq!(engine.ask(&["KEYS", &pattern]).await.unwrap().trim(), "");
}

//! The same attempt again: the same key of the same user gets the same order, whatever became of it.

use chrono::Duration;
use domain::testing::instant;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{cancel, granted, refused, remaining, step};
use crate::support::{CampaignSpec, Customer, TestShop, wait_until};

const WINDOW: i64 = 60;

/// Repeats attempts that got an order: key, order, and where that order is now.
async fn same_again(shop: &TestShop, buyer: &Customer, campaign: &str, known: &[(&str, String, &str)]) {
    for (key, order, status) in known {
        let payload = shop.try_grab(&buyer.token, campaign, 1, Some(key)).await;
        assert_eq!((granted(&payload), &payload["order"]["status"]), (order.as_str(), &json!(status)), "{key}");
        assert_eq!(payload["remaining"], Value::Null, "nothing was taken for it");
    }
}

#[tokio::test]
async fn the_same_attempt_gets_the_same_order_whatever_became_of_it() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let spec = CampaignSpec { per_user_limit: 3, payment_window_seconds: 60, ..CampaignSpec::default() };
    let campaign = shop.published(&spec).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    let mut orders = Vec::new();
    for key in ["paid", "cancelled", "expired"] {
        let payload = shop.try_grab(&buyer.token, &campaign, 1, Some(key)).await;
        orders.push(granted(&payload).to_owned());
    }
    let [paid, cancelled, expired] = orders.try_into().unwrap();
    for order in [&paid, &cancelled, &expired] {
        shop.wait_for_status(&buyer.token, order, "PENDING_PAYMENT").await;
    }
    let waiting = [&paid, &cancelled, &expired].map(Clone::clone);
    let names = ["paid", "cancelled", "expired"];
    let waiting: Vec<_> = names.into_iter().zip(waiting).map(|(key, order)| (key, order, "PENDING_PAYMENT")).collect();
    same_again(&shop, &buyer, &campaign, &waiting).await;

    shop.pay(&buyer.token, &paid, "pay").await;
    cancel(&shop, &buyer.token, &cancelled).await;
    shop.advance(Duration::seconds(WINDOW));
    shop.wait_for_status(&buyer.token, &expired, "EXPIRED").await;
    let known = [("paid", paid, "PAID"), ("cancelled", cancelled, "CANCELLED"), ("expired", expired, "EXPIRED")];
    same_again(&shop, &buyer, &campaign, &known).await;

    step(&shop, "pauseCampaign", &campaign).await;
    same_again(&shop, &buyer, &campaign, &known).await;
    step(&shop, "endCampaign", &campaign).await;
    same_again(&shop, &buyer, &campaign, &known).await;
    // Some time after its end the stock of a sale is put away, and its attempts with it.
    until_put_away(&shop).await;
    same_again(&shop, &buyer, &campaign, &known).await;
    let shop = shop.restart().await;
    same_again(&shop, &buyer, &campaign, &known).await;

    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&json!(3), &json!(9), &json!(true)));
    shop.stop().await;
}

/// Waits until the stock of sales that are over is put away.
async fn until_put_away(shop: &TestShop) {
    wait_until("the stock to be put away", async || {
        shop.advance(Duration::seconds(2));
        shop.app().world().ports.stock.loaded().await.unwrap().is_empty().then_some(())
    })
    .await;
}

/// A grab reads no database: that the key is another order's is seen when the order is placed.
#[tokio::test]
async fn a_key_of_a_sale_that_is_over_gets_no_order_elsewhere() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let over = shop.published(&CampaignSpec::default()).await;
    let buyer = shop.register_customer().await;
    let first = granted(&shop.try_grab(&buyer.token, &over, 1, Some("k")).await).to_owned();
    shop.wait_for_status(&buyer.token, &first, "PENDING_PAYMENT").await;
    step(&shop, "endCampaign", &over).await;
    until_put_away(&shop).await;

    let campaign = shop.published(&CampaignSpec::default()).await;
    let before = remaining(&shop, &campaign).await;
    let payload = shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await;
    let second = granted(&payload).to_owned();
    assert_ne!(second, first);
    shop.wait_for_status(&buyer.token, &second, "REJECTED").await;
    let history = "query($id: ID!) { order(id: $id) { history { status reason } } }";
    let history = shop.data(Some(&buyer.token), history, json!({ "id": second })).await;
    let last = history["order"]["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last, json!({ "status": "REJECTED", "reason": "the idempotency key was used for another order" }));
    assert_eq!(remaining(&shop, &campaign).await, before, "its unit is back");
    // The key is still that of the first attempt.
    same_again(&shop, &buyer, &over, &[("k", first, "PENDING_PAYMENT")]).await;
    shop.stop().await;
}

#[tokio::test]
async fn a_restart_remembers_the_attempts_of_a_sale_that_goes_on() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    let payload = shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await;
    let order = granted(&payload).to_owned();
    let shop = shop.restart().await;
    let again = shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await;
    assert_eq!((granted(&again), &again["remaining"]), (order.as_str(), &Value::Null));
    assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 2, Some("k")).await), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(remaining(&shop, &campaign).await, 9);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_attempt_fifty_times_at_once_is_one_attempt() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    let answers = join_all((0..50).map(|_| shop.try_grab(&buyer.token, &campaign, 2, Some("once")))).await;
    let order = granted(&answers[0]);
    assert!(answers.iter().all(|answer| granted(answer) == order), "{answers:#?}");
    let fresh: Vec<_> = answers.iter().filter(|answer| !answer["remaining"].is_null()).collect();
    assert_eq!(fresh.len(), 1, "one of them took the units: {fresh:#?}");
    assert_eq!(fresh[0]["remaining"], 8);
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&json!(1), &json!(8), &json!(true)));
    shop.stop().await;
}

#[tokio::test]
async fn a_key_is_for_one_attempt_of_one_user() {
    let shop = TestShop::start().await;
    let [campaign, elsewhere] = [shop.live_campaign(10, 3).await, shop.live_campaign(10, 3).await];
    let [buyer, other] = [shop.register_customer().await, shop.register_customer().await];
    let first = shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await;

    for (campaign, quantity) in [(&campaign, 2), (&elsewhere, 1)] {
        let payload = shop.try_grab(&buyer.token, campaign, quantity, Some("k")).await;
        assert_eq!(refused(&payload), "IDEMPOTENCY_KEY_REUSED");
    }
    let theirs = shop.try_grab(&other.token, &campaign, 1, Some("k")).await;
    assert_ne!(granted(&theirs), granted(&first), "another user's key is another key");
    assert_ne!(granted(&shop.try_grab(&buyer.token, &campaign, 1, Some("K")).await), granted(&first));
    assert_eq!((remaining(&shop, &campaign).await, remaining(&shop, &elsewhere).await), (json!(7), json!(10)));
    shop.stop().await;
}

#[tokio::test]
async fn an_attempt_that_was_refused_leaves_its_key_free() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let spec = CampaignSpec { starts_in: Duration::seconds(60), ..CampaignSpec::default() };
    let campaign = shop.published(&spec).await;
    let buyer = shop.register_customer().await;
    let grab = async |quantity| shop.try_grab(&buyer.token, &campaign, quantity, Some("k")).await;
    assert_eq!(refused(&grab(1).await), "NOT_STARTED");
    shop.advance(Duration::seconds(60));
    assert_eq!(refused(&grab(2).await), "LIMIT_EXCEEDED");
    let order = granted(&grab(1).await).to_owned();
    assert_eq!(granted(&grab(1).await), order);
    shop.stop().await;
}

#[tokio::test]
async fn who_is_not_eligible_any_more_still_gets_the_order_of_before() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    let order = granted(&shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await).to_owned();
    let rule = ("students", "user.workStatus == \"STUDENT\"", "For students.");
    let rules = [(rule.0.to_owned(), rule.1.to_owned(), rule.2.to_owned())];
    shop.set_rules(&shop.admin_token().await, &campaign, &rules).await;

    assert_eq!(granted(&shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await), order);
    let shop = shop.restart().await;
    assert_eq!(granted(&shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await), order);
    assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 1, Some("new")).await), "NOT_ELIGIBLE");
    shop.stop().await;
}

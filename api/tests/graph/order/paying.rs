//! Paying: the money moves with the order, or nothing does.

use chrono::Duration;
use domain::{error::Failure, order::payment::PayRefusal, testing::instant};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{NO_ORDER, balance, cancel, done, error_code, history, paid, refund, refused, reported, unpaid};
use crate::support::{CampaignSpec, TestShop};

const PAY: &str = "mutation($input: PayInput!) { pay(input: $input) {
    order { id status user { balance { amount } } } userErrors { code message field } } }";

#[tokio::test]
async fn a_payment_takes_the_total_from_the_balance() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    assert_eq!(balance(&shop, &buyer.token).await, "0.00");
    shop.top_up(&buyer.id, "50").await;
    let order = shop.try_grab(&buyer.token, &campaign, 3, None).await["order"]["id"].as_str().unwrap().to_owned();
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    assert_eq!(balance(&shop, &buyer.token).await, "50.00", "a grab costs nothing yet");

    shop.advance(Duration::seconds(30));
    let input = json!({ "input": { "orderId": order } });
    let payload = shop.data(Some(&buyer.token), PAY, input).await["pay"].take();
    let expected = json!({ "id": order, "status": "PAID", "user": { "balance": { "amount": "20.03" } } });
    assert_eq!((done(&payload), &payload["order"]), ("PAID", &expected), "without a key, too");
    assert_eq!(balance(&shop, &buyer.token).await, "20.03");
    let query = "query($id: ID!) { order(id: $id) { version paidAt closedAt } }";
    let shown = shop.data(Some(&buyer.token), query, json!({ "id": order })).await;
    assert_eq!(shown["order"], json!({ "version": 2, "paidAt": "2026-01-01T10:00:30+00:00", "closedAt": null }));
    reported(&shop, &campaign, &json!({ "paid": 1, "available": 7, "revenue": { "amount": "29.97" } })).await;
    shop.stop().await;
}

#[tokio::test]
async fn who_has_too_little_pays_nothing() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 2).await;
    let buyer = shop.register_customer().await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    for (have, add) in [("0.00", "9.98"), ("9.98", "0.01")] {
        let payload = shop.pay(&buyer.token, &order, "k").await;
        assert_eq!(refused(&payload), "INSUFFICIENT_FUNDS");
        let told = payload["userErrors"][0]["message"].as_str().unwrap();
        assert!(told.contains(have), "it says what there is: {told}");
        assert_eq!(balance(&shop, &buyer.token).await, have);
        shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
        shop.top_up(&buyer.id, add).await;
    }
    reported(&shop, &campaign, &json!({ "pendingPayment": 1, "paid": 0, "revenue": { "amount": "0.00" } })).await;
    // Exactly enough is enough, and the key of a refused attempt is free.
    assert_eq!(done(&shop.pay(&buyer.token, &order, "k").await), "PAID");
    assert_eq!(balance(&shop, &buyer.token).await, "0.00");
    shop.stop().await;
}

#[tokio::test]
async fn the_window_to_pay_closes_on_the_millisecond() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let spec = CampaignSpec { per_user_limit: 2, payment_window_seconds: 60, ..CampaignSpec::default() };
    let campaign = shop.published(&spec).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    let [in_time, late] = [unpaid(&shop, &buyer, &campaign).await, unpaid(&shop, &buyer, &campaign).await];
    shop.advance(Duration::milliseconds(59_999));
    assert_eq!(done(&shop.pay(&buyer.token, &in_time, "in-time").await), "PAID");
    shop.advance(Duration::milliseconds(1));
    assert_eq!(refused(&shop.pay(&buyer.token, &late, "late").await), "PAYMENT_WINDOW_CLOSED");
    shop.wait_for_status(&buyer.token, &late, "EXPIRED").await;
    assert_eq!(refused(&shop.pay(&buyer.token, &late, "late").await), "PAYMENT_WINDOW_CLOSED");
    assert_eq!(balance(&shop, &buyer.token).await, "90.01");
    reported(&shop, &campaign, &json!({ "paid": 1, "expired": 1, "revenue": { "amount": "9.99" } })).await;
    shop.stop().await;
}

#[tokio::test]
async fn who_pays_after_the_deadline_and_before_the_sweep_is_late_all_the_same() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let spec = CampaignSpec { payment_window_seconds: 60, ..CampaignSpec::default() };
    let campaign = shop.published(&spec).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    shop.advance(Duration::seconds(60));
    // Past HTTP, so that nothing else runs between the deadline and the attempt.
    let late = shop.app().services().payments.pay(buyer.id.parse().unwrap(), order.parse().unwrap(), None).await;
    let Err(Failure::Refused(refusals)) = late else { panic!("{late:?}") };
    assert_eq!(refusals[0].code, PayRefusal::PaymentWindowClosed);
    shop.wait_for_status(&buyer.token, &order, "EXPIRED").await;
    assert_eq!(balance(&shop, &buyer.token).await, "100.00");
    shop.stop().await;
}

#[tokio::test]
async fn what_is_not_waiting_for_payment_is_not_paid() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let [buyer, stranger] = [shop.register_customer().await, shop.register_customer().await];
    for customer in [&buyer, &stranger] {
        shop.top_up(&customer.id, "100").await;
    }
    let waiting = unpaid(&shop, &buyer, &campaign).await;
    for (token, order) in [(&stranger.token, waiting.as_str()), (&shop.admin_token().await, &waiting)] {
        let payload = shop.pay(token, order, "k").await;
        assert_eq!(refused(&payload), "ORDER_NOT_FOUND", "one pays one's own orders alone");
        assert_eq!(payload["userErrors"][0]["field"], json!(["input", "orderId"]));
    }
    assert_eq!(refused(&shop.pay(&buyer.token, NO_ORDER, "k").await), "ORDER_NOT_FOUND");

    let bought = paid(&shop, &buyer, &campaign).await;
    assert_eq!(refused(&shop.pay(&buyer.token, &bought, "another-attempt").await), "ALREADY_PAID");
    assert_eq!(done(&refund(&shop, &shop.admin_token().await, &bought).await), "REFUNDED");
    assert_eq!(refused(&shop.pay(&buyer.token, &bought, "another-attempt").await), "ORDER_CLOSED");
    assert_eq!(done(&cancel(&shop, &buyer.token, &waiting).await), "CANCELLED");
    assert_eq!(refused(&shop.pay(&buyer.token, &waiting, "k").await), "ORDER_CLOSED");
    assert_eq!(balance(&shop, &buyer.token).await, "100.00");
    assert_eq!(balance(&shop, &stranger.token).await, "100.00");
    shop.stop().await;
}

#[tokio::test]
async fn a_payment_that_makes_no_sense_is_an_error() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    let pay = async |token: Option<&str>, order: &str, key: Value| {
        shop.graphql(token, PAY, json!({ "input": { "orderId": order, "idempotencyKey": key } })).await
    };
    assert_eq!(error_code(&pay(None, &order, Value::Null).await), "UNAUTHENTICATED");
    for (order, key) in [(campaign.as_str(), json!("k")), ("", json!("k")), (&order, json!("")), (&order, json!("a b"))]
    {
        let answer = pay(Some(&buyer.token), order, key).await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT", "{answer:#}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn the_same_payment_again_is_answered_and_not_taken_again() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let [buyer, other] = [shop.register_customer().await, shop.register_customer().await];
    for customer in [&buyer, &other] {
        shop.top_up(&customer.id, "100").await;
    }
    let [first, second] = [unpaid(&shop, &buyer, &campaign).await, unpaid(&shop, &buyer, &campaign).await];
    assert_eq!(done(&shop.pay(&buyer.token, &first, "k").await), "PAID");
    let shop = {
        let again = shop.pay(&buyer.token, &first, "k").await;
        assert_eq!((done(&again), &again["order"]["id"]), ("PAID", &json!(first)));
        shop.restart().await
    };
    assert_eq!(done(&shop.pay(&buyer.token, &first, "k").await), "PAID");
    assert_eq!(refused(&shop.pay(&buyer.token, &second, "k").await), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(balance(&shop, &buyer.token).await, "90.01");

    // Somebody else's key is another key.
    let theirs = unpaid(&shop, &other, &campaign).await;
    assert_eq!(done(&shop.pay(&other.token, &theirs, "k").await), "PAID");
    // What became of the order later does not make the attempt a failed one.
    refund(&shop, &shop.admin_token().await, &first).await;
    assert_eq!(done(&shop.pay(&buyer.token, &first, "k").await), "REFUNDED");
    assert_eq!(balance(&shop, &buyer.token).await, "100.00");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_at_once_take_the_money_once() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "25").await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(unpaid(&shop, &buyer, &campaign).await);
    }
    // Ten attempts at each of three orders, with money for two.
    let attempts = orders.iter().flat_map(|order| (0..10).map(move |n| (order, format!("{order}-{n}"))));
    let attempts: Vec<_> = attempts.collect();
    let answers = join_all(attempts.iter().map(|(order, key)| shop.pay(&buyer.token, order, key))).await;
    let count = |code: &str| answers.iter().filter(|answer| answer["userErrors"][0]["code"] == code).count();
    let paid = answers.iter().filter(|answer| answer["order"]["status"] == "PAID").count();
    assert_eq!(paid, 2, "{answers:#?}");
    assert_eq!(paid + count("ALREADY_PAID") + count("INSUFFICIENT_FUNDS"), 30);
    assert_eq!(balance(&shop, &buyer.token).await, "5.02");
    reported(&shop, &campaign, &json!({ "paid": 2, "pendingPayment": 1, "revenue": { "amount": "19.98" } })).await;
    let mut states = Vec::new();
    for order in &orders {
        states.push(history(&shop, &buyer.token, order).await.as_array().unwrap().len());
    }
    states.sort_unstable();
    assert_eq!(states, [2, 3, 3], "each was paid once at most");
    shop.stop().await;
}

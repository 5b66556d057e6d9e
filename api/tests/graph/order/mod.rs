//! Orders: paying, giving up, paying back, balances, what is read of them, and their deadline.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod balance;
mod closing;
mod expiry;
mod paying;
pub(crate) mod queued;
mod reading;

use serde_json::{Value, json};

use crate::support::{Customer, TestShop};

/// An id that nothing has.
const NO_ORDER: &str = "order_01h2xcejqtf2nbrexx3vqjhp41";

const CANCEL: &str = "mutation($id: ID!) { cancelOrder(input: { orderId: $id }) {
    order { id status closedAt } userErrors { code field } } }";
const REFUND: &str = "mutation($id: ID!) { refundOrder(input: { orderId: $id }) {
    order { id status paidAt closedAt } userErrors { code field } } }";

/// The one reason why nothing was done.
#[track_caller]
fn refused(payload: &Value) -> &str {
    assert_eq!(payload["order"], Value::Null, "{payload:#}");
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload:#}");
    errors[0]["code"].as_str().unwrap()
}

/// Where the order of a payload is now that something was done.
#[track_caller]
fn done(payload: &Value) -> &str {
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload["order"]["status"].as_str().unwrap()
}

/// The code of the one top-level error of an answer.
#[track_caller]
fn error_code(answer: &Value) -> &str {
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer:#}");
    answer["errors"][0]["extensions"]["code"].as_str().unwrap()
}

/// A grab of one unit that has become an order to be paid.
async fn unpaid(shop: &TestShop, buyer: &Customer, campaign: &str) -> String {
    let order = shop.grab(buyer, campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    order
}

/// The same, paid.
async fn paid(shop: &TestShop, buyer: &Customer, campaign: &str) -> String {
    let order = unpaid(shop, buyer, campaign).await;
    assert_eq!(done(&shop.pay(&buyer.token, &order, &order).await), "PAID");
    order
}

async fn cancel(shop: &TestShop, token: &str, order: &str) -> Value {
    shop.data(Some(token), CANCEL, json!({ "id": order })).await["cancelOrder"].take()
}

async fn refund(shop: &TestShop, admin: &str, order: &str) -> Value {
    shop.data(Some(admin), REFUND, json!({ "id": order })).await["refundOrder"].take()
}

/// What somebody can pay with.
async fn balance(shop: &TestShop, token: &str) -> Value {
    let mut data = shop.data(Some(token), "{ me { balance { amount currencyCode } } }", json!({})).await;
    assert_eq!(data["me"]["balance"]["currencyCode"], "CNY");
    data["me"]["balance"]["amount"].take()
}

/// The states that an order was in.
async fn history(shop: &TestShop, token: &str, order: &str) -> Value {
    let query = "query($id: ID!) { order(id: $id) { history { version status at reason } } }";
    shop.data(Some(token), query, json!({ "id": order })).await["order"]["history"].take()
}

/// Waits until the report of a campaign reads so, and has every ledger agree.
async fn reported(shop: &TestShop, campaign: &str, expected: &Value) {
    let query = "query($id: ID!) { campaign(id: $id) { remaining report {
        pendingPayment paid cancelled expired refunded available balanced revenue { amount } } } }";
    let admin = shop.admin_token().await;
    let what = format!("the report to say {expected}");
    shop.wait_for(&what, Some(&admin), query, json!({ "id": campaign }), |data| {
        let report = &data["campaign"]["report"];
        let as_expected = expected.as_object().unwrap().iter().all(|(field, value)| report[field] == *value);
        (as_expected && report["balanced"] == true && data["campaign"]["remaining"] == report["available"])
            .then_some(())
    })
    .await;
}

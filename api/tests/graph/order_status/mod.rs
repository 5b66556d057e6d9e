//! Watching orders over `graphql-transport-ws`: the current state first, then every change once and in order.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod access;
mod all_own;
mod crowd;
mod one;
mod reconnect;

use serde_json::{Value, json};

use crate::support::{Customer, Subscription, TestShop};

const STATUS: &str = "subscription($id: ID, $after: Int) {
    orderStatus(orderId: $id, afterVersion: $after) { id status version } }";

/// Watches one order.
async fn watch_one(shop: &TestShop, token: &str, order: &str) -> Subscription {
    shop.subscribe(Some(token), STATUS, json!({ "id": order })).await
}

/// Watches one order on, of which this version was the last that was seen.
async fn watch_on(shop: &TestShop, token: &str, order: &str, seen: i64) -> Subscription {
    shop.subscribe(Some(token), STATUS, json!({ "id": order, "after": seen })).await
}

/// Watches all orders of one's own.
async fn watch_all(shop: &TestShop, token: &str) -> Subscription {
    shop.subscribe(Some(token), STATUS, json!({})).await
}

async fn next(watch: &mut Subscription) -> Value {
    watch.next_data("/orderStatus").await
}

fn seen(order: &str, version: u32, status: &str) -> Value {
    json!({ "id": order, "status": status, "version": version })
}

/// A grab of one unit that has become an order to be paid.
async fn unpaid(shop: &TestShop, buyer: &Customer, campaign: &str) -> String {
    let order = shop.grab(buyer, campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    order
}

async fn pay(shop: &TestShop, buyer: &Customer, order: &str) {
    let payload = shop.pay(&buyer.token, order, order).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
}

async fn cancel(shop: &TestShop, token: &str, order: &str) {
    let query = "mutation($id: ID!) { cancelOrder(input: { orderId: $id }) { userErrors { code } } }";
    shop.done(token, "cancelOrder", query, json!({ "id": order })).await;
}

async fn refund(shop: &TestShop, admin: &str, order: &str) {
    let query = "mutation($id: ID!) { refundOrder(input: { orderId: $id }) { userErrors { code } } }";
    shop.done(admin, "refundOrder", query, json!({ "id": order })).await;
}

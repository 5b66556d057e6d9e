//! The deadline: what is not paid in time goes back on sale, by itself.

use chrono::Duration;
use domain::testing::instant;
use serde_json::json;

use super::{cancel, done, history, paid, refused, reported, unpaid};
use crate::support::{CampaignSpec, TestShop};

fn window(seconds: u32) -> CampaignSpec {
    CampaignSpec { payment_window_seconds: seconds, ..CampaignSpec::default() }
}

#[tokio::test]
async fn units_that_are_not_paid_are_sold_to_others() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.published(&CampaignSpec { quantity: 1, ..window(60) }).await;
    let [buyer, other] = [shop.register_customer().await, shop.register_customer().await];
    shop.top_up(&other.id, "100").await;
    let order = unpaid(&shop, &buyer, &campaign).await;

    shop.advance(Duration::milliseconds(59_999));
    assert_eq!(refused(&shop.try_grab(&other.token, &campaign, 1, None).await), "SOLD_OUT");
    reported(&shop, &campaign, &json!({ "pendingPayment": 1, "expired": 0, "available": 0 })).await;
    shop.advance(Duration::milliseconds(1));
    shop.wait_for_status(&buyer.token, &order, "EXPIRED").await;
    reported(&shop, &campaign, &json!({ "pendingPayment": 0, "expired": 1, "available": 1 })).await;
    assert_eq!(
        history(&shop, &buyer.token, &order).await,
        json!([
            { "version": 0, "status": "QUEUED", "at": "2026-01-01T10:00:00+00:00", "reason": null },
            { "version": 1, "status": "PENDING_PAYMENT", "at": "2026-01-01T10:00:00+00:00", "reason": null },
            { "version": 2, "status": "EXPIRED", "at": "2026-01-01T10:01:00+00:00", "reason": null },
        ])
    );
    let query = "query($id: ID!) { order(id: $id) { payBefore paidAt closedAt } }";
    let at = "2026-01-01T10:01:00+00:00";
    let shown = shop.data(Some(&buyer.token), query, json!({ "id": order })).await;
    assert_eq!(shown["order"], json!({ "payBefore": at, "paidAt": null, "closedAt": at }));

    paid(&shop, &other, &campaign).await;
    assert_eq!(refused(&cancel(&shop, &buyer.token, &order).await), "ALREADY_CLOSED");
    assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 1, None).await), "SOLD_OUT");
    reported(&shop, &campaign, &json!({ "expired": 1, "paid": 1, "available": 0 })).await;
    shop.stop().await;
}

#[tokio::test]
async fn the_limit_is_free_again_after_the_deadline() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.published(&window(60)).await;
    let buyer = shop.register_customer().await;
    for expired in 1..=3 {
        unpaid(&shop, &buyer, &campaign).await;
        assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 1, None).await), "LIMIT_EXCEEDED");
        shop.advance(Duration::seconds(60));
        reported(&shop, &campaign, &json!({ "expired": expired, "available": 10 })).await;
    }
    shop.stop().await;
}

#[tokio::test]
async fn every_order_has_the_deadline_of_its_own_window() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    let mut orders = Vec::new();
    // The longest first: a deadline must not wait behind one that comes later.
    for seconds in [90, 60, 30] {
        let campaign = shop.published(&window(seconds)).await;
        orders.push((unpaid(&shop, &buyer, &campaign).await, campaign));
    }
    let status = async |order: &str| {
        let query = "query($id: ID!) { order(id: $id) { status } }";
        let shown = shop.data(Some(&buyer.token), query, json!({ "id": order })).await;
        shown["order"]["status"].as_str().unwrap().to_owned()
    };
    shop.advance(Duration::seconds(30));
    shop.wait_for_status(&buyer.token, &orders[2].0, "EXPIRED").await;
    assert_eq!([status(&orders[0].0).await, status(&orders[1].0).await], ["PENDING_PAYMENT", "PENDING_PAYMENT"]);
    assert_eq!(done(&shop.pay(&buyer.token, &orders[0].0, "k").await), "PAID");
    // An order of later with the same window has a later deadline.
    let later = unpaid(&shop, &buyer, &orders[2].1).await;
    shop.advance(Duration::milliseconds(29_999));
    assert_eq!([status(&orders[1].0).await, status(&later).await], ["PENDING_PAYMENT", "PENDING_PAYMENT"]);
    shop.advance(Duration::milliseconds(1));
    for order in [&orders[1].0, &later] {
        shop.wait_for_status(&buyer.token, order, "EXPIRED").await;
    }
    shop.advance(Duration::seconds(60));
    reported(&shop, &orders[0].1, &json!({ "paid": 1, "expired": 0, "available": 9 })).await;
    reported(&shop, &orders[1].1, &json!({ "expired": 1, "available": 10 })).await;
    reported(&shop, &orders[2].1, &json!({ "expired": 2, "available": 10 })).await;
    shop.stop().await;
}

#[tokio::test]
async fn orders_that_were_decided_do_not_expire() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.published(&CampaignSpec { per_user_limit: 3, ..window(60) }).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    paid(&shop, &buyer, &campaign).await;
    let given_up = unpaid(&shop, &buyer, &campaign).await;
    assert_eq!(done(&cancel(&shop, &buyer.token, &given_up).await), "CANCELLED");
    let forgotten = unpaid(&shop, &buyer, &campaign).await;
    shop.advance(Duration::minutes(2));
    shop.wait_for_status(&buyer.token, &forgotten, "EXPIRED").await;
    let expected = json!({ "paid": 1, "cancelled": 1, "expired": 1, "pendingPayment": 0, "available": 9 });
    reported(&shop, &campaign, &expected).await;
    shop.stop().await;
}

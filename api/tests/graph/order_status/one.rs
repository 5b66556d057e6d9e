//! One order: from where it is until it can change no more.

use chrono::Duration;
use domain::testing::instant;
use serde_json::json;

use super::{cancel, next, pay, refund, seen, unpaid, watch_one};
use crate::{
    order::queued::hold,
    support::{CampaignSpec, TestShop},
};

#[tokio::test]
async fn a_watcher_sees_every_state_once_from_the_grab_to_the_refund() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.live_campaign(10, 1).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "100").await;
    let order = hold(&shop, &buyer, &campaign).await;
    let mut watch = watch_one(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut watch).await, seen(&order, 0, "QUEUED"));
    shop.advance(Duration::seconds(5));
    assert_eq!(next(&mut watch).await, seen(&order, 1, "PENDING_PAYMENT"));

    // Who comes in the middle sees where it is, and then the same as everybody.
    let mut late = watch_one(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut late).await, seen(&order, 1, "PENDING_PAYMENT"));
    let mut by_admin = watch_one(&shop, &admin, &order).await;
    assert_eq!(next(&mut by_admin).await, seen(&order, 1, "PENDING_PAYMENT"));
    pay(&shop, &buyer, &order).await;
    // The watch looks again by itself now and then, which must not repeat anything.
    shop.advance(Duration::seconds(60));
    refund(&shop, &admin, &order).await;
    for watch in [&mut watch, &mut late, &mut by_admin] {
        assert_eq!(next(watch).await, seen(&order, 2, "PAID"));
        assert_eq!(next(watch).await, seen(&order, 3, "REFUNDED"));
        watch.completed().await;
    }
    let mut after = watch_one(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut after).await, seen(&order, 3, "REFUNDED"));
    after.completed().await;
    shop.stop().await;
}

#[tokio::test]
async fn an_order_that_is_given_up_ends_its_watch() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 2).await;
    let buyer = shop.register_customer().await;
    let [order, other] = [unpaid(&shop, &buyer, &campaign).await, unpaid(&shop, &buyer, &campaign).await];
    let mut watch = watch_one(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut watch).await, seen(&order, 1, "PENDING_PAYMENT"));
    cancel(&shop, &buyer.token, &other).await;
    cancel(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut watch).await, seen(&order, 2, "CANCELLED"), "nothing of the other order");
    watch.completed().await;
    shop.stop().await;
}

#[tokio::test]
async fn expiry_is_told_by_itself() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.published(&CampaignSpec { payment_window_seconds: 60, ..CampaignSpec::default() }).await;
    let buyer = shop.register_customer().await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    let query = "subscription($id: ID!) { orderStatus(orderId: $id) { status payBefore closedAt
        history { status } campaign { id } } }";
    let mut watch = shop.subscribe(Some(&buyer.token), query, json!({ "id": order })).await;
    assert_eq!(
        next(&mut watch).await,
        json!({
            "status": "PENDING_PAYMENT", "payBefore": "2026-01-01T10:01:00+00:00", "closedAt": null,
            "history": [{ "status": "QUEUED" }, { "status": "PENDING_PAYMENT" }], "campaign": { "id": campaign },
        })
    );
    shop.advance(Duration::seconds(60));
    assert_eq!(
        next(&mut watch).await,
        json!({
            "status": "EXPIRED", "payBefore": "2026-01-01T10:01:00+00:00", "closedAt": "2026-01-01T10:01:00+00:00",
            "history": [{ "status": "QUEUED" }, { "status": "PENDING_PAYMENT" }, { "status": "EXPIRED" }],
            "campaign": { "id": campaign },
        })
    );
    watch.completed().await;
    shop.stop().await;
}

//! All of one's own orders: those that are there, and those that come.

use serde_json::json;

use super::{cancel, next, pay, refund, seen, unpaid, watch_all};
use crate::support::TestShop;

#[tokio::test]
async fn who_watches_before_the_grab_sees_every_state_once() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 5).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "100").await;
    let old = unpaid(&shop, &buyer, &campaign).await;
    let [mut one, mut two] = [watch_all(&shop, &buyer.token).await, watch_all(&shop, &buyer.token).await];
    for watch in [&mut one, &mut two] {
        assert_eq!(next(watch).await, seen(&old, 1, "PENDING_PAYMENT"));
    }

    let mut orders = Vec::new();
    for _ in 0..2 {
        let order = unpaid(&shop, &buyer, &campaign).await;
        pay(&shop, &buyer, &order).await;
        orders.push(order);
    }
    cancel(&shop, &buyer.token, &old).await;
    refund(&shop, &admin, &orders[0]).await;
    let mut expected = Vec::new();
    for order in &orders {
        expected.extend([seen(order, 0, "QUEUED"), seen(order, 1, "PENDING_PAYMENT"), seen(order, 2, "PAID")]);
    }
    expected.extend([seen(&old, 2, "CANCELLED"), seen(&orders[0], 3, "REFUNDED")]);
    for watch in [&mut one, &mut two] {
        for event in &expected {
            assert_eq!(next(watch).await, *event, "both sockets see all of it");
        }
    }
    // It goes on, whatever became of the orders so far.
    let last = shop.grab(&buyer, &campaign).await;
    assert_eq!(next(&mut one).await, seen(&last, 0, "QUEUED"));
    shop.stop().await;
}

#[tokio::test]
async fn who_watches_afterwards_sees_where_all_orders_are() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 5).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(unpaid(&shop, &buyer, &campaign).await);
    }
    pay(&shop, &buyer, &orders[0]).await;
    cancel(&shop, &buyer.token, &orders[1]).await;
    let mut watch = watch_all(&shop, &buyer.token).await;
    let states = [(2, "PAID"), (2, "CANCELLED"), (1, "PENDING_PAYMENT")];
    for (order, (version, status)) in orders.iter().zip(states) {
        assert_eq!(next(&mut watch).await, seen(order, version, status), "the oldest first");
    }
    pay(&shop, &buyer, &orders[2]).await;
    assert_eq!(next(&mut watch).await, seen(&orders[2], 2, "PAID"));
    shop.stop().await;
}

#[tokio::test]
async fn nobody_sees_orders_of_somebody_else() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 5).await;
    let [buyer, stranger] = [shop.register_customer().await, shop.register_customer().await];
    shop.top_up(&buyer.id, "100").await;
    let theirs = unpaid(&shop, &stranger, &campaign).await;
    let mut watch = watch_all(&shop, &stranger.token).await;
    assert_eq!(next(&mut watch).await, seen(&theirs, 1, "PENDING_PAYMENT"));

    let mut own = watch_all(&shop, &buyer.token).await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    pay(&shop, &buyer, &order).await;
    own.until(|payload| payload["data"]["orderStatus"] == seen(&order, 2, "PAID")).await;
    // All of that was told to its owner; the stranger's next message is about the stranger.
    cancel(&shop, &stranger.token, &theirs).await;
    assert_eq!(next(&mut watch).await, seen(&theirs, 2, "CANCELLED"));
    // Not even an administrator has them among their own.
    let mut by_admin = watch_all(&shop, &shop.admin_token().await).await;
    let mine = shop.data(Some(&shop.admin_token().await), "{ me { id } }", json!({})).await["me"]["id"].clone();
    let admin = crate::support::Customer { token: shop.admin_token().await, id: mine.to_string(), ..buyer.clone() };
    let order = shop.grab(&admin, &campaign).await;
    assert_eq!(next(&mut by_admin).await["id"], json!(order));
    shop.stop().await;
}

//! The moment between a grab and its order in the database, made to last: the units are held, and the message
//! that makes an order of them was not sent, as if the process had stopped between the two.

use chrono::Duration;
use domain::{
    spike::stock::{Reserve, Reserved},
    testing::instant,
};
use serde_json::json;

use super::{balance, cancel, done, refused, reported};
use crate::support::{Customer, TestShop};

/// Holds a unit for somebody and goes no further. Returns the order's id.
pub(crate) async fn hold(shop: &TestShop, buyer: &Customer, campaign: &str) -> String {
    let world = &shop.app().world().ports;
    let query = "query($id: ID!) { campaign(id: $id) { remaining } }";
    shop.data(None, query, json!({ "id": campaign })).await;
    let ask = Reserve {
        campaign_id: campaign.parse().unwrap(),
        user_id: buyer.id.parse().unwrap(),
        order_id: world.ids.next(shop.now()),
        quantity: 1,
        request_key: None,
    };
    let reserved = world.stock.reserve(&ask).await.unwrap();
    assert!(matches!(reserved, Reserved::Held { .. }), "{reserved:?}");
    ask.order_id.to_string()
}

#[tokio::test]
async fn an_order_on_its_way_is_there_and_can_not_be_touched_yet() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.live_campaign(10, 2).await;
    let [buyer, stranger] = [shop.register_customer().await, shop.register_customer().await];
    shop.top_up(&buyer.id, "100").await;
    let order = hold(&shop, &buyer, &campaign).await;

    assert_eq!(refused(&shop.pay(&buyer.token, &order, "k").await), "ORDER_QUEUED");
    assert_eq!(refused(&cancel(&shop, &buyer.token, &order).await), "ORDER_QUEUED");
    assert_eq!(refused(&cancel(&shop, &shop.admin_token().await, &order).await), "ORDER_QUEUED");
    assert_eq!(refused(&shop.pay(&stranger.token, &order, "k").await), "ORDER_NOT_FOUND");
    assert_eq!(refused(&cancel(&shop, &stranger.token, &order).await), "ORDER_NOT_FOUND");

    let query = "query($id: ID!, $campaign: ID!) {
        order(id: $id) { status version payBefore total { amount } history { version status at reason } }
        me { orders { nodes { id status } totalCount } queued: orders(statuses: [QUEUED]) { totalCount }
            paid: orders(statuses: [PAID]) { totalCount } }
        campaign(id: $campaign) { remaining myOrders { id status } } }";
    let variables = json!({ "id": order, "campaign": campaign });
    let queued = json!({ "id": order, "status": "QUEUED" });
    assert_eq!(
        shop.data(Some(&buyer.token), query, variables).await,
        json!({
            "order": {
                "status": "QUEUED", "version": 0, "payBefore": null, "total": { "amount": "9.99" },
                "history": [{ "version": 0, "status": "QUEUED", "at": "2026-01-01T10:00:00+00:00", "reason": null }],
            },
            "me": {
                "orders": { "nodes": [queued], "totalCount": 1 },
                "queued": { "totalCount": 1 }, "paid": { "totalCount": 0 },
            },
            "campaign": { "remaining": 9, "myOrders": [queued] },
        })
    );

    // After a while the relay sends what was not sent.
    shop.advance(Duration::seconds(5));
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    assert_eq!(done(&shop.pay(&buyer.token, &order, "k").await), "PAID");
    assert_eq!(balance(&shop, &buyer.token).await, "90.01");
    reported(&shop, &campaign, &json!({ "paid": 1, "available": 9 })).await;
    shop.stop().await;
}

#[tokio::test]
async fn a_hold_that_nobody_was_told_of_ends_with_its_process_or_becomes_an_order() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.live_campaign(10, 2).await;
    let buyer = shop.register_customer().await;
    let order = hold(&shop, &buyer, &campaign).await;
    let shop = shop.restart().await;
    if shop.app().world().ports.stock.is_durable() {
        // The hold outlives the process, and so does the duty to send its message.
        shop.advance(Duration::seconds(5));
        shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
        reported(&shop, &campaign, &json!({ "available": 9, "pendingPayment": 1 })).await;
    } else {
        let query = "query($id: ID!) { order(id: $id) { status } }";
        let shown = shop.data(Some(&buyer.token), query, json!({ "id": order })).await;
        assert_eq!(shown["order"], json!(null));
        reported(&shop, &campaign, &json!({ "available": 10, "pendingPayment": 0 })).await;
    }
    shop.stop().await;
}

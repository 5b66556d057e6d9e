//! Giving up and paying back: units and money return, once.

use serde_json::{Value, json};

use super::{
    CANCEL, NO_ORDER, REFUND, balance, cancel, done, error_code, history, paid, refund, refused, reported, unpaid,
};
use crate::support::TestShop;

#[tokio::test]
async fn what_is_given_up_is_on_sale_again() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(1, 1).await;
    let [buyer, other] = [shop.register_customer().await, shop.register_customer().await];
    let order = unpaid(&shop, &buyer, &campaign).await;
    let sold_out = shop.try_grab(&other.token, &campaign, 1, None).await;
    assert_eq!(refused(&sold_out), "SOLD_OUT");

    let payload = cancel(&shop, &buyer.token, &order).await;
    assert_eq!(done(&payload), "CANCELLED");
    assert!(payload["order"]["closedAt"].is_string());
    reported(&shop, &campaign, &json!({ "cancelled": 1, "pendingPayment": 0, "available": 1 })).await;
    assert_eq!(refused(&cancel(&shop, &buyer.token, &order).await), "ALREADY_CLOSED");
    reported(&shop, &campaign, &json!({ "cancelled": 1, "available": 1 })).await;
    unpaid(&shop, &other, &campaign).await;
    assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 1, None).await), "SOLD_OUT");
    shop.stop().await;
}

#[tokio::test]
async fn the_limit_is_free_again_after_a_cancel_and_a_refund() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 1).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "100").await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 1, None).await), "LIMIT_EXCEEDED");
    assert_eq!(done(&cancel(&shop, &buyer.token, &order).await), "CANCELLED");
    reported(&shop, &campaign, &json!({ "available": 10 })).await;
    let order = paid(&shop, &buyer, &campaign).await;
    assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 1, None).await), "LIMIT_EXCEEDED");
    assert_eq!(done(&refund(&shop, &admin, &order).await), "REFUNDED");
    reported(&shop, &campaign, &json!({ "available": 10 })).await;
    unpaid(&shop, &buyer, &campaign).await;
    shop.stop().await;
}

#[tokio::test]
async fn one_gives_up_ones_own_orders_and_an_administrator_any() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let [buyer, stranger] = [shop.register_customer().await, shop.register_customer().await];
    shop.top_up(&buyer.id, "100").await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    let payload = cancel(&shop, &stranger.token, &order).await;
    assert_eq!(refused(&payload), "ORDER_NOT_FOUND");
    assert_eq!(payload["userErrors"][0]["field"], json!(["input", "orderId"]));
    assert_eq!(refused(&cancel(&shop, &buyer.token, NO_ORDER).await), "ORDER_NOT_FOUND");
    let bought = paid(&shop, &buyer, &campaign).await;
    assert_eq!(refused(&cancel(&shop, &buyer.token, &bought).await), "ALREADY_PAID");
    reported(&shop, &campaign, &json!({ "pendingPayment": 1, "paid": 1, "cancelled": 0, "available": 8 })).await;

    assert_eq!(done(&cancel(&shop, &shop.admin_token().await, &order).await), "CANCELLED");
    reported(&shop, &campaign, &json!({ "pendingPayment": 0, "paid": 1, "cancelled": 1, "available": 9 })).await;
    for (token, id, code) in [
        (None, order.as_str(), "UNAUTHENTICATED"),
        (Some(buyer.token.as_str()), campaign.as_str(), "BAD_USER_INPUT"),
        (Some(buyer.token.as_str()), "", "BAD_USER_INPUT"),
    ] {
        assert_eq!(error_code(&shop.graphql(token, CANCEL, json!({ "id": id })).await), code);
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_refund_gives_the_money_and_the_units_back_once() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "30").await;
    let kept = paid(&shop, &buyer, &campaign).await;
    let order = paid(&shop, &buyer, &campaign).await;
    assert_eq!(balance(&shop, &buyer.token).await, "10.02");
    let paid_twice = json!({ "paid": 2, "refunded": 0, "available": 8, "revenue": { "amount": "19.98" } });
    reported(&shop, &campaign, &paid_twice).await;

    let payload = refund(&shop, &admin, &order).await;
    assert_eq!(done(&payload), "REFUNDED");
    assert!(payload["order"]["paidAt"].is_string() && payload["order"]["closedAt"].is_string(), "{payload:#}");
    let once_back = json!({ "paid": 1, "refunded": 1, "available": 9, "revenue": { "amount": "9.99" } });
    reported(&shop, &campaign, &once_back).await;
    assert_eq!(balance(&shop, &buyer.token).await, "20.01");
    assert_eq!(refused(&refund(&shop, &admin, &order).await), "ALREADY_REFUNDED");
    assert_eq!(refused(&cancel(&shop, &buyer.token, &order).await), "ALREADY_CLOSED");
    reported(&shop, &campaign, &once_back).await;
    assert_eq!(balance(&shop, &buyer.token).await, "20.01");
    let last = history(&shop, &buyer.token, &kept).await.as_array().unwrap().last().unwrap()["status"].clone();
    assert_eq!(last, "PAID", "the other one stays as it is");
    shop.stop().await;
}

#[tokio::test]
async fn only_what_was_paid_is_paid_back_and_only_by_administrators() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "100").await;
    let waiting = unpaid(&shop, &buyer, &campaign).await;
    assert_eq!(refused(&refund(&shop, &admin, &waiting).await), "NOT_PAID");
    cancel(&shop, &buyer.token, &waiting).await;
    assert_eq!(refused(&refund(&shop, &admin, &waiting).await), "NOT_PAID");
    assert_eq!(refused(&refund(&shop, &admin, NO_ORDER).await), "ORDER_NOT_FOUND");

    let order = paid(&shop, &buyer, &campaign).await;
    for (token, id, code) in [
        (None, order.as_str(), "UNAUTHENTICATED"),
        (Some(&buyer.token), &order, "FORBIDDEN"),
        (Some(&admin), &campaign, "BAD_USER_INPUT"),
    ] {
        let answer = shop.graphql(token.map(String::as_str), REFUND, json!({ "id": id })).await;
        assert_eq!((error_code(&answer), &answer["data"]), (code, &Value::Null));
    }
    assert_eq!(balance(&shop, &buyer.token).await, "90.01");
    reported(&shop, &campaign, &json!({ "paid": 1, "refunded": 0, "revenue": { "amount": "9.99" } })).await;
    shop.stop().await;
}

#[tokio::test]
async fn orders_of_a_sale_that_is_over_are_still_closed_rightly() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "100").await;
    let [first, second] = [paid(&shop, &buyer, &campaign).await, unpaid(&shop, &buyer, &campaign).await];
    let third = unpaid(&shop, &buyer, &campaign).await;
    let end = "mutation($id: ID!) { endCampaign(input: { campaignId: $id }) { userErrors { code } } }";
    shop.done(&admin, "endCampaign", end, json!({ "id": campaign })).await;
    assert_eq!(done(&refund(&shop, &admin, &first).await), "REFUNDED");
    assert_eq!(done(&cancel(&shop, &buyer.token, &second).await), "CANCELLED");
    assert_eq!(done(&shop.pay(&buyer.token, &third, "k").await), "PAID");
    let expected = json!({ "paid": 1, "refunded": 1, "cancelled": 1, "available": 9, "revenue": { "amount": "9.99" } });
    reported(&shop, &campaign, &expected).await;
    assert_eq!(balance(&shop, &buyer.token).await, "90.01");
    shop.stop().await;
}

//! Who may watch what.

use serde_json::json;

use super::{STATUS, next, seen, unpaid, watch_one};
use crate::support::{Frame, TestShop};

#[tokio::test]
async fn one_watches_ones_own_orders_and_an_administrator_any() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 1).await;
    let [buyer, stranger] = [shop.register_customer().await, shop.register_customer().await];
    let order = unpaid(&shop, &buyer, &campaign).await;
    let nothing = "order_01h2xcejqtf2nbrexx3vqjhp41";
    for (token, id, code) in [
        (Some(&stranger.token), Some(order.as_str()), "NOT_FOUND"),
        (Some(&buyer.token), Some(nothing), "NOT_FOUND"),
        (None, Some(&order), "UNAUTHENTICATED"),
        (None, None, "UNAUTHENTICATED"),
    ] {
        let mut watch = shop.subscribe(token.map(String::as_str), STATUS, json!({ "id": id })).await;
        let answer = watch.next().await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer:#}");
        watch.completed().await;
    }
    for token in [&buyer.token, &shop.admin_token().await] {
        let mut watch = watch_one(&shop, token, &order).await;
        assert_eq!(next(&mut watch).await, seen(&order, 1, "PENDING_PAYMENT"));
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_bad_token_is_not_let_in() {
    let shop = TestShop::start().await;
    let buyer = shop.register_customer().await;
    let (body, signature) = buyer.token.rsplit_once('.').unwrap();
    let other = signature.chars().rev().collect::<String>();
    for token in ["", "forged", body, &format!("{body}.{other}"), &buyer.refresh_token] {
        let mut socket = shop.socket().await;
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.send(&json!({ "type": "connection_init", "payload": payload })).await;
        assert!(matches!(socket.next().await, Frame::Closed(4403, _)), "{token}");
    }
    shop.stop().await;
}

//! Connections break: whoever says what they have seen is told the rest, and nothing twice.

use serde_json::json;

use super::{STATUS, cancel, next, pay, refund, seen, unpaid, watch_all, watch_on, watch_one};
use crate::support::{Customer, Frame, Subscription, TestShop};

/// A shop, its administrator, a buyer with money and an order to be paid.
async fn scene() -> (TestShop, String, Customer, String) {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 5).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "100").await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    (shop, admin, buyer, order)
}

#[tokio::test]
async fn what_was_missed_is_told_and_nothing_is_repeated() {
    let (shop, admin, buyer, order) = scene().await;
    let mut watch = watch_one(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut watch).await, seen(&order, 1, "PENDING_PAYMENT"));
    drop(watch);
    pay(&shop, &buyer, &order).await;
    let states = [(0, "QUEUED"), (1, "PENDING_PAYMENT"), (2, "PAID")];
    for from in 0..=2_u32 {
        let mut watch = watch_on(&shop, &buyer.token, &order, from.into()).await;
        for (version, status) in states.iter().skip(from as usize + 1) {
            assert_eq!(next(&mut watch).await, seen(&order, *version, status), "after {from}");
        }
        watch.unsubscribe().await;
    }
    // Who missed nothing hears the next change next.
    let mut up_to_date = watch_on(&shop, &buyer.token, &order, 2).await;
    let mut without = watch_one(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut without).await, seen(&order, 2, "PAID"), "where it is, if nothing is said");
    refund(&shop, &admin, &order).await;
    for watch in [&mut up_to_date, &mut without] {
        assert_eq!(next(watch).await, seen(&order, 3, "REFUNDED"));
        watch.completed().await;
    }
    let mut both_missed = watch_on(&shop, &buyer.token, &order, 1).await;
    for (version, status) in [(2, "PAID"), (3, "REFUNDED")] {
        assert_eq!(next(&mut both_missed).await, seen(&order, version, status));
    }
    both_missed.completed().await;
    // Who saw the end already is told that it is the end.
    watch_on(&shop, &buyer.token, &order, 3).await.completed().await;
    shop.stop().await;
}

#[tokio::test]
async fn a_version_that_never_was_is_answered_with_what_is() {
    let (shop, _, buyer, order) = scene().await;
    let mut watch = watch_on(&shop, &buyer.token, &order, 99).await;
    assert_eq!(next(&mut watch).await, seen(&order, 1, "PENDING_PAYMENT"));
    cancel(&shop, &buyer.token, &order).await;
    assert_eq!(next(&mut watch).await, seen(&order, 2, "CANCELLED"));
    watch.completed().await;
    for (variables, argument) in [
        (json!({ "id": order, "after": -1 }), "afterVersion"),
        (json!({ "after": 1 }), "afterVersion"),
        (json!({ "id": "order" }), "orderId"),
    ] {
        let mut watch = shop.subscribe(Some(&buyer.token), STATUS, variables).await;
        let error = watch.next().await["errors"][0]["extensions"].take();
        assert_eq!(error, json!({ "code": "BAD_USER_INPUT", "argument": argument }));
        watch.completed().await;
    }
    shop.stop().await;
}

/// The socket has to be closed, after whatever was still on its way.
async fn goodbye(watch: &mut Subscription) -> u16 {
    loop {
        match watch.frame().await {
            Frame::Json(_) => {}
            Frame::Closed(code, _) => return code,
        }
    }
}

#[tokio::test]
async fn a_restart_sends_watchers_away_and_they_miss_nothing() {
    let (shop, admin, buyer, order) = scene().await;
    let mut one = watch_one(&shop, &buyer.token, &order).await;
    let mut all = watch_all(&shop, &buyer.token).await;
    for watch in [&mut one, &mut all] {
        assert_eq!(next(watch).await, seen(&order, 1, "PENDING_PAYMENT"));
    }
    pay(&shop, &buyer, &order).await;
    let (shop, codes) = tokio::join!(shop.restart(), async { [goodbye(&mut one).await, goodbye(&mut all).await] });
    assert_eq!(codes, [1001, 1001]);

    let mut one = watch_on(&shop, &buyer.token, &order, 1).await;
    let mut all = watch_all(&shop, &buyer.token).await;
    for watch in [&mut one, &mut all] {
        assert_eq!(next(watch).await, seen(&order, 2, "PAID"));
    }
    refund(&shop, &admin, &order).await;
    for watch in [&mut one, &mut all] {
        assert_eq!(next(watch).await, seen(&order, 3, "REFUNDED"));
    }
    one.completed().await;
    shop.stop().await;
}

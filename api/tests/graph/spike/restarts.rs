//! A restart in mid-sale: what was sold stays sold, what is left is still there, limits still hold.

use chrono::Duration;
use domain::testing::instant;
use futures_util::future::join_all;
use serde_json::json;

use super::{cancel, granted, refused, remaining};
use crate::support::{CampaignSpec, TestShop};

#[tokio::test]
async fn a_restart_keeps_the_stock_right() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let spec = CampaignSpec { per_user_limit: 2, payment_window_seconds: 60, ..CampaignSpec::default() };
    let campaign = shop.published(&spec).await;
    let mut buyers = Vec::new();
    for _ in 0..5 {
        buyers.push(shop.register_customer().await);
    }
    shop.top_up(&buyers[0].id, "100").await;
    let mut orders = Vec::new();
    for buyer in &buyers[..3] {
        let payload = shop.try_grab(&buyer.token, &campaign, 2, None).await;
        orders.push(granted(&payload).to_owned());
        shop.wait_for_status(&buyer.token, &orders[orders.len() - 1], "PENDING_PAYMENT").await;
    }
    assert_eq!(shop.pay(&buyers[0].token, &orders[0], "pay").await["order"]["status"], "PAID");
    cancel(&shop, &buyers[1].token, &orders[1]).await;
    // These may still be on their way to the database when the shop closes.
    let late = join_all(buyers[3..].iter().map(|buyer| shop.try_grab(&buyer.token, &campaign, 1, None))).await;

    let shop = shop.restart().await;
    assert_eq!(remaining(&shop, &campaign).await, 4, "of 10: 2 paid, 2 waiting, and 1 each of two");
    for (buyer, payload) in buyers[3..].iter().zip(&late) {
        shop.wait_for_status(&buyer.token, granted(payload), "PENDING_PAYMENT").await;
    }
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&json!(5), &json!(4), &json!(true)));
    for buyer in [&buyers[0], &buyers[2]] {
        assert_eq!(refused(&shop.try_grab(&buyer.token, &campaign, 1, None).await), "LIMIT_EXCEEDED");
    }
    // What was given up may be had again, and with it the sale sells exactly out.
    for (buyer, quantity) in [(&buyers[1], 2), (&buyers[3], 1), (&buyers[4], 1)] {
        granted(&shop.try_grab(&buyer.token, &campaign, quantity, None).await);
    }
    let nobody = shop.register_customer().await;
    assert_eq!(refused(&shop.try_grab(&nobody.token, &campaign, 1, None).await), "SOLD_OUT");

    // Deadlines run on over a restart.
    shop.settled_report(&campaign).await;
    let shop = shop.restart().await;
    shop.advance(Duration::seconds(60));
    let admin = shop.admin_token().await;
    let query = "query($id: ID!) { campaign(id: $id) { remaining report { paid expired balanced } } }";
    let all = json!({ "remaining": 8, "report": { "paid": 1, "expired": 6, "balanced": true } });
    shop.wait_for("the unpaid to expire", Some(&admin), query, json!({ "id": campaign }), |data| {
        (data["campaign"] == all).then_some(())
    })
    .await;
    shop.stop().await;
}

#[tokio::test]
async fn a_key_that_a_restart_forgot_is_still_the_other_grabs() {
    let shop = TestShop::start().await;
    let [campaign, elsewhere] = [shop.live_campaign(10, 3).await, shop.live_campaign(10, 3).await];
    let buyer = shop.register_customer().await;
    let order = granted(&shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await).to_owned();
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;

    // A store that forgets with its process knows the attempts of the sales that it has opened since; the database knows
    // all, when an order is placed.
    let forgets = !shop.app().world().ports.stock.is_durable();
    let shop = shop.restart().await;
    let payload = shop.try_grab(&buyer.token, &elsewhere, 1, Some("k")).await;
    if forgets {
        shop.wait_for_status(&buyer.token, granted(&payload), "REJECTED").await;
    } else {
        assert_eq!(payload["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "{payload:#}");
    }
    let again = shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await;
    assert_eq!(granted(&again), order, "the first attempt still gets its order");
    for (campaign, left, rejected) in [(&campaign, 9, 0), (&elsewhere, 10, u8::from(forgets))] {
        let report = shop.settled_report(campaign).await;
        assert_eq!((&report["rejected"], &report["balanced"]), (&json!(rejected), &json!(true)), "{report:#}");
        assert_eq!(remaining(&shop, campaign).await, left);
    }
    shop.stop().await;
}

//! Moving units by hand, the stock ledger and the report.

use domain::testing::instant;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    SITUATIONS,
    asking::{assert_refused, change, done, refusals, texts},
    campaign_in, let_time_pass, look,
};
use crate::support::{TestShop, builder::ADMIN_PHONE};

async fn adjust(shop: &TestShop, admin: &str, campaign: &str, delta: i32, reason: &str) -> Value {
    let input = json!({ "campaignId": campaign, "delta": delta, "reason": reason });
    change(shop, admin, "adjustStock", "campaign { quantity remaining state }", input).await
}

#[tokio::test]
async fn units_come_and_go_and_the_ledger_tells_each_step() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.live_campaign(10, 5).await;
    let buyer = shop.register_customer().await;
    let (paid, cancelled) = (shop.grab(&buyer, &campaign).await, shop.grab(&buyer, &campaign).await);
    for order in [&paid, &cancelled] {
        shop.wait_for_status(&buyer.token, order, "PENDING_PAYMENT").await;
    }
    let after = async |delta: i32, reason: &str| {
        let payload = adjust(&shop, &admin, &campaign, delta, reason).await;
        assert_eq!(refusals(&payload), [], "{payload:#}");
        let report = look(&shop, &admin, &campaign, "report { available balanced }").await;
        assert_eq!(report["report"]["balanced"], true, "{delta:+}");
        assert_eq!(report["report"]["available"], payload["campaign"]["remaining"]);
        let of = |field: &str| payload["campaign"][field].clone();
        json!([of("quantity"), of("remaining"), of("state")])
    };
    assert_eq!(after(5, " found in the storehouse ").await, json!([15, 13, "LIVE"]));
    assert_eq!(after(-3, "damaged").await, json!([12, 10, "LIVE"]));
    assert_refused(&adjust(&shop, &admin, &campaign, -11, "too many").await, &[("INSUFFICIENT_STOCK", "input.delta")]);
    assert_eq!(after(-10, "all that are free").await, json!([2, 0, "SOLD_OUT"]));
    assert_refused(&adjust(&shop, &admin, &campaign, -1, "held").await, &[("INSUFFICIENT_STOCK", "input.delta")]);
    let sold_out = shop.try_grab(&buyer.token, &campaign, 1, None).await;
    assert_eq!(refusals(&sold_out)[0].0, "SOLD_OUT");

    shop.top_up(&buyer.id, "100").await;
    assert_eq!(shop.pay(&buyer.token, &paid, "key-1").await["order"]["status"], "PAID");
    let input = json!({ "orderId": cancelled });
    done(&shop, &buyer.token, "cancelOrder", "order { id }", input).await;
    let report = "report { grabs queued pendingPayment paid cancelled expired rejected refunded available
        revenue { amount currencyCode } balanced }";
    shop.wait_for(
        "the unit to come back",
        Some(&admin),
        "query($id: ID!) { campaign(id: $id) { remaining } }",
        json!({ "id": campaign }),
        |data| (data["campaign"]["remaining"] == 1).then_some(()),
    )
    .await;
    let expected = json!({ "report": {
        "grabs": 2, "queued": 0, "pendingPayment": 0, "paid": 1, "cancelled": 1, "expired": 0, "rejected": 0,
        "refunded": 0, "available": 1, "revenue": { "amount": "9.99", "currencyCode": "CNY" }, "balanced": true,
    } });
    assert_eq!(look(&shop, &admin, &campaign, report).await, expected);

    let shown =
        "stockMovements { totalCount nodes { kind available held sold reason actor { phone } order { id } at } }";
    let ledger = look(&shop, &admin, &campaign, shown).await["stockMovements"].take();
    let by_hand = |kind: &str, available: i64, reason: Option<&str>| {
        json!({ "kind": kind, "available": available, "held": 0, "sold": 0, "reason": reason,
            "actor": { "phone": ADMIN_PHONE }, "order": null, "at": "2026-03-01T12:00:00+00:00" })
    };
    let by_order = |kind: &str, units: [i64; 3], order: &str| {
        json!({ "kind": kind, "available": units[0], "held": units[1], "sold": units[2], "reason": null,
            "actor": null, "order": { "id": order }, "at": "2026-03-01T12:00:00+00:00" })
    };
    let nodes = ledger["nodes"].as_array().unwrap();
    assert_eq!((nodes.len(), &ledger["totalCount"]), (8, &json!(8)), "{ledger:#}");
    let expected = [
        by_order("RELEASED", [1, -1, 0], &cancelled),
        by_order("SOLD", [0, -1, 1], &paid),
        by_hand("ADJUSTED", -10, Some("all that are free")),
        by_hand("ADJUSTED", -3, Some("damaged")),
        by_hand("ADJUSTED", 5, Some("found in the storehouse")),
    ];
    assert_eq!(nodes[..5], expected, "the newest first");
    assert_eq!(nodes[7], by_hand("STOCKED", 10, None));
    for order in [&paid, &cancelled] {
        assert!(nodes[5..7].contains(&by_order("HELD", [-1, 1, 0], order)), "{ledger:#}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn stock_is_adjusted_from_publication_to_the_end_and_for_a_reason() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let mut campaigns = Vec::new();
    for situation in SITUATIONS {
        campaigns.push((situation, campaign_in(&shop, &admin, situation, &buyer).await));
    }
    let_time_pass(&shop);
    for (situation, campaign) in &campaigns {
        let before = look(&shop, &admin, campaign, "quantity").await;
        let payload = adjust(&shop, &admin, campaign, 2, "more").await;
        let after = look(&shop, &admin, campaign, "quantity report { balanced }").await;
        if ["SCHEDULED", "LIVE", "SOLD_OUT", "PAUSED"].contains(situation) {
            assert_eq!(refusals(&payload), [], "{situation}");
            assert_eq!(after["quantity"], before["quantity"].as_u64().unwrap() + 2, "{situation}");
            let state = if *situation == "SOLD_OUT" { "LIVE" } else { *situation };
            assert_eq!(payload["campaign"]["state"], state, "{situation}");
        } else {
            assert_refused(&payload, &[("NOT_ALLOWED_IN_STATE", "")]);
            assert_eq!(after["quantity"], before["quantity"], "{situation}");
        }
        assert_eq!(after["report"]["balanced"], true, "{situation}");
    }
    let live = &campaigns.iter().find(|(situation, _)| *situation == "LIVE").unwrap().1;
    for (delta, reason, code, field) in [
        (0, "nothing", "INVALID_DELTA", "delta"),
        (10_000_001, "too many", "INVALID_DELTA", "delta"),
        (10_000_000, "with those that are there", "INVALID_DELTA", "delta"),
        (i32::MAX, "too many", "INVALID_DELTA", "delta"),
        (i32::MIN, "too many", "INVALID_DELTA", "delta"),
        (-10_000_000, "not there", "INSUFFICIENT_STOCK", "delta"),
        (1, "", "INVALID_REASON", "reason"),
        (1, " \n", "INVALID_REASON", "reason"),
        (1, &"r".repeat(281), "INVALID_REASON", "reason"),
    ] {
        assert_refused(&adjust(&shop, &admin, live, delta, reason).await, &[(code, &format!("input.{field}"))]);
    }
    assert_eq!(look(&shop, &admin, live, "quantity remaining").await, json!({ "quantity": 12, "remaining": 12 }));
    let nothing = domain::testing::id::<domain::id::CampaignId>(7).to_string();
    let payload = adjust(&shop, &admin, &nothing, 1, "r").await;
    assert_refused(&payload, &[("CAMPAIGN_NOT_FOUND", "input.campaignId")]);
    shop.stop().await;
}

#[tokio::test]
async fn adjustments_at_once_add_up_while_buyers_grab() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.live_campaign(10, 100).await;
    let buyer = shop.register_customer().await;
    let adjustments = (0..12).map(|number| {
        let (admin, campaign, shop) = (&admin, &campaign, &shop);
        async move { adjust(shop, admin, campaign, if number % 3 == 0 { -2 } else { 3 }, "count").await }
    });
    let grabs = (0..8).map(|_| shop.try_grab(&buyer.token, &campaign, 1, None));
    let (adjusted, grabbed) = tokio::join!(join_all(adjustments), join_all(grabs));
    let mut quantity = 10;
    for (number, payload) in adjusted.iter().enumerate() {
        if refusals(payload).is_empty() {
            quantity += if number % 3 == 0 { -2 } else { 3 };
        } else {
            assert_refused(payload, &[("INSUFFICIENT_STOCK", "input.delta")]);
        }
    }
    let held = grabbed.iter().filter(|payload| refusals(payload).is_empty()).count();
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["pendingPayment"], &report["balanced"]), (&json!(held), &json!(true)), "{report:#}");
    assert_eq!(report["available"], quantity - i64::try_from(held).unwrap());
    let ledger = look(&shop, &admin, &campaign, "quantity stockMovements(first: 100) { nodes { kind } }").await;
    assert_eq!(ledger["quantity"], quantity);
    let kinds = texts(&ledger["stockMovements"]["nodes"], "kind");
    assert_eq!(kinds.iter().filter(|kind| **kind == "HELD").count(), held);
    shop.stop().await;
}

//! Changing campaigns: what may change in which state, and two who change the same at once.

use chrono::Duration;
use domain::testing::instant;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    SITUATIONS,
    asking::{assert_refused, change, done, refusals, text},
    campaign_in, let_time_pass, look,
};
use crate::support::{CampaignSpec, TestShop, sale::money};

const ALL: &str =
    "title state quantity perUserLimit startsAt endsAt paymentWindowSeconds price { amount } product { id }";

#[tokio::test]
async fn what_may_change_of_a_campaign_depends_on_its_state() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let product = shop.create_product(&admin).await;
    let mut campaigns = Vec::new();
    for situation in SITUATIONS {
        campaigns.push((situation, campaign_in(&shop, &admin, situation, &buyer).await));
    }
    let_time_pass(&shop);

    let open = ["title", "endsAt", "perUserLimit", "paymentWindowSeconds"];
    let fields = [
        // `endsAt` first: a draft whose end has come needs a new one for a new start to be before it.
        ("endsAt", json!(shop.now() + Duration::hours(2)), "endsAt", json!("2026-03-01T14:02:00+00:00")),
        ("title", json!("Changed"), "title", json!("Changed")),
        ("productId", json!(product), "product", json!({ "id": product })),
        ("price", money("8"), "price", json!({ "amount": "8.00" })),
        ("quantity", json!(20), "quantity", json!(20)),
        ("perUserLimit", json!(2), "perUserLimit", json!(2)),
        ("startsAt", json!(shop.now() + Duration::hours(1)), "startsAt", json!("2026-03-01T13:02:00+00:00")),
        ("paymentWindowSeconds", json!(60), "paymentWindowSeconds", json!(60)),
    ];
    for (situation, campaign) in &campaigns {
        for (field, value, shown, expected) in &fields {
            let may = match *situation {
                "DRAFT" | "LATE_DRAFT" => true,
                "SCHEDULED" => !["quantity", "productId"].contains(field),
                "LIVE" | "SOLD_OUT" | "PAUSED" => open.contains(field),
                _ => *field == "title",
            };
            let before = look(&shop, &admin, campaign, ALL).await;
            let payload = change(
                &shop,
                &admin,
                "updateCampaign",
                &format!("campaign {{ {ALL} }}"),
                json!({ "campaignId": campaign, *field: value }),
            )
            .await;
            let after = look(&shop, &admin, campaign, ALL).await;
            if may {
                assert_eq!(refusals(&payload), [], "{situation} {field}");
                assert_eq!(&after[*shown], expected, "{situation} {field}");
                assert_eq!(payload["campaign"], after, "{situation} {field}");
            } else {
                assert_refused(&payload, &[("NOT_ALLOWED_IN_STATE", &format!("input.{field}"))]);
                assert_eq!(after, before, "{situation} {field}");
            }
        }
    }

    // One field that may not change keeps the others from changing.
    let live = &campaigns.iter().find(|(situation, _)| *situation == "LIVE").unwrap().1;
    let both = json!({ "campaignId": live, "title": "Half", "price": money("1") });
    let payload = change(&shop, &admin, "updateCampaign", "campaign { id }", both).await;
    assert_refused(&payload, &[("NOT_ALLOWED_IN_STATE", "input.price")]);
    assert_eq!(look(&shop, &admin, live, "title").await["title"], "Changed");
    let past = json!({ "campaignId": live, "endsAt": shop.now() });
    let payload = change(&shop, &admin, "updateCampaign", "campaign { id }", past).await;
    assert_refused(&payload, &[("INVALID_SCHEDULE", "input.endsAt")]);
    let nothing = domain::testing::id::<domain::id::CampaignId>(7).to_string();
    let payload = change(&shop, &admin, "updateCampaign", "campaign { id }", json!({ "campaignId": nothing })).await;
    assert_refused(&payload, &[("CAMPAIGN_NOT_FOUND", "input.campaignId")]);
    shop.stop().await;
}

#[tokio::test]
async fn a_change_of_a_running_sale_holds_for_the_next_grab() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let campaign = shop.live_campaign(10, 1).await;
    let update = async |mut changes: Value| {
        changes["campaignId"] = json!(campaign);
        done(&shop, &admin, "updateCampaign", "campaign { state }", changes).await
    };
    let grab = async || {
        let payload = shop.try_grab(&buyer.token, &campaign, 1, None).await;
        refusals(&payload).pop().map(|(code, _)| code)
    };
    assert_eq!(grab().await, None);
    assert_eq!(grab().await.as_deref(), Some("LIMIT_EXCEEDED"));
    update(json!({ "perUserLimit": 2, "paymentWindowSeconds": 60 })).await;
    let order = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    let query = "query($id: ID!) { order(id: $id) { payBefore } }";
    let pay_before = shop.data(Some(&buyer.token), query, json!({ "id": order })).await;
    assert_eq!(pay_before["order"]["payBefore"], "2026-03-01T12:01:00+00:00");
    update(json!({ "endsAt": shop.now() + Duration::milliseconds(1), "perUserLimit": 3 })).await;
    shop.advance(Duration::milliseconds(1));
    assert_eq!(grab().await.as_deref(), Some("ENDED"));
    shop.stop().await;
}

#[tokio::test]
async fn of_those_who_change_a_campaign_at_once_each_is_done_or_told_that_it_changed_meanwhile() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let updates = (0..12).map(|number| {
        // Each sets two fields that must stay together.
        let input = json!({ "campaignId": campaign, "title": format!("title {number}"), "quantity": 100 + number });
        change(&shop, &admin, "updateCampaign", "campaign { title quantity }", input)
    });
    let answers = join_all(updates).await;
    let mut done = Vec::new();
    for (number, payload) in answers.iter().enumerate() {
        if refusals(payload).is_empty() {
            assert_eq!(payload["campaign"]["title"], format!("title {number}"));
            done.push(payload["campaign"].clone());
        } else {
            assert_refused(payload, &[("CHANGED_MEANWHILE", "")]);
        }
    }
    let stored = look(&shop, &admin, &campaign, "title quantity").await;
    assert!(done.contains(&stored), "{stored} is what one of them made: {done:?}");
    let log = "{ auditLog(first: 100) { nodes { action } } }";
    let log = shop.data(Some(&admin), log, json!({})).await;
    let noted = log["auditLog"]["nodes"].as_array().unwrap().iter().filter(|entry| entry["action"] == "updateCampaign");
    assert_eq!(noted.count(), done.len(), "what was done is in the log, and nothing else");

    let publish = (0..8)
        .map(|_| change(&shop, &admin, "publishCampaign", "campaign { state }", json!({ "campaignId": campaign })));
    let answers = join_all(publish).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|payload| refusals(payload).is_empty());
    assert_eq!(done.len(), 1, "{answers:#?}");
    for payload in refused {
        let code = text(&payload["userErrors"][0]["code"]);
        assert!(["CHANGED_MEANWHILE", "NOT_ALLOWED_IN_STATE"].contains(&code), "{code}");
    }
    let ledger = look(&shop, &admin, &campaign, "quantity stockMovements { nodes { kind available } }").await;
    let stocked = json!([{ "kind": "STOCKED", "available": ledger["quantity"] }]);
    assert_eq!(ledger["stockMovements"]["nodes"], stocked, "stocked once");
    shop.stop().await;
}

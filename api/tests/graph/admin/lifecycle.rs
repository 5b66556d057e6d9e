//! The stages of a campaign: publish, pause, resume, end, delete.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{
    SITUATIONS,
    asking::{assert_refused, change, failure, refusals},
    campaign_in, let_time_pass, look, step,
};
use crate::support::{CampaignSpec, TestShop};

const MOVES: [&str; 4] = ["publishCampaign", "pauseCampaign", "resumeCampaign", "endCampaign"];

/// Where a move leads; none if it does not apply.
fn after(situation: &str, step: &str) -> Option<&'static str> {
    match (situation, step) {
        ("SCHEDULED" | "LIVE" | "SOLD_OUT", "pauseCampaign") => Some("PAUSED"),
        ("DRAFT", "publishCampaign") | ("PAUSED", "resumeCampaign") => Some("LIVE"),
        ("SCHEDULED" | "LIVE" | "SOLD_OUT" | "PAUSED", "endCampaign") => Some("ENDED"),
        _ => None,
    }
}

#[tokio::test]
async fn each_move_applies_where_it_leads_somewhere_and_is_refused_elsewhere() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let mut table = Vec::new();
    for situation in SITUATIONS {
        for name in MOVES {
            table.push((situation, name, campaign_in(&shop, &admin, situation, &buyer).await));
        }
    }
    let_time_pass(&shop);
    for (situation, name, campaign) in table {
        let before = look(&shop, &admin, &campaign, "state stockMovements { totalCount }").await;
        let payload = change(&shop, &admin, name, "campaign { state }", json!({ "campaignId": campaign })).await;
        let now = look(&shop, &admin, &campaign, "state stockMovements { totalCount }").await;
        if let Some(expected) = after(situation, name) {
            assert_eq!(refusals(&payload), [], "{situation} {name}");
            assert_eq!(
                (&payload["campaign"]["state"], &now["state"]),
                (&json!(expected), &json!(expected)),
                "{situation} {name}"
            );
        } else {
            assert_refused(&payload, &[("NOT_ALLOWED_IN_STATE", "")]);
            assert_eq!(now, before, "{situation} {name}");
        }
    }
    let nothing = domain::testing::id::<domain::id::CampaignId>(7).to_string();
    for name in MOVES {
        let payload = change(&shop, &admin, name, "campaign { state }", json!({ "campaignId": nothing })).await;
        assert_refused(&payload, &[("CAMPAIGN_NOT_FOUND", "input.campaignId")]);
        assert_eq!(failure(&shop, Some(&admin), name, json!({ "campaignId": "x" })).await, "BAD_USER_INPUT");
    }
    shop.stop().await;
}

#[tokio::test]
async fn buyers_grab_while_the_stage_and_the_clock_let_them() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let spec = CampaignSpec {
        per_user_limit: 10,
        starts_in: Duration::minutes(5),
        ends_in: Duration::minutes(10),
        ..CampaignSpec::default()
    };
    let campaign = shop.create_campaign(&admin, &spec).await;
    let grab = async || {
        let payload = shop.try_grab(&buyer.token, &campaign, 1, None).await;
        refusals(&payload).pop().map_or_else(|| "GRABBED".to_owned(), |(code, _)| code)
    };
    let seen = async || {
        let query = "query($id: ID!) { campaign(id: $id) { state } }";
        shop.data(None, query, json!({ "id": campaign })).await["campaign"]["state"].take()
    };
    assert_eq!((grab().await.as_str(), seen().await), ("CAMPAIGN_NOT_FOUND", Value::Null));
    for (name, minutes, expected, state) in [
        ("publishCampaign", 0, "NOT_STARTED", "SCHEDULED"),
        ("pauseCampaign", 0, "PAUSED", "PAUSED"),
        ("resumeCampaign", 5, "GRABBED", "LIVE"),
        ("pauseCampaign", 0, "PAUSED", "PAUSED"),
        ("resumeCampaign", 0, "GRABBED", "LIVE"),
        ("endCampaign", 0, "ENDED", "ENDED"),
    ] {
        step(&shop, &admin, name, &campaign).await;
        shop.advance(Duration::minutes(minutes));
        assert_eq!((grab().await.as_str(), seen().await), (expected, json!(state)), "{name}");
    }
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&json!(2), &json!(8), &json!(true)));
    shop.stop().await;
}

#[tokio::test]
async fn a_campaign_is_deleted_before_it_starts_and_never_after() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let delete = async |campaign: &str| {
        change(&shop, &admin, "deleteCampaign", "deletedCampaignId", json!({ "campaignId": campaign })).await
    };
    let mut campaigns = Vec::new();
    for situation in SITUATIONS {
        campaigns.push((situation, campaign_in(&shop, &admin, situation, &buyer).await));
    }
    let waiting = campaign_in(&shop, &admin, "SCHEDULED", &buyer).await;
    step(&shop, &admin, "pauseCampaign", &waiting).await;
    campaigns.push(("PAUSED BEFORE ITS START", waiting));
    let given_up = campaign_in(&shop, &admin, "SCHEDULED", &buyer).await;
    step(&shop, &admin, "endCampaign", &given_up).await;
    campaigns.push(("ENDED BEFORE ITS START", given_up));
    let_time_pass(&shop);

    let before = ["DRAFT", "LATE_DRAFT", "SCHEDULED", "PAUSED BEFORE ITS START", "ENDED BEFORE ITS START"];
    let mut left = 0;
    for (situation, campaign) in &campaigns {
        let payload = delete(campaign).await;
        let found = look(&shop, &admin, campaign, "id").await;
        if before.contains(situation) {
            assert_eq!(payload, json!({ "deletedCampaignId": campaign, "userErrors": [] }), "{situation}");
            assert_eq!(found, Value::Null, "{situation}");
            assert_refused(&delete(campaign).await, &[("CAMPAIGN_NOT_FOUND", "input.campaignId")]);
            let grab = shop.try_grab(&buyer.token, campaign, 1, None).await;
            assert_refused(&grab, &[("CAMPAIGN_NOT_FOUND", "input.campaignId")]);
        } else {
            assert_refused(&payload, &[("NOT_ALLOWED_IN_STATE", "")]);
            assert_eq!(found, json!({ "id": campaign }), "{situation}");
            left += 1;
        }
    }
    let all = shop.data(Some(&admin), "{ campaigns { totalCount } orders { totalCount } }", json!({})).await;
    assert_eq!(all, json!({ "campaigns": { "totalCount": left }, "orders": { "totalCount": 1 } }));
    shop.stop().await;
}

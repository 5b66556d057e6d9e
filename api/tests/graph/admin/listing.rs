//! Looking: drafts that customers do not see, campaigns by their state, people by their name or phone.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{SITUATIONS, asking::texts, campaign_in, let_time_pass, step};
use crate::support::{CampaignSpec, TestShop, builder::ADMIN_PHONE};

const BY_STATE: &str =
    "query($states: [CampaignState!]) { campaigns(states: $states) { totalCount nodes { id state } } }";

#[tokio::test]
async fn drafts_are_for_administrators_alone() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let draft = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let sale = shop.published(&CampaignSpec::default()).await;
    let query = "query($id: ID!) { campaign(id: $id) { id } campaigns { totalCount nodes { id } }
        drafts: campaigns(states: [DRAFT]) { totalCount nodes { id } } }";
    for token in [None, Some("forged"), Some(buyer.token.as_str())] {
        let data = shop.data(token, query, json!({ "id": draft })).await;
        let expected = json!({
            "campaign": null, "campaigns": { "totalCount": 1, "nodes": [{ "id": sale }] },
            "drafts": { "totalCount": 0, "nodes": [] },
        });
        assert_eq!(data, expected);
    }
    let data = shop.data(Some(&admin), query, json!({ "id": draft })).await;
    let expected = json!({
        "campaign": { "id": draft }, "campaigns": { "totalCount": 2, "nodes": [{ "id": sale }, { "id": draft }] },
        "drafts": { "totalCount": 1, "nodes": [{ "id": draft }] },
    });
    assert_eq!(data, expected, "the newest first");
    step(&shop, &admin, "publishCampaign", &draft).await;
    assert_eq!(
        shop.data(None, query, json!({ "id": draft })).await["campaign"],
        json!({ "id": draft }),
        "seen at once"
    );
    shop.stop().await;
}

#[tokio::test]
async fn campaigns_are_listed_by_the_state_in_which_people_see_them() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let mut campaigns = Vec::new();
    for situation in SITUATIONS {
        campaigns.push((situation, campaign_in(&shop, &admin, situation, &buyer).await));
    }
    let_time_pass(&shop);
    let state = |situation: &str| match situation {
        "LATE_DRAFT" => "DRAFT".to_owned(),
        "OVER" => "ENDED".to_owned(),
        other => other.to_owned(),
    };
    let all = ["DRAFT", "SCHEDULED", "LIVE", "SOLD_OUT", "PAUSED", "ENDED"];
    let mut wanted: Vec<Vec<&str>> = all.iter().map(|state| vec![*state]).collect();
    wanted.extend([vec!["LIVE", "SCHEDULED"], vec!["ENDED", "DRAFT", "ENDED"], all.to_vec()]);
    for states in wanted {
        let listed = shop.data(Some(&admin), BY_STATE, json!({ "states": states })).await;
        let expected: Vec<Value> = campaigns
            .iter()
            .rev()
            .filter(|(situation, _)| states.contains(&state(situation).as_str()))
            .map(|(situation, id)| json!({ "id": id, "state": state(situation) }))
            .collect();
        assert_eq!(listed["campaigns"], json!({ "totalCount": expected.len(), "nodes": expected }), "{states:?}");
    }
    for states in [json!([]), Value::Null] {
        let listed = shop.data(Some(&admin), BY_STATE, json!({ "states": states })).await;
        assert_eq!(listed["campaigns"]["totalCount"], campaigns.len());
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_campaign_goes_from_scheduled_to_live_to_sold_out_to_ended_by_itself() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let buyer = shop.register_customer().await;
    let spec = CampaignSpec {
        quantity: 1,
        starts_in: Duration::minutes(1),
        ends_in: Duration::minutes(5),
        payment_window_seconds: 60,
        ..CampaignSpec::default()
    };
    let campaign = shop.published(&spec).await;
    let assert_seen = async |expected: &str| {
        for state in ["DRAFT", "SCHEDULED", "LIVE", "SOLD_OUT", "PAUSED", "ENDED"] {
            let listed = shop.data(None, BY_STATE, json!({ "states": [state] })).await;
            let nodes = if state == expected { json!([{ "id": campaign, "state": state }]) } else { json!([]) };
            assert_eq!(listed["campaigns"]["nodes"], nodes, "{state} when it is {expected}");
        }
    };
    shop.advance(Duration::milliseconds(59_999));
    assert_seen("SCHEDULED").await;
    shop.advance(Duration::milliseconds(1));
    assert_seen("LIVE").await;
    let order = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    assert_seen("SOLD_OUT").await;
    shop.advance(Duration::seconds(60));
    shop.wait_for_status(&buyer.token, &order, "EXPIRED").await;
    let one = "query($id: ID!) { campaign(id: $id) { state } }";
    shop.wait_for("the unit to be on sale again", None, one, json!({ "id": campaign }), |data| {
        (data["campaign"]["state"] == "LIVE").then_some(())
    })
    .await;
    assert_seen("LIVE").await;
    shop.advance(Duration::milliseconds(179_999));
    assert_seen("LIVE").await;
    shop.advance(Duration::milliseconds(1));
    assert_seen("ENDED").await;
    shop.stop().await;
}

#[tokio::test]
async fn people_are_found_by_the_beginning_of_their_name_or_phone() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    for (username, phone) in
        [("Anna", "+4915100001"), ("anna_2", "+4915100002"), ("Annika", "15100003"), ("Émile", "+3361000004")]
    {
        shop.register_customer_with(json!({ "username": username, "phone": phone })).await;
    }
    let query = "query($search: String) { users(search: $search) { totalCount nodes { username } } }";
    for (search, expected) in [
        (None, vec!["Émile", "Annika", "anna_2", "Anna", "boss"]),
        (Some(""), vec!["Émile", "Annika", "anna_2", "Anna", "boss"]),
        (Some("  "), vec!["Émile", "Annika", "anna_2", "Anna", "boss"]),
        (Some("ann"), vec!["Annika", "anna_2", "Anna"]),
        (Some(" ANNA "), vec!["anna_2", "Anna"]),
        (Some("ANNA_"), vec!["anna_2"]),
        (Some("éM"), vec!["Émile"]),
        (Some("+4915"), vec!["anna_2", "Anna"]),
        (Some("151"), vec!["Annika"]),
        (Some(ADMIN_PHONE), vec!["boss"]),
        (Some("nna"), vec![]),
        (Some("%"), vec![]),
        (Some("_nna"), vec![]),
        (Some("!"), vec![]),
        (Some("'; DROP TABLE users; --"), vec![]),
        (Some("\u{0}"), vec![]),
        (Some(&"a".repeat(60_000)), vec![]),
    ] {
        let found = shop.data(Some(&admin), query, json!({ "search": search })).await;
        assert_eq!(texts(&found["users"]["nodes"], "username"), expected, "{search:?}");
        assert_eq!(found["users"]["totalCount"], expected.len(), "{search:?}");
    }
    let query = "query($search: String) { users(search: $search) { nodes { username phone workStatus birthDate roles
        balance { amount } orders { totalCount } attributes { name } } } }";
    let found = shop.data(Some(&admin), query, json!({ "search": "annika" })).await;
    let expected = json!([{
        "username": "Annika", "phone": "15100003", "workStatus": "EMPLOYED", "birthDate": "1990-05-17",
        "roles": ["CUSTOMER"], "balance": { "amount": "0.00" }, "orders": { "totalCount": 0 }, "attributes": [],
    }]);
    assert_eq!(found["users"]["nodes"], expected);
    shop.stop().await;
}

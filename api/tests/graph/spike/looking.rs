//! What anybody sees of campaigns, and the terms that an order keeps.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{NO_CAMPAIGN, error_code, granted, step, update};
use crate::support::{CampaignSpec, TestShop, sale::money};

const CAMPAIGN: &str = "query($id: ID!) { campaign(id: $id) { id title state price { amount currencyCode }
    quantity remaining perUserLimit startsAt endsAt paymentWindowSeconds
    product { name description listPrice { amount currencyCode } imageUrl } } }";
const LIST: &str = "query($first: Int, $after: String, $states: [CampaignState!]) {
    campaigns(first: $first, after: $after, states: $states) {
        nodes { id state remaining } totalCount pageInfo { hasNextPage endCursor } } }";

#[tokio::test]
async fn a_campaign_is_there_for_anybody() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.live_campaign(10, 2).await;
    let buyer = shop.register_customer().await;
    granted(&shop.try_grab(&buyer.token, &campaign, 2, None).await);
    let expected = json!({
        "id": campaign, "title": "Sample", "state": "LIVE", "price": money("9.99"),
        "quantity": 10, "remaining": 8, "perUserLimit": 2, "paymentWindowSeconds": 900,
        "startsAt": "2026-01-01T10:00:00+00:00", "endsAt": "2026-01-01T11:00:00+00:00",
        "product": { "name": "Phone", "description": "A phone", "listPrice": money("20.00"), "imageUrl": null },
    });
    for token in [None, Some(buyer.token.as_str())] {
        assert_eq!(shop.data(token, CAMPAIGN, json!({ "id": campaign })).await["campaign"], expected);
    }
    assert_eq!(shop.data(None, CAMPAIGN, json!({ "id": NO_CAMPAIGN })).await["campaign"], Value::Null);
    for id in ["", "campaign", &buyer.id] {
        assert_eq!(error_code(&shop.graphql(None, CAMPAIGN, json!({ "id": id })).await), "BAD_USER_INPUT", "{id:?}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_draft_is_there_for_administrators_alone() {
    let shop = TestShop::start().await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    let draft = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    for token in [None, Some(buyer.token.as_str())] {
        assert_eq!(shop.data(token, CAMPAIGN, json!({ "id": draft })).await["campaign"], Value::Null);
        for states in [Value::Null, json!(["DRAFT"])] {
            let list = shop.data(token, LIST, json!({ "states": states })).await;
            assert_eq!((&list["campaigns"]["nodes"], &list["campaigns"]["totalCount"]), (&json!([]), &json!(0)));
        }
    }
    let shown = shop.data(Some(&admin), CAMPAIGN, json!({ "id": draft })).await;
    assert_eq!(shown["campaign"]["state"], "DRAFT");
    let list = shop.data(Some(&admin), LIST, json!({ "states": ["DRAFT"] })).await;
    assert_eq!(list["campaigns"]["nodes"][0]["id"], draft.as_str());
    shop.stop().await;
}

#[tokio::test]
async fn campaigns_are_listed_by_what_they_are_at_this_moment() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let spec = |starts: i64, ends: i64| CampaignSpec {
        quantity: 1,
        starts_in: Duration::minutes(starts),
        ends_in: Duration::minutes(ends),
        ..CampaignSpec::default()
    };
    let live = shop.published(&spec(0, 60)).await;
    let scheduled = shop.published(&spec(5, 60)).await;
    let short = shop.published(&spec(0, 1)).await;
    let paused = shop.published(&spec(0, 60)).await;
    let sold_out = shop.published(&spec(0, 60)).await;
    step(&shop, "pauseCampaign", &paused).await;
    let buyer = shop.register_customer().await;
    let order = shop.grab(&buyer, &sold_out).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    shop.advance(Duration::minutes(1));

    let listed = async |states: Value| {
        let list = shop.data(None, LIST, json!({ "states": states })).await;
        let nodes = list["campaigns"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (state, campaign) in
        [("LIVE", &live), ("SCHEDULED", &scheduled), ("ENDED", &short), ("PAUSED", &paused), ("SOLD_OUT", &sold_out)]
    {
        assert_eq!(listed(json!([state])).await, std::slice::from_ref(campaign), "{state}");
        assert_eq!(shop.data(None, CAMPAIGN, json!({ "id": campaign })).await["campaign"]["state"], state);
    }
    let newest_first = [&sold_out, &paused, &short, &scheduled, &live].map(Clone::clone);
    assert_eq!(listed(Value::Null).await, newest_first);
    assert_eq!(listed(json!([])).await, newest_first);
    assert_eq!(listed(json!(["LIVE", "PAUSED"])).await, [paused, live]);

    let mut pages = Vec::new();
    let mut after = Value::Null;
    for (size, more) in [(2, true), (2, true), (1, false)] {
        let page = shop.data(None, LIST, json!({ "first": 2, "after": after })).await["campaigns"].take();
        assert_eq!((&page["totalCount"], &page["pageInfo"]["hasNextPage"]), (&json!(5), &json!(more)));
        let nodes = page["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), size);
        pages.extend(nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()));
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(pages, newest_first);
    shop.stop().await;
}

#[tokio::test]
async fn pages_that_cannot_be_are_refused() {
    let shop = TestShop::start().await;
    for arguments in ["first: 0", "first: 101", "first: -1", "last: 0", "first: 1, last: 1", "after: \"x\""] {
        let answer = shop.graphql(None, &format!("{{ campaigns({arguments}) {{ nodes {{ id }} }} }}"), json!({})).await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT", "{arguments}: {answer:#}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn an_order_keeps_the_terms_at_which_it_was_grabbed() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let spec = CampaignSpec { per_user_limit: 3, starts_in: Duration::minutes(1), ..CampaignSpec::default() };
    let campaign = shop.published(&spec).await;
    let buyer = shop.register_customer().await;
    let changed = update(&shop, &campaign, json!({ "price": money("5.55") })).await;
    assert_eq!(changed["campaign"]["price"]["amount"], "5.55", "{changed:#}");

    shop.advance(Duration::minutes(1));
    let before = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &before, "PENDING_PAYMENT").await;
    let refused = update(&shop, &campaign, json!({ "price": money("1.00") })).await;
    assert_eq!(refused["userErrors"], json!([{ "code": "NOT_ALLOWED_IN_STATE", "field": ["input", "price"] }]));
    let changed = update(&shop, &campaign, json!({ "paymentWindowSeconds": 60 })).await;
    assert_eq!(changed["userErrors"], json!([]));
    let after = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &after, "PENDING_PAYMENT").await;

    let query = "query($id: ID!) { order(id: $id) { unitPrice { amount } payBefore } }";
    for (order, pay_before) in [(before, "2026-01-01T10:16:00+00:00"), (after, "2026-01-01T10:02:00+00:00")] {
        let shown = shop.data(Some(&buyer.token), query, json!({ "id": order })).await;
        assert_eq!(shown["order"], json!({ "unitPrice": { "amount": "5.55" }, "payBefore": pay_before }));
    }
    shop.stop().await;
}

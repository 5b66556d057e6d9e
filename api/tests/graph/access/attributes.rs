//! What administrators note of users for rules to use.

use serde_json::{Value, json};

use super::set_attributes;
use crate::{
    admin::asking::{assert_refused, change, failure, fault},
    support::TestShop,
};

const NOTED: &str = "user { id attributes { name value } }";

#[tokio::test]
async fn attributes_replace_those_of_before_and_only_administrators_see_them() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let set = async |attributes: Value| {
        let input = json!({ "userId": buyer.id, "attributes": attributes });
        change(&shop, &admin, "setUserAttributes", NOTED, input).await
    };
    let first = json!([
        { "name": "tier", "value": "gold" }, { "name": "_vip", "value": true }, { "name": "Score2", "value": -7.5 },
    ]);
    let payload = set(first).await;
    let by_name = json!([
        { "name": "Score2", "value": -7.5 }, { "name": "_vip", "value": true }, { "name": "tier", "value": "gold" },
    ]);
    assert_eq!((&payload["user"]["attributes"], &payload["userErrors"]), (&by_name, &json!([])));
    let second = json!([{ "name": "tier", "value": "" }]);
    assert_eq!(set(second.clone()).await["user"]["attributes"], second);

    let query = "query($search: String) { users(search: $search) { nodes { attributes { name value } } } }";
    let found = shop.data(Some(&admin), query, json!({ "search": buyer.username })).await;
    assert_eq!(found["users"]["nodes"], json!([{ "attributes": second }]));
    let own = shop.graphql(Some(&buyer.token), "{ me { attributes { name } } }", json!({})).await;
    assert_eq!(fault(&own), "FORBIDDEN", "not even of oneself: {own:#}");
    shop.stop().await;
}

#[tokio::test]
async fn an_attribute_that_cannot_be_is_refused_and_those_of_before_stay() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let many = |count: usize| {
        (0..count).map(|number| json!({ "name": format!("a{number}"), "value": true })).collect::<Vec<_>>()
    };
    let longest = json!({ "name": "n".repeat(64), "value": "语".repeat(256) });
    let mut most = many(63);
    most.push(longest);
    set_attributes(&shop, &admin, &buyer.id, json!(most)).await;

    let mut refused = vec![many(65)];
    for name in ["", "7up", "a b", "a-b", "é", &"n".repeat(65)] {
        refused.push(vec![json!({ "name": "fine", "value": 1 }), json!({ "name": name, "value": 1 })]);
    }
    refused.push(vec![json!({ "name": "long", "value": "x".repeat(257) })]);
    for attributes in refused {
        let input = json!({ "userId": buyer.id, "attributes": attributes });
        let payload = change(&shop, &admin, "setUserAttributes", NOTED, input).await;
        assert_refused(&payload, &[("INVALID_ATTRIBUTE", "input.attributes")]);
    }
    for value in [Value::Null, json!([1]), json!({ "a": 1 })] {
        let input = json!({ "userId": buyer.id, "attributes": [{ "name": "odd", "value": value }] });
        let code = failure(&shop, Some(&admin), "setUserAttributes", input).await;
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()), "{value}: {code}");
    }
    let twice = json!([{ "name": "a", "value": 1 }, { "name": "a", "value": 2 }]);
    let nobody: domain::id::UserId = domain::testing::id(7);
    for (user, attributes) in
        [(buyer.id.as_str(), twice), ("nonsense", json!([])), ("order_01h2xcejqtf2nbrexx3vqjhp41", json!([]))]
    {
        let input = json!({ "userId": user, "attributes": attributes });
        assert_eq!(failure(&shop, Some(&admin), "setUserAttributes", input).await, "BAD_USER_INPUT", "{user}");
    }
    let input = json!({ "userId": nobody.to_string(), "attributes": [] });
    let payload = change(&shop, &admin, "setUserAttributes", NOTED, input).await;
    assert_refused(&payload, &[("USER_NOT_FOUND", "input.userId")]);

    let query = "query($search: String) { users(search: $search) { nodes { attributes { name } } } }";
    let found = shop.data(Some(&admin), query, json!({ "search": buyer.username })).await;
    assert_eq!(found["users"]["nodes"][0]["attributes"].as_array().unwrap().len(), 64);
    shop.stop().await;
}

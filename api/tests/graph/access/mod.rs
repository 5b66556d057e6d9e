//! Who may take part, through the graph: rules, their trial, what they ask of users, named lists, attributes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod attributes;
mod eligibility;
mod lists;
mod refusals;
mod rules;
mod trial;

use serde_json::{Value, json};

use crate::{
    admin::asking::{change, done, text},
    support::TestShop,
};

/// A rule whose message is its name.
fn rule(name: &str, expression: &str) -> Value {
    json!({ "name": name, "expression": expression, "message": name })
}

/// Sets the rules of a campaign, which has to succeed.
async fn set_rules(shop: &TestShop, admin: &str, campaign: &str, rules: &[Value]) {
    done(shop, admin, "setAccessRules", "campaign { id }", json!({ "campaignId": campaign, "rules": rules })).await;
}

/// Tries to set the rules of a campaign; the payload.
async fn try_rules(shop: &TestShop, admin: &str, campaign: &str, rules: &[Value]) -> Value {
    let input = json!({ "campaignId": campaign, "rules": rules });
    change(shop, admin, "setAccessRules", "campaign { id }", input).await
}

/// The reasons why a user may not take part; none if they may.
async fn reasons(shop: &TestShop, token: &str, campaign: &str) -> Vec<String> {
    let query = "query($id: ID!) { campaign(id: $id) { eligibility { eligible reasons } } }";
    let data = shop.data(Some(token), query, json!({ "id": campaign })).await;
    let eligibility = &data["campaign"]["eligibility"];
    let reasons: Vec<String> =
        eligibility["reasons"].as_array().unwrap().iter().map(|reason| text(reason).to_owned()).collect();
    assert_eq!(eligibility["eligible"], reasons.is_empty(), "{eligibility}");
    reasons
}

/// Makes a list of these users; its id.
async fn create_list(shop: &TestShop, admin: &str, name: &str, users: &[&str]) -> String {
    let input = json!({ "name": name, "userIds": users });
    let payload = done(shop, admin, "createAccessList", "accessList { id }", input).await;
    text(&payload["accessList"]["id"]).to_owned()
}

/// Notes something of a user.
async fn set_attributes(shop: &TestShop, admin: &str, user: &str, attributes: Value) {
    let input = json!({ "userId": user, "attributes": attributes });
    done(shop, admin, "setUserAttributes", "user { id }", input).await;
}

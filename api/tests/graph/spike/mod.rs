//! The sale: what a grab answers, what anybody sees of campaigns, and what a watcher of one is told.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod crowd;
mod looking;
mod planned;
mod reconciling;
mod refusals;
mod repeats;
mod restarts;
mod watching;

use serde_json::{Value, json};

use crate::support::TestShop;

/// An id that nothing has.
const NO_CAMPAIGN: &str = "campaign_01h2xcejqtf2nbrexx3vqjhp41";

/// The one reason why a grab got nothing.
#[track_caller]
fn refused(payload: &Value) -> &str {
    assert_eq!((&payload["order"], &payload["remaining"]), (&Value::Null, &Value::Null), "{payload:#}");
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload:#}");
    errors[0]["code"].as_str().unwrap()
}

/// The order that a grab got.
#[track_caller]
fn granted(payload: &Value) -> &str {
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload["order"]["id"].as_str().unwrap()
}

/// The code of the one top-level error of an answer.
#[track_caller]
fn error_code(answer: &Value) -> &str {
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer:#}");
    answer["errors"][0]["extensions"]["code"].as_str().unwrap()
}

/// Pauses, resumes or ends a campaign: `mutation` says which.
async fn step(shop: &TestShop, mutation: &str, campaign: &str) {
    let query = format!(
        "mutation($id: ID!) {{ {mutation}(input: {{ campaignId: $id }}) {{
            campaign {{ state }} userErrors {{ code message }} }} }}"
    );
    shop.done(&shop.admin_token().await, mutation, &query, json!({ "id": campaign })).await;
}

/// Changes a campaign. Returns the whole payload.
async fn update(shop: &TestShop, campaign: &str, changes: Value) -> Value {
    let query = "mutation($input: UpdateCampaignInput!) { updateCampaign(input: $input) {
        campaign { price { amount } } userErrors { code field } } }";
    let mut input = json!({ "campaignId": campaign });
    input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    shop.data(Some(&shop.admin_token().await), query, json!({ "input": input })).await["updateCampaign"].take()
}

/// What is left of a campaign, as anybody sees it.
async fn remaining(shop: &TestShop, campaign: &str) -> Value {
    let query = "query($id: ID!) { campaign(id: $id) { remaining } }";
    shop.data(None, query, json!({ "id": campaign })).await["campaign"]["remaining"].take()
}

/// Gives up an order that is not paid.
async fn cancel(shop: &TestShop, token: &str, order: &str) {
    let query = "mutation($id: ID!) { cancelOrder(input: { orderId: $id }) { userErrors { code } } }";
    shop.done(token, "cancelOrder", query, json!({ "id": order })).await;
}

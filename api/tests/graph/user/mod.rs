//! Accounts and sessions through the graph: registration, sign-in, access tokens, refresh and logout.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod register;
mod session;
mod sign_in;
mod tokens;

use serde_json::{Value, json};

use crate::support::TestShop;

/// Who is signed in.
const ME: &str = "{ me { id username roles } }";

/// What a payload shows of a session.
const SESSION: &str = "user { id } session { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }";

/// Runs a mutation of the user domain, which needs no token; its payload.
async fn ask(shop: &TestShop, name: &str, shown: &str, input: Value) -> Value {
    let query = crate::admin::asking::mutation(name, shown);
    shop.data(None, &query, json!({ "input": input })).await[name].take()
}

/// Whether an access token is good for the one protected field that asks for nothing else.
async fn is_good(shop: &TestShop, token: &str) -> bool {
    let answer = shop.graphql(Some(token), ME, json!({})).await;
    if answer.get("errors").is_none() {
        return answer["data"]["me"]["id"].is_string();
    }
    assert_eq!(crate::admin::asking::fault(&answer), "UNAUTHENTICATED", "{answer:#}");
    false
}

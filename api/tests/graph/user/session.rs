//! The life of a session: refresh tokens that are used once, reuse that ends it, logout.

use chrono::Duration;
use domain::testing::instant;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{SESSION, ask, is_good};
use crate::{
    admin::asking::{assert_refused, text},
    support::TestShop,
};

const FIELD: &str = "input.refreshToken";

async fn shop() -> TestShop {
    TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await
}

async fn refresh(shop: &TestShop, token: &str) -> Value {
    ask(shop, "refreshSession", SESSION, json!({ "refreshToken": token })).await
}

/// A refresh that has to succeed; the successor.
async fn next(shop: &TestShop, token: &str) -> String {
    let payload = refresh(shop, token).await;
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    text(&payload["session"]["refreshToken"]).to_owned()
}

async fn assert_dead(shop: &TestShop, tokens: &[&str]) {
    for token in tokens {
        assert_refused(&refresh(shop, token).await, &[("INVALID_TOKEN", FIELD)]);
    }
}

async fn sign_in_again(shop: &TestShop, phone: &str, password: &str) -> String {
    let payload = ask(shop, "login", SESSION, json!({ "phone": phone, "password": password })).await;
    text(&payload["session"]["refreshToken"]).to_owned()
}

#[tokio::test]
async fn a_refresh_replaces_both_tokens() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    shop.advance(Duration::minutes(10));
    let payload = refresh(&shop, &buyer.refresh_token).await;
    let session = &payload["session"];
    assert_eq!((&payload["user"]["id"], &payload["userErrors"]), (&json!(buyer.id), &json!([])));
    assert_eq!(session["accessTokenExpiresAt"], "2026-03-01T12:25:00+00:00");
    assert_eq!(session["refreshTokenExpiresAt"], "2026-03-31T12:10:00+00:00");
    assert_ne!(session["refreshToken"], buyer.refresh_token.as_str());

    let renewed = text(&session["accessToken"]);
    assert!(is_good(&shop, renewed).await && is_good(&shop, &buyer.token).await);
    shop.advance(Duration::minutes(5));
    assert!(is_good(&shop, renewed).await && !is_good(&shop, &buyer.token).await, "each has its own end");

    for nonsense in ["", "x", &buyer.token, renewed, &format!("spike_rt_{}", "A".repeat(43)), &"A".repeat(50_000)] {
        assert_dead(&shop, &[nonsense]).await;
    }
    shop.stop().await;
}

#[tokio::test]
async fn an_answer_that_got_lost_is_given_again_within_the_grace() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    let first = refresh(&shop, &buyer.refresh_token).await;
    shop.advance(Duration::seconds(29));
    let again = refresh(&shop, &buyer.refresh_token).await;
    for field in ["refreshToken", "refreshTokenExpiresAt"] {
        assert_eq!(again["session"][field], first["session"][field], "{field}");
    }
    assert_eq!(again["session"]["accessTokenExpiresAt"], "2026-03-01T12:15:29+00:00", "an access token is made anew");
    shop.advance(Duration::seconds(1));
    let successor = next(&shop, &buyer.refresh_token).await;
    assert_eq!(first["session"]["refreshToken"], successor.as_str());
    assert_ne!(next(&shop, &successor).await, successor, "the successor goes on");
    shop.stop().await;
}

#[tokio::test]
async fn a_token_that_comes_back_after_its_successor_was_used_ends_the_session() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    let other_session = sign_in_again(&shop, &buyer.phone, &buyer.password).await;
    let second = next(&shop, &buyer.refresh_token).await;
    let third = next(&shop, &second).await;
    assert_refused(&refresh(&shop, &buyer.refresh_token).await, &[("REUSED_TOKEN", FIELD)]);
    assert_dead(&shop, &[&third, &second, &buyer.refresh_token]).await;
    next(&shop, &other_session).await;
    assert!(is_good(&shop, &buyer.token).await, "an access token cannot be taken back");
    shop.stop().await;
}

#[tokio::test]
async fn a_token_that_comes_back_after_the_grace_ends_the_session() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    let successor = next(&shop, &buyer.refresh_token).await;
    shop.advance(Duration::milliseconds(30_001));
    assert_refused(&refresh(&shop, &buyer.refresh_token).await, &[("REUSED_TOKEN", FIELD)]);
    assert_dead(&shop, &[&successor, &buyer.refresh_token]).await;
    shop.stop().await;
}

#[tokio::test]
async fn a_refresh_token_that_is_not_used_in_its_lifetime_expires() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    let waiting = sign_in_again(&shop, &buyer.phone, &buyer.password).await;
    shop.advance(Duration::days(30) - Duration::milliseconds(1));
    let renewed = next(&shop, &waiting).await;
    shop.advance(Duration::milliseconds(1));
    assert_refused(&refresh(&shop, &buyer.refresh_token).await, &[("EXPIRED_TOKEN", FIELD)]);
    next(&shop, &renewed).await;
    shop.stop().await;
}

#[tokio::test]
async fn all_who_refresh_with_one_token_at_the_same_moment_get_the_same_successor() {
    let shop = TestShop::start().await;
    let buyer = shop.register_customer().await;
    let answers = join_all((0..20).map(|_| refresh(&shop, &buyer.refresh_token))).await;
    let successor = text(&answers[0]["session"]["refreshToken"]);
    for payload in &answers {
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        assert_eq!(payload["session"]["refreshToken"], successor);
        assert_eq!(payload["session"]["refreshTokenExpiresAt"], answers[0]["session"]["refreshTokenExpiresAt"]);
        assert_eq!(payload["user"]["id"], buyer.id.as_str());
    }
    next(&shop, successor).await;
    shop.stop().await;
}

#[tokio::test]
async fn a_logout_ends_the_session_and_no_other() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    let other_session = sign_in_again(&shop, &buyer.phone, &buyer.password).await;
    let logout = async |token: &str| {
        let payload = ask(&shop, "logout", "", json!({ "refreshToken": token })).await;
        assert_eq!(payload["userErrors"], json!([]), "{token}");
    };
    let successor = next(&shop, &buyer.refresh_token).await;
    for nonsense in ["", "nonsense", &"A".repeat(44), &buyer.token] {
        let payload = ask(&shop, "logout", "", json!({ "refreshToken": nonsense })).await;
        assert_refused(&payload, &[("INVALID_TOKEN", FIELD)]);
    }
    logout(&format!("spike_rt_{}", "A".repeat(43))).await;
    let successor = next(&shop, &successor).await;
    // Any refresh token of the session ends it; one that is not known (any more) belongs to none.
    logout(&buyer.refresh_token).await;
    logout(&successor).await;
    assert_dead(&shop, &[&successor, &buyer.refresh_token]).await;
    assert!(is_good(&shop, &buyer.token).await, "until it expires");
    next(&shop, &other_session).await;

    let shop = shop.restart().await;
    assert_dead(&shop, &[&successor]).await;
    shop.stop().await;
}

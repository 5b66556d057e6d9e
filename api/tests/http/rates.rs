//! How often somebody may ask, and how they are told that it is too often.

use domain::testing::instant;
use serde_json::json;

use crate::{
    support::{Builder, TestShop},
    wire::{Answer, post},
};

/// A shop that counts the clients of this machine like all others, and whose proxy is this machine.
fn counting() -> Builder {
    TestShop::builder()
        .clock_at(instant("2026-01-01T10:00:00Z"))
        .with("rates.exempt", "")
        .with("server.trusted_proxies", "127.0.0.1")
}

async fn from(shop: &TestShop, address: &str, query: &str) -> Answer {
    post(shop, &json!({ "query": query }), &[("x-forwarded-for", address)]).await
}

fn limited(answer: &Answer) -> Option<u64> {
    let error = answer.body["errors"].as_array()?.first()?;
    (error["extensions"]["code"] == "RATE_LIMITED").then(|| error["extensions"]["retryAfterMs"].as_u64().unwrap())
}

fn logins(count: usize, phone: &str) -> String {
    let one = |i| {
        format!(
            "a{i}: login(input: {{ phone: \"{phone}\", password: \"guess {i} of many\" }}) {{ userErrors {{ code }} }} "
        )
    };
    format!("mutation {{ {} }}", (0..count).map(one).collect::<String>())
}

#[tokio::test]
async fn aliased_logins_are_as_many_logins() {
    let shop = counting().with("rates.sign_ins_per_address", "8/1m").start().await;
    let answer = from(&shop, "203.0.113.9", &logins(5, "+10001112222")).await;
    assert_eq!(answer.body["data"]["a4"]["userErrors"][0]["code"], "WRONG_CREDENTIALS", "{answer:?}");
    let answer = from(&shop, "203.0.113.9", &logins(5, "+10001112223")).await;
    assert_eq!((answer.status, limited(&answer)), (429, Some(15_000)), "{answer:?}");
    assert_eq!(answer.header("retry-after"), "15");
    assert!(answer.body.get("data").is_none(), "none of them was tried");
    assert!(limited(&from(&shop, "203.0.113.10", &logins(5, "+10001112224")).await).is_none());
    shop.advance(chrono::Duration::seconds(15));
    assert!(limited(&from(&shop, "203.0.113.9", &logins(5, "+10001112225")).await).is_none());
    shop.stop().await;
}

#[tokio::test]
async fn guesses_at_a_password_run_out_wherever_they_come_from() {
    let shop = counting()
        .with("rates.attempts_per_account", "12/10m")
        .with("rates.attempts_per_account_and_address", "5/10m")
        .start()
        .await;
    let buyer = shop.register_customer().await;
    let tried = async |address: &str, count| {
        let answer = from(&shop, address, &logins(count, &buyer.phone)).await;
        let guesses =
            answer.body["data"].as_object().map_or(0, |data| data.values().filter(|login| !login.is_null()).count());
        (guesses, limited(&answer), answer.status, answer.header("retry-after").to_owned())
    };
    // One at a time: `login` cannot be null, so one that fails takes the others along.
    for _ in 0..5 {
        assert_eq!(tried("203.0.113.1", 1).await, (1, None, 200, String::new()));
    }
    assert_eq!(tried("203.0.113.1", 1).await, (0, Some(120_000), 200, "120".to_owned()));
    assert!(!shop.sign_in(&buyer.phone, &buyer.password).await.is_empty(), "the owner, from elsewhere");
    for address in ["203.0.113.2", "203.0.113.3"] {
        for _ in 0..3 {
            assert_eq!(tried(address, 1).await.0, 1);
        }
    }
    assert_eq!(tried("203.0.113.4", 1).await.0, 1, "the twelfth");
    assert!(tried("203.0.113.5", 1).await.1.is_some(), "whoever guesses, it is one account");
    let other = shop.register_customer().await;
    for _ in 0..30 {
        shop.sign_in(&other.phone, &other.password).await;
    }
    shop.stop().await;
}

#[tokio::test]
async fn users_and_strangers_are_counted_apart() {
    let shop = counting()
        .with("rates.operations_per_user", "6/1s")
        .with("rates.operations_per_address", "4/1s")
        .with("rates.grabs_per_user", "2/1s")
        .start()
        .await;
    let campaign = shop.live_campaign(100, 100).await;
    shop.advance(chrono::Duration::seconds(5));
    let (one, two) = (shop.register_customer().await, shop.register_customer().await);
    shop.advance(chrono::Duration::seconds(5));
    let grab = format!(
        "mutation {{ grab(input: {{ campaignId: \"{campaign}\" }}) {{ order {{ id }} userErrors {{ code }} }} }}"
    );
    let ask = async |token: &str, query: &str| {
        post(&shop, &json!({ "query": query }), &[("authorization", &format!("Bearer {token}"))]).await
    };
    for buyer in [&one, &two] {
        for _ in 0..2 {
            let answer = ask(&buyer.token, &grab).await;
            assert!(answer.body["data"]["grab"]["order"]["id"].is_string(), "{answer:?}");
        }
        assert_eq!(limited(&ask(&buyer.token, &grab).await), Some(500));
        assert!(limited(&ask(&buyer.token, "{ a: me { id } b: me { id } c: me { id } d: me { id } }").await).is_none());
        assert!(limited(&ask(&buyer.token, "{ me { id } }").await).is_some(), "six are used up");
    }
    for forged in ["forged", "another"] {
        assert!(limited(&ask(forged, "{ a: __typename b: __typename }").await).is_none(), "of four for the address");
    }
    assert!(limited(&ask("a third", "{ __typename }").await).is_some(), "forged tokens are no users");
    assert!(limited(&ask("a third", "{").await).is_some(), "nor is what does not parse free");

    // Over a socket it is the same.
    let mut socket = shop.socket().await;
    socket.init(Some(&one.token)).await;
    socket.send(&json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ me { id } }" } })).await;
    let message = socket.message().await;
    assert_eq!(
        (&message["type"], &message["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("RATE_LIMITED"))
    );
    shop.stop().await;
}

#[tokio::test]
async fn a_header_of_anybody_moves_nobody() {
    let shop = TestShop::builder()
        .clock_at(instant("2026-01-01T10:00:00Z"))
        .with("rates.exempt", "")
        .with("rates.operations_per_address", "3/1m")
        .start()
        .await;
    for (place, address) in ["1.2.3.4", "1.2.3.5", "1.2.3.6", "1.2.3.7"].iter().enumerate() {
        assert_eq!(limited(&from(&shop, address, "{ __typename }").await).is_some(), place == 3, "{address}");
    }
    shop.stop().await;
    let shop =
        TestShop::builder().with("rates.enabled", "false").with("rates.operations_per_address", "1/1m").start().await;
    for _ in 0..5 {
        assert!(limited(&from(&shop, "1.2.3.4", "{ __typename }").await).is_none());
    }
    shop.stop().await;
}

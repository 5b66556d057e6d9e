//! Balances: what an administrator may put on them, once for each attempt.

use serde_json::{Value, json};

use super::{balance, error_code};
use crate::support::TestShop;

const TOP_UP: &str = "mutation($input: TopUpBalanceInput!) { topUpBalance(input: $input) {
    user { id balance { amount currencyCode } } userErrors { code message field } } }";

fn top_up(user: &str, amount: &Value, currency: &str, key: Option<&str>) -> Value {
    let amount = json!({ "amount": amount, "currencyCode": currency });
    json!({ "input": { "userId": user, "amount": amount, "idempotencyKey": key } })
}

#[tokio::test]
async fn money_that_is_put_on_a_balance_is_there() {
    let shop = TestShop::start().await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    for (amount, sum) in
        [(json!("0.01"), "0.01"), (json!("10.00"), "10.01"), (json!(5), "15.01"), (json!(0.1), "15.11")]
    {
        let data = shop.data(Some(&admin), TOP_UP, top_up(&buyer.id, &amount, "CNY", None)).await;
        let expected = json!({ "id": buyer.id, "balance": { "amount": sum, "currencyCode": "CNY" } });
        assert_eq!((&data["topUpBalance"]["user"], &data["topUpBalance"]["userErrors"]), (&expected, &json!([])));
        assert_eq!(balance(&shop, &buyer.token).await, sum);
    }
    shop.stop().await;
}

#[tokio::test]
async fn an_amount_that_cannot_be_is_refused_and_books_nothing() {
    let shop = TestShop::start().await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    let nobody = "user_01h2xcejqtf2nbrexx3vqjhp41";
    for (user, amount, currency, code, field) in [
        (buyer.id.as_str(), "0.001", "CNY", "INVALID_AMOUNT", "amount"),
        (&buyer.id, "0", "CNY", "INVALID_AMOUNT", "amount"),
        (&buyer.id, "-0.01", "CNY", "INVALID_AMOUNT", "amount"),
        (&buyer.id, "1000000000.01", "CNY", "INVALID_AMOUNT", "amount"),
        (&buyer.id, "79228162514264337593543950335", "CNY", "INVALID_AMOUNT", "amount"),
        (&buyer.id, "1.00", "USD", "WRONG_CURRENCY", "amount"),
        (nobody, "1.00", "CNY", "USER_NOT_FOUND", "userId"),
    ] {
        let data = shop.data(Some(&admin), TOP_UP, top_up(user, &json!(amount), currency, None)).await;
        let payload = &data["topUpBalance"];
        assert_eq!(payload["user"], Value::Null, "{amount}");
        assert_eq!(payload["userErrors"][0]["code"], code, "{amount} {payload:#}");
        assert_eq!(payload["userErrors"][0]["field"], json!(["input", field]));
    }
    let wrong = [
        top_up(&buyer.id, &json!("much"), "CNY", None),
        top_up(&buyer.id, &json!("1"), "XYZ", None),
        top_up("me", &json!("1"), "CNY", None),
        top_up(&buyer.id, &json!("1"), "CNY", Some("a b")),
    ];
    for input in wrong {
        let answer = shop.graphql(Some(&admin), TOP_UP, input.clone()).await;
        let code = error_code(&answer);
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code), "{input}: {answer:#}");
    }
    assert_eq!(balance(&shop, &buyer.token).await, "0.00");
    shop.stop().await;
}

#[tokio::test]
async fn the_same_top_up_again_is_booked_once() {
    let shop = TestShop::start().await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    let other = shop.register_customer().await;
    let again = async |shop: &TestShop, user: &str, amount: &str, key| {
        shop.data(Some(&admin), TOP_UP, top_up(user, &json!(amount), "CNY", Some(key))).await["topUpBalance"].take()
    };
    for _ in 0..2 {
        let payload = again(&shop, &buyer.id, "10", "k").await;
        assert_eq!(payload["user"]["balance"]["amount"], "10.00", "{payload:#}");
    }
    for (user, amount) in [(&buyer.id, "11"), (&other.id, "10")] {
        let payload = again(&shop, user, amount, "k").await;
        assert_eq!(payload["userErrors"][0]["code"], "IDEMPOTENCY_KEY_REUSED", "{payload:#}");
        assert_eq!(payload["userErrors"][0]["field"], json!(["input", "idempotencyKey"]));
    }
    let shop = shop.restart().await;
    assert_eq!(again(&shop, &buyer.id, "10.00", "k").await["user"]["balance"]["amount"], "10.00");
    assert_eq!(again(&shop, &buyer.id, "10", "l").await["user"]["balance"]["amount"], "20.00");
    assert_eq!(balance(&shop, &other.token).await, "0.00");
    shop.stop().await;
}

#[tokio::test]
async fn only_administrators_put_money_on_a_balance() {
    let shop = TestShop::start().await;
    let buyer = shop.register_customer().await;
    let input = top_up(&buyer.id, &json!("1000"), "CNY", None);
    assert_eq!(error_code(&shop.graphql(Some(&buyer.token), TOP_UP, input.clone()).await), "FORBIDDEN");
    assert_eq!(error_code(&shop.graphql(None, TOP_UP, input).await), "UNAUTHENTICATED");
    assert_eq!(balance(&shop, &buyer.token).await, "0.00");
    shop.stop().await;
}

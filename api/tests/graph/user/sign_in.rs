//! Sign-in by phone and password, and who one is then.

use serde_json::{Value, json};

use super::{ME, SESSION, ask};
use crate::{
    admin::asking::{assert_refused, done, failure, fault, text},
    support::{
        TestShop,
        builder::{ADMIN_PASSWORD, ADMIN_PHONE},
    },
};

#[tokio::test]
async fn a_wrong_password_an_unknown_phone_and_an_impossible_one_get_the_same_answer() {
    let shop = TestShop::start().await;
    let longest = "a1".repeat(64);
    let buyer = shop.register_customer_with(json!({ "phone": "+1 555-000-1234", "password": longest })).await;
    let login = async |phone: &str, password: &str| {
        ask(&shop, "login", SESSION, json!({ "phone": phone, "password": password })).await
    };

    let refused = login("+15550001234", "not the password").await;
    assert_refused(&refused, &[("WRONG_CREDENTIALS", "")]);
    for (phone, password) in [
        ("+15550009999", "not the password"),
        ("nonsense", "not the password"),
        ("", ""),
        ("+15550001234", ""),
        ("+15550001234", &longest[1..]),
        ("+15550001234", &format!("{longest}x")),
        ("+15550001234", &"a1".repeat(50_000)),
        ("15550001234", &longest),
        (&"5".repeat(50_000), &longest),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ] {
        assert_eq!(login(phone, password).await, refused, "nothing tells which of them is wrong");
    }
    for phone in ["+15550001234", "+1 (555) 000-1234"] {
        let payload = login(phone, &longest).await;
        assert_eq!((&payload["user"]["id"], &payload["userErrors"]), (&json!(buyer.id), &json!([])));
        let token = text(&payload["session"]["accessToken"]);
        assert_eq!(shop.data(Some(token), ME, json!({})).await["me"]["id"], buyer.id.as_str());
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_a_user_may_do_is_read_from_the_database_and_not_from_the_token() {
    let shop = TestShop::start().await;
    let admin = ask(&shop, "login", SESSION, json!({ "phone": ADMIN_PHONE, "password": ADMIN_PASSWORD })).await;
    let me = shop.data(Some(text(&admin["session"]["accessToken"])), ME, json!({})).await;
    assert_eq!(me["me"]["roles"], json!(["CUSTOMER", "ADMIN"]), "administrators sign in like everybody");
    assert_eq!(shop.data(None, ME, json!({})).await["me"], Value::Null, "nobody is nobody, and no error");

    let buyer = shop.register_customer().await;
    let log = "{ auditLog(first: 1) { nodes { action subject actor { id } } } }";
    assert_eq!(fault(&shop.graphql(Some(&buyer.token), log, json!({})).await), "FORBIDDEN");
    let name = domain::user::account::Username::parse(&buyer.username).unwrap();
    shop.app().services().users.promote(&name).await.unwrap().expect("the account");
    let entry = json!({ "action": "grantRole", "subject": buyer.id, "actor": null });
    let log = shop.data(Some(&buyer.token), log, json!({})).await;
    assert_eq!(log["auditLog"]["nodes"], json!([entry]), "the token of before does, and the operator did it");
    assert_eq!(shop.data(Some(&buyer.token), ME, json!({})).await["me"]["roles"], json!(["CUSTOMER", "ADMIN"]));
    let product = json!({ "name": "Phone", "listPrice": { "amount": "1", "currencyCode": "CNY" } });
    done(&shop, &buyer.token, "createProduct", "product { id }", product.clone()).await;

    // A token that we signed, of an account that is not there.
    let claims = domain::user::viewer::SignedIn {
        user_id: domain::testing::id(7),
        session_id: domain::testing::id(7),
        expires_at: shop.now() + chrono::Duration::minutes(1),
    };
    let absent = shop.app().services().access_tokens.issue(&claims).unwrap();
    assert_eq!(shop.data(Some(&absent), ME, json!({})).await["me"], Value::Null);
    assert_eq!(failure(&shop, Some(&absent), "createProduct", product).await, "FORBIDDEN");
    shop.stop().await;
}

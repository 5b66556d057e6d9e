//! Registration: a form becomes an account, or learns all that is wrong with it.

use domain::testing::instant;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{SESSION, ask, is_good};
use crate::{
    admin::asking::{assert_refused, fault, mutation, refusals, text},
    support::TestShop,
};

/// A form with nothing wrong, but for what replaces it.
fn form(changes: Value) -> Value {
    let mut form = json!({
        "username": "li.wei", "phone": "+8613800138000", "password": "correct horse", "birthDate": "1990-05-17",
        "workStatus": "EMPLOYED", "idNumber": "11010519900517001X",
    });
    let Value::Object(changes) = changes else { panic!("an object") };
    form.as_object_mut().unwrap().extend(changes);
    form
}

#[tokio::test]
async fn registering_makes_a_customer_and_signs_in() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let shown = format!("{SESSION} user {{ username phone workStatus birthDate roles createdAt }}");
    let input = form(json!({ "username": " Li.Wei_9 ", "phone": "+86 138-0013-8000", "workStatus": "SELF_EMPLOYED" }));
    let payload = ask(&shop, "register", &shown, input).await;
    assert_eq!(payload["userErrors"], json!([]));
    let mut user = payload["user"].clone();
    let id = user.as_object_mut().unwrap().remove("id").unwrap();
    let expected = json!({
        "username": "Li.Wei_9", "phone": "+8613800138000", "workStatus": "SELF_EMPLOYED", "birthDate": "1990-05-17",
        "roles": ["CUSTOMER"], "createdAt": "2026-03-01T12:00:00+00:00",
    });
    assert_eq!(user, expected);
    assert!(text(&id).starts_with("user_"), "{id}");

    let session = &payload["session"];
    assert_eq!(session["accessTokenExpiresAt"], "2026-03-01T12:15:00+00:00");
    assert_eq!(session["refreshTokenExpiresAt"], "2026-03-31T12:00:00+00:00");
    let token = text(&session["accessToken"]);
    let me = shop.data(Some(token), "{ me { id phone balance { amount } } }", json!({})).await;
    assert_eq!(me["me"], json!({ "id": id, "phone": "+8613800138000", "balance": { "amount": "0.00" } }));
    shop.stop().await;
}

#[tokio::test]
async fn all_that_is_wrong_with_a_form_is_told_at_once() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let register = async |changes: Value| ask(&shop, "register", SESSION, form(changes)).await;

    let all_wrong = json!({
        "username": "-", "phone": "12", "password": "short", "birthDate": "2026-03-02", "idNumber": "#",
    });
    let expected = [
        ("INVALID_USERNAME", "input.username"),
        ("INVALID_PHONE", "input.phone"),
        ("INVALID_PASSWORD", "input.password"),
        ("INVALID_BIRTH_DATE", "input.birthDate"),
        ("INVALID_ID_NUMBER", "input.idNumber"),
    ];
    assert_refused(&register(all_wrong).await, &expected);

    for (field, code, values) in [
        ("username", "INVALID_USERNAME", vec!["", "ab", "a b", ".abc", "a\u{0}bc", &"x".repeat(33)]),
        (
            "phone",
            "INVALID_PHONE",
            vec!["", "123456", "1234567890123456", "1380013800x", "１３８００１３８０００", &"5".repeat(50_000)],
        ),
        (
            "password",
            "INVALID_PASSWORD",
            vec!["", "1234567", "aaaaaaaa", "LI.WEI.9", "8613800138000", &"x1".repeat(65)],
        ),
        ("birthDate", "INVALID_BIRTH_DATE", vec!["2026-03-02", "1896-02-29", "0001-01-01"]),
        ("idNumber", "INVALID_ID_NUMBER", vec!["", "12345", "110105-19900517", &"1".repeat(33)]),
    ] {
        for value in values {
            // A password may not be the username in another case.
            let payload = register(json!({ "username": "li.wei.9", field: value })).await;
            assert_refused(&payload, &[(code, &format!("input.{field}"))]);
        }
    }
    for (field, value) in [
        ("birthDate", json!("17.05.1990")),
        ("birthDate", json!("1990-5-17")),
        ("birthDate", json!("2025-02-29")),
        ("workStatus", json!("BUSY")),
        ("username", json!(7)),
        ("phone", Value::Null),
    ] {
        let input = json!({ "input": form(json!({ field: value })) });
        let answer = shop.graphql(None, &mutation("register", ""), input).await;
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&fault(&answer)), "{field}: {answer:#}");
    }

    // None of them left anything behind: the same values are free.
    let oldest = json!({ "birthDate": "1896-03-01" });
    let youngest = json!({ "username": "born.today", "phone": "1234567", "birthDate": "2026-03-01", "idNumber": null });
    for changes in [oldest, youngest] {
        assert_eq!(refusals(&register(changes).await), []);
    }
    let users = shop.data(Some(&shop.admin_token().await), "{ users { totalCount } }", json!({})).await;
    assert_eq!(users["users"]["totalCount"], 3, "the administrator and these two");
    shop.stop().await;
}

#[tokio::test]
async fn a_username_a_phone_and_an_id_number_belong_to_one_account() {
    let shop = TestShop::start().await;
    let register = async |changes: Value| ask(&shop, "register", SESSION, form(changes)).await;
    let first = register(json!({ "username": "Émile" })).await;
    assert_eq!(refusals(&first), []);

    for (code, field, changes) in [
        ("USERNAME_TAKEN", "username", json!({ "username": "éMILE", "phone": "+15550001", "idNumber": null })),
        ("PHONE_TAKEN", "phone", json!({ "username": "another", "phone": "+86 (138) 0013 8000", "idNumber": null })),
        (
            "ID_NUMBER_TAKEN",
            "idNumber",
            json!({ "username": "another", "phone": "+15550001", "idNumber": " 11010519900517001x " }),
        ),
    ] {
        assert_refused(&register(changes).await, &[(code, &format!("input.{field}"))]);
    }
    // No ID number is nobody's ID number.
    for number in 0..2 {
        let changes =
            json!({ "username": format!("nobody{number}"), "phone": format!("555000{number}"), "idNumber": null });
        assert_eq!(refusals(&register(changes).await), []);
    }

    let crowd = (0..6)
        .map(|number| register(json!({ "username": "crowd", "phone": format!("555100{number}"), "idNumber": null })));
    let crowd = join_all(crowd).await;
    let (made, refused): (Vec<_>, Vec<_>) = crowd.iter().partition(|payload| refusals(payload).is_empty());
    assert_eq!(made.len(), 1, "one of those who asked at the same moment");
    for payload in refused {
        assert_refused(payload, &[("USERNAME_TAKEN", "input.username")]);
    }
    assert!(is_good(&shop, text(&first["session"]["accessToken"])).await);
    shop.stop().await;
}

//! Making campaigns: what a draft is, and what cannot be one.

use chrono::{Duration, SecondsFormat};
use domain::{clock::Instant, testing::instant};
use serde_json::{Value, json};

use super::{
    asking::{assert_refused, change, done, failure, text},
    look,
};
use crate::support::{TestShop, sale::money};

const CAMPAIGN: &str = "campaign { id title state quantity remaining perUserLimit startsAt endsAt paymentWindowSeconds
    price { amount currencyCode } product { id } }";

fn time(at: Instant) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn form(shop: &TestShop, product: &str, changes: &Value) -> Value {
    let mut form = json!({
        "productId": product, "title": "Sale", "price": money("9.90"), "quantity": 5,
        "startsAt": time(shop.now()), "endsAt": time(shop.now() + Duration::hours(1)),
    });
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    form
}

#[tokio::test]
async fn a_new_campaign_is_a_draft_of_what_was_asked() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let product = shop.create_product(&admin).await;
    let least = form(&shop, &product, &json!({ "title": " Sale " }));
    let made = done(&shop, &admin, "createCampaign", CAMPAIGN, least).await["campaign"].take();
    let id = text(&made["id"]).to_owned();
    assert!(id.starts_with("campaign_"), "{id}");
    let expected = json!({
        "id": id, "title": "Sale", "state": "DRAFT", "quantity": 5, "remaining": 5, "perUserLimit": 1,
        "startsAt": "2026-03-01T12:00:00+00:00", "endsAt": "2026-03-01T13:00:00+00:00", "paymentWindowSeconds": 900,
        "price": { "amount": "9.90", "currencyCode": "CNY" }, "product": { "id": product },
    });
    assert_eq!(made, expected);
    let shown = CAMPAIGN.split_once('{').unwrap().1.rsplit_once('}').unwrap().0;
    assert_eq!(look(&shop, &admin, &id, shown).await, expected);

    // The bounds themselves, times of another zone, and parts of a millisecond.
    let most = json!({
        "title": "灯".repeat(120), "price": money("1000000000"), "quantity": 10_000_000, "perUserLimit": 1_000,
        "startsAt": "2025-12-31T20:00:00.1239+08:00", "endsAt": "2027-01-01T12:00:00.123Z",
        "paymentWindowSeconds": 2_592_000,
    });
    let made = done(&shop, &admin, "createCampaign", CAMPAIGN, form(&shop, &product, &most)).await["campaign"].take();
    assert_eq!(made["startsAt"], "2025-12-31T12:00:00.123+00:00");
    assert_eq!(look(&shop, &admin, text(&made["id"]), shown).await, made, "what is answered is what is stored");
    let soon = time(shop.now() + Duration::milliseconds(1));
    let free = json!({ "price": money("0"), "quantity": 1, "paymentWindowSeconds": 1, "endsAt": soon });
    done(&shop, &admin, "createCampaign", CAMPAIGN, form(&shop, &product, &free)).await;
    shop.stop().await;
}

#[tokio::test]
async fn a_campaign_that_cannot_be_is_refused_and_not_made() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let product = shop.create_product(&admin).await;
    let nothing = domain::testing::id::<domain::id::ProductId>(7).to_string();
    let (now, hour) = (shop.now(), Duration::hours(1));
    let schedule =
        |starts_at: Instant, ends_at: Instant| json!({ "startsAt": time(starts_at), "endsAt": time(ends_at) });
    let draft =
        done(&shop, &admin, "createCampaign", CAMPAIGN, form(&shop, &product, &json!({}))).await["campaign"].take();
    for (code, field, changes) in [
        ("PRODUCT_NOT_FOUND", "productId", json!({ "productId": nothing })),
        ("INVALID_TITLE", "title", json!({ "title": "" })),
        ("INVALID_TITLE", "title", json!({ "title": " \t" })),
        ("INVALID_TITLE", "title", json!({ "title": "t".repeat(121) })),
        ("INVALID_PRICE", "price", json!({ "price": money("0.001") })),
        ("INVALID_PRICE", "price", json!({ "price": money("-1") })),
        ("INVALID_PRICE", "price", json!({ "price": money("1000000000.01") })),
        ("WRONG_CURRENCY", "price", json!({ "price": { "amount": "1", "currencyCode": "EUR" } })),
        ("INVALID_QUANTITY", "quantity", json!({ "quantity": 0 })),
        ("INVALID_QUANTITY", "quantity", json!({ "quantity": -1 })),
        ("INVALID_QUANTITY", "quantity", json!({ "quantity": 10_000_001 })),
        ("INVALID_QUANTITY", "quantity", json!({ "quantity": i32::MAX })),
        ("INVALID_LIMIT", "perUserLimit", json!({ "perUserLimit": 0 })),
        ("INVALID_LIMIT", "perUserLimit", json!({ "perUserLimit": i32::MIN })),
        ("INVALID_LIMIT", "perUserLimit", json!({ "perUserLimit": 1_001 })),
        ("INVALID_PAYMENT_WINDOW", "paymentWindowSeconds", json!({ "paymentWindowSeconds": 0 })),
        ("INVALID_PAYMENT_WINDOW", "paymentWindowSeconds", json!({ "paymentWindowSeconds": -5 })),
        ("INVALID_PAYMENT_WINDOW", "paymentWindowSeconds", json!({ "paymentWindowSeconds": 2_592_001 })),
        ("INVALID_SCHEDULE", "endsAt", schedule(now + hour, now + hour)),
        ("INVALID_SCHEDULE", "endsAt", schedule(now + hour * 2, now + hour)),
        ("INVALID_SCHEDULE", "endsAt", schedule(now - hour * 2, now - hour)),
        ("INVALID_SCHEDULE", "endsAt", schedule(now - hour, now)),
        ("INVALID_SCHEDULE", "endsAt", schedule(now, now + Duration::days(366) + Duration::milliseconds(1))),
        (
            "INVALID_SCHEDULE",
            "startsAt",
            json!({ "startsAt": "0000-01-01T00:00:00Z", "endsAt": "9999-12-31T23:59:59Z" }),
        ),
        ("INVALID_SCHEDULE", "endsAt", json!({ "startsAt": time(now), "endsAt": "+10000-01-01T00:00:00Z" })),
        // A leap second is the second after it.
        (
            "INVALID_SCHEDULE",
            "endsAt",
            json!({ "startsAt": "2026-12-31T23:59:60.999Z", "endsAt": "2027-01-01T00:00:00Z" }),
        ),
    ] {
        let field = format!("input.{field}");
        let payload = change(&shop, &admin, "createCampaign", CAMPAIGN, form(&shop, &product, &changes)).await;
        assert_refused(&payload, &[(code, &field)]);
        let mut update = changes;
        update["campaignId"] = draft["id"].clone();
        assert_refused(&change(&shop, &admin, "updateCampaign", CAMPAIGN, update).await, &[(code, &field)]);
    }
    let all = json!({
        "productId": nothing, "title": "", "price": money("-1"), "quantity": 0, "perUserLimit": 0,
        "paymentWindowSeconds": 0, "endsAt": time(now),
    });
    let expected = [
        ("PRODUCT_NOT_FOUND", "input.productId"),
        ("INVALID_TITLE", "input.title"),
        ("INVALID_PRICE", "input.price"),
        ("INVALID_QUANTITY", "input.quantity"),
        ("INVALID_LIMIT", "input.perUserLimit"),
        ("INVALID_PAYMENT_WINDOW", "input.paymentWindowSeconds"),
        ("INVALID_SCHEDULE", "input.endsAt"),
    ];
    assert_refused(&change(&shop, &admin, "createCampaign", CAMPAIGN, form(&shop, &product, &all)).await, &expected);
    for changes in [
        json!({ "productId": draft["id"] }),
        json!({ "quantity": 2_147_483_648_i64 }),
        json!({ "quantity": 1.5 }),
        json!({ "startsAt": "tomorrow" }),
        json!({ "endsAt": "2026-03-01T12:00:00" }),
        json!({ "price": "9.90" }),
        json!({ "state": "LIVE" }),
    ] {
        let code = failure(&shop, Some(&admin), "createCampaign", form(&shop, &product, &changes)).await;
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()), "{changes}: {code}");
    }
    let all = shop
        .data(
            Some(&admin),
            &format!(
                "{{ campaigns {{ nodes {{ {} }} }} }}",
                CAMPAIGN.split_once('{').unwrap().1.rsplit_once('}').unwrap().0
            ),
            json!({}),
        )
        .await;
    assert_eq!(all["campaigns"]["nodes"], json!([draft]), "the one that could be, as it was");
    shop.stop().await;
}

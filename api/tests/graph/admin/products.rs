//! Products: making, changing and deleting them.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{
    asking::{assert_refused, change, done, failure, text, texts},
    look, step,
};
use crate::support::{TestShop, sale::money};

const PRODUCT: &str = "product { id name description listPrice { amount currencyCode } imageUrl }";

async fn find(shop: &TestShop, admin: &str, product: &str) -> Value {
    let query = format!("query($id: ID!) {{ {} }}", PRODUCT.replacen("product", "product(id: $id)", 1));
    shop.data(Some(admin), &query, json!({ "id": product })).await["product"].take()
}

async fn names(shop: &TestShop, admin: &str) -> Vec<String> {
    let range = shop.data(Some(admin), "{ products { nodes { name } } }", json!({})).await;
    texts(&range["products"]["nodes"], "name").into_iter().map(str::to_owned).collect()
}

fn with(form: &Value, changes: &Value) -> Value {
    let mut form = form.clone();
    form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    form
}

#[tokio::test]
async fn a_product_is_made_and_changed_in_what_is_given() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let bare = json!({ "name": " Lamp ", "listPrice": { "amount": 0, "currencyCode": "CNY" } });
    let lamp = done(&shop, &admin, "createProduct", PRODUCT, bare).await["product"].take();
    let zero = json!({ "amount": "0.00", "currencyCode": "CNY" });
    let id = text(&lamp["id"]).to_owned();
    assert_eq!(lamp, json!({ "id": id, "name": "Lamp", "description": "", "listPrice": zero, "imageUrl": null }));
    let full = json!({
        "name": "Phone", "description": "A phone\nwith keys", "listPrice": money("1000000000"),
        "imageUrl": "/phone.png",
    });
    let phone = done(&shop, &admin, "createProduct", PRODUCT, full).await["product"].take();
    assert_eq!((&phone["imageUrl"], &phone["listPrice"]["amount"]), (&json!("/phone.png"), &json!("1000000000.00")));
    assert_eq!(names(&shop, &admin).await, ["Phone", "Lamp"], "the newest first");

    let mut expected = lamp;
    for changes in [
        json!({}),
        json!({ "name": "Floor lamp" }),
        json!({ "description": "Bright" }),
        json!({ "listPrice": { "amount": "19.90", "currencyCode": "CNY" } }),
        json!({ "imageUrl": "https://example.invalid/lamp.png" }),
        json!({ "name": "Ceiling lamp", "description": "" }),
        json!({ "imageUrl": null }),
    ] {
        expected = with(&expected, &changes);
        let payload = done(&shop, &admin, "updateProduct", PRODUCT, with(&json!({ "productId": id }), &changes)).await;
        assert_eq!(payload["product"], expected, "{changes}");
        assert_eq!(find(&shop, &admin, &id).await, expected, "{changes}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_product_that_cannot_be_is_refused_and_nothing_changes() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let form = json!({ "name": "Lamp", "description": "A lamp", "listPrice": money("20"), "imageUrl": null });
    let lamp = done(&shop, &admin, "createProduct", PRODUCT, form.clone()).await["product"].take();
    let url = |url: &str| json!({ "imageUrl": url });
    for (code, field, changes) in [
        ("INVALID_NAME", "name", json!({ "name": "" })),
        ("INVALID_NAME", "name", json!({ "name": " \n\t" })),
        ("INVALID_NAME", "name", json!({ "name": "灯".repeat(121) })),
        ("INVALID_DESCRIPTION", "description", json!({ "description": "d".repeat(5_001) })),
        ("INVALID_PRICE", "listPrice", json!({ "listPrice": money("9.999") })),
        ("INVALID_PRICE", "listPrice", json!({ "listPrice": money("-0.01") })),
        ("INVALID_PRICE", "listPrice", json!({ "listPrice": money("1000000000.01") })),
        ("INVALID_PRICE", "listPrice", json!({ "listPrice": money("79228162514264337593543950335") })),
        ("WRONG_CURRENCY", "listPrice", json!({ "listPrice": { "amount": "1", "currencyCode": "USD" } })),
        ("INVALID_IMAGE_URL", "imageUrl", url("")),
        ("INVALID_IMAGE_URL", "imageUrl", url("lamp.png")),
        ("INVALID_IMAGE_URL", "imageUrl", url("ftp://example.invalid/lamp.png")),
        ("INVALID_IMAGE_URL", "imageUrl", url("javascript:alert(1)")),
        ("INVALID_IMAGE_URL", "imageUrl", url("data:image/png;base64,AAAA")),
        ("INVALID_IMAGE_URL", "imageUrl", url("https://example.invalid/a lamp.png")),
        ("INVALID_IMAGE_URL", "imageUrl", url(&format!("/{}", "x".repeat(2_000)))),
    ] {
        let field = format!("input.{field}");
        let created = change(&shop, &admin, "createProduct", PRODUCT, with(&form, &changes)).await;
        assert_refused(&created, &[(code, &field)]);
        let update = with(&json!({ "productId": lamp["id"] }), &changes);
        assert_refused(&change(&shop, &admin, "updateProduct", PRODUCT, update).await, &[(code, &field)]);
    }
    let all = json!({
        "name": "", "description": "d".repeat(5_001), "listPrice": money("0.001"), "imageUrl": "?",
    });
    let expected = [
        ("INVALID_NAME", "input.name"),
        ("INVALID_DESCRIPTION", "input.description"),
        ("INVALID_PRICE", "input.listPrice"),
        ("INVALID_IMAGE_URL", "input.imageUrl"),
    ];
    assert_refused(&change(&shop, &admin, "createProduct", PRODUCT, all).await, &expected);
    for amount in [json!("a lot"), json!(""), json!(null), json!("1e400"), json!(true)] {
        let price = json!({ "listPrice": { "amount": amount, "currencyCode": "CNY" } });
        let code = failure(&shop, Some(&admin), "createProduct", with(&form, &price)).await;
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()), "{amount}: {code}");
    }
    assert_eq!(find(&shop, &admin, text(&lamp["id"])).await, lamp);
    assert_eq!(names(&shop, &admin).await, ["Lamp"]);
    shop.stop().await;
}

#[tokio::test]
async fn a_product_is_deleted_once_no_campaign_sells_it_any_more() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let admin = shop.admin_token().await;
    let product = shop.create_product(&admin).await;
    let campaign = async |minutes: i64| {
        let input = json!({
            "productId": product, "title": "Sale", "price": money("1"), "quantity": 1,
            "startsAt": shop.now(), "endsAt": shop.now() + Duration::minutes(minutes),
        });
        let payload = done(&shop, &admin, "createCampaign", "campaign { id }", input).await;
        text(&payload["campaign"]["id"]).to_owned()
    };
    let delete =
        async || change(&shop, &admin, "deleteProduct", "deletedProductId", json!({ "productId": product })).await;
    let (draft, sale) = (campaign(1).await, campaign(60).await);
    assert_refused(&delete().await, &[("IN_USE", "")]);
    shop.advance(Duration::minutes(1));
    let refused = delete().await;
    assert_refused(&refused, &[("IN_USE", "")]);
    assert!(text(&refused["userErrors"][0]["message"]).contains(&sale), "it is told which: {refused:#}");
    step(&shop, &admin, "publishCampaign", &sale).await;
    assert_refused(&delete().await, &[("IN_USE", "")]);
    step(&shop, &admin, "endCampaign", &sale).await;
    assert_eq!(delete().await, json!({ "deletedProductId": product, "userErrors": [] }));

    assert_eq!(names(&shop, &admin).await, Vec::<String>::new());
    assert_eq!(find(&shop, &admin, &product).await["name"], "Phone", "administrators still find it");
    assert_eq!(
        look(&shop, &admin, &sale, "product { name }").await["product"]["name"],
        "Phone",
        "the old sale shows it"
    );

    let not_found = [("PRODUCT_NOT_FOUND", "input.productId")];
    assert_refused(&delete().await, &not_found);
    let update = json!({ "productId": product, "name": "Again" });
    assert_refused(&change(&shop, &admin, "updateProduct", PRODUCT, update).await, &not_found);
    let new = json!({
        "productId": product, "title": "Sale", "price": money("1"), "quantity": 1,
        "startsAt": shop.now(), "endsAt": shop.now() + Duration::minutes(1),
    });
    assert_refused(&change(&shop, &admin, "createCampaign", "campaign { id }", new).await, &not_found);
    // A draft whose time had passed did not keep it; given new time, it has nothing to sell.
    let late = json!({ "campaignId": draft, "endsAt": shop.now() + Duration::hours(1) });
    done(&shop, &admin, "updateCampaign", "campaign { id }", late).await;
    let publish = change(&shop, &admin, "publishCampaign", "campaign { id }", json!({ "campaignId": draft })).await;
    assert_refused(&publish, &not_found);
    let nothing = domain::testing::id::<domain::id::ProductId>(7).to_string();
    let delete = change(&shop, &admin, "deleteProduct", "deletedProductId", json!({ "productId": nothing })).await;
    assert_refused(&delete, &not_found);
    let query = "query($id: ID!) { product(id: $id) { id } }";
    assert_eq!(shop.data(Some(&admin), query, json!({ "id": nothing })).await["product"], Value::Null);
    shop.stop().await;
}

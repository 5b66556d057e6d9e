//! Administrators who work on the same thing at the same moment: nobody's change gets lost unseen.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    asking::{assert_refused, change, done, mutation, refusals, text},
    look,
};
use crate::support::{CampaignSpec, TestShop, sale::money};

/// How often two are set on each other: once proves little.
const ROUNDS: usize = 8;

#[tokio::test]
async fn two_who_change_different_fields_of_a_product_are_both_heard() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let product = shop.create_product(&admin).await;
    for round in 0..ROUNDS {
        let update = async |field: &str, value: Value| {
            let input = json!({ "productId": product, field: value });
            done(&shop, &admin, "updateProduct", "product { id }", input).await;
        };
        let (name, description, image) = (format!("name {round}"), format!("text {round}"), format!("/{round}.png"));
        tokio::join!(
            update("name", json!(name)),
            update("description", json!(description)),
            update("imageUrl", json!(image)),
            update("listPrice", money(&format!("{round}.50"))),
        );
        let query = "query($id: ID!) { product(id: $id) { name description imageUrl listPrice { amount } } }";
        let stored = shop.data(Some(&admin), query, json!({ "id": product })).await;
        let price = json!({ "amount": format!("{round}.50") });
        let all = json!({ "name": name, "description": description, "imageUrl": image, "listPrice": price });
        assert_eq!(stored["product"], all, "each of them was told that it was done");
    }
    shop.stop().await;
}

#[tokio::test]
async fn two_who_change_different_fields_of_a_list_are_both_heard() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let made = done(&shop, &admin, "createAccessList", "accessList { id }", json!({ "name": "list" })).await;
    let list = text(&made["accessList"]["id"]);
    let user = shop.register_customer().await.id;
    for round in 0..ROUNDS {
        let update = async |field: &str, value: Value| {
            let input = json!({ "accessListId": list, field: value });
            done(&shop, &admin, "updateAccessList", "accessList { id }", input).await;
        };
        let (name, description) = (format!("list-{round}"), format!("text {round}"));
        let members = if round % 2 == 0 { "addUserIds" } else { "removeUserIds" };
        tokio::join!(
            update("name", json!(name)),
            update("description", json!(description)),
            update(members, json!([user])),
        );
        let query = "query($id: ID!) { accessList(id: $id) { name description size } }";
        let stored = shop.data(Some(&admin), query, json!({ "id": list })).await;
        let all = json!({ "name": name, "description": description, "size": (round + 1) % 2 });
        assert_eq!(stored["accessList"], all, "each of them was told that it was done");
    }
    shop.stop().await;
}

#[tokio::test]
async fn of_those_who_make_a_list_of_one_name_one_does() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let attempts =
        (0..ROUNDS).map(|_| change(&shop, &admin, "createAccessList", "accessList { id }", json!({ "name": "a" })));
    let answers = join_all(attempts).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|payload| refusals(payload).is_empty());
    assert_eq!(made.len(), 1);
    for payload in refused {
        assert_refused(payload, &[("NAME_TAKEN", "input.name")]);
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_product_is_not_deleted_while_somebody_makes_a_campaign_of_it() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    for _ in 0..ROUNDS {
        let product = shop.create_product(&admin).await;
        let new = json!({
            "productId": product, "title": "Sale", "price": money("1"), "quantity": 1,
            "startsAt": shop.now(), "endsAt": shop.now() + Duration::hours(1),
        });
        let (made, deleted) = tokio::join!(
            change(&shop, &admin, "createCampaign", "campaign { id }", new),
            change(&shop, &admin, "deleteProduct", "deletedProductId", json!({ "productId": product })),
        );
        if refusals(&made).is_empty() {
            assert_refused(&deleted, &[("IN_USE", "")]);
        } else {
            assert_refused(&made, &[("PRODUCT_NOT_FOUND", "input.productId")]);
            assert_eq!(refusals(&deleted), []);
        }
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_list_is_not_deleted_while_somebody_makes_a_rule_of_it() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    for round in 0..ROUNDS {
        let name = format!("list-{round}");
        let list = done(&shop, &admin, "createAccessList", "accessList { id }", json!({ "name": name })).await;
        let list = json!({ "accessListId": list["accessList"]["id"] });
        let rule = json!({ "name": name, "expression": format!("inList('{name}')"), "message": "m" });
        let rules = json!({ "input": { "campaignId": campaign, "rules": [rule] } });
        let set = mutation("setAccessRules", "campaign { id }");
        let (set, deleted) = tokio::join!(
            shop.graphql(Some(&admin), &set, rules),
            change(&shop, &admin, "deleteAccessList", "deletedAccessListId", list),
        );
        let rules = look(&shop, &admin, &campaign, "accessRules { name }").await;
        let is_set = rules["accessRules"] == json!([{ "name": name }]);
        assert_eq!(is_set, set["data"]["setAccessRules"]["campaign"]["id"].is_string(), "{set:#}");
        if is_set {
            assert_refused(&deleted, &[("IN_USE", "")]);
        } else {
            assert_eq!(refusals(&deleted), []);
        }
    }
    shop.stop().await;
}

#[tokio::test]
async fn who_deletes_a_campaign_that_others_change_is_not_told_that_it_has_orders() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    for _ in 0..ROUNDS {
        let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
        let rivals = (0..4).map(|number| {
            let input = json!({ "campaignId": campaign, "title": format!("title {number}") });
            change(&shop, &admin, "updateCampaign", "campaign { id }", input)
        });
        let delete = change(&shop, &admin, "deleteCampaign", "deletedCampaignId", json!({ "campaignId": campaign }));
        let (updated, deleted) = tokio::join!(join_all(rivals), delete);
        for payload in updated.iter().filter(|payload| !refusals(payload).is_empty()) {
            let code = text(&payload["userErrors"][0]["code"]);
            assert!(["CHANGED_MEANWHILE", "CAMPAIGN_NOT_FOUND"].contains(&code), "{payload:#}");
        }
        if !refusals(&deleted).is_empty() {
            assert_refused(&deleted, &[("CHANGED_MEANWHILE", "")]);
        }
        assert_eq!(look(&shop, &admin, &campaign, "id").await.is_null(), refusals(&deleted).is_empty());
    }
    shop.stop().await;
}

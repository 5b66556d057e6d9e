//! Who may run a sale: administrators, and nobody else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::asking::{fault, mutation, text};
use crate::support::{CampaignSpec, TestShop, sale::money};

/// Every mutation for administrators, with an input that would be taken.
fn mutations(shop: &TestShop, product: &str, campaign: &str, user: &str, list: &str) -> Vec<(&'static str, Value)> {
    let of_campaign = json!({ "campaignId": campaign });
    let rules = json!([{ "name": "a", "expression": "true", "message": "a" }]);
    let order = domain::testing::id::<domain::id::OrderId>(7).to_string();
    let new_campaign = json!({
        "productId": product, "title": "t", "price": money("1"), "quantity": 1,
        "startsAt": shop.now(), "endsAt": shop.now() + chrono::Duration::hours(1),
    });
    vec![
        ("createProduct", json!({ "name": "n", "listPrice": money("1") })),
        ("updateProduct", json!({ "productId": product, "name": "n" })),
        ("deleteProduct", json!({ "productId": product })),
        ("createCampaign", new_campaign),
        ("updateCampaign", json!({ "campaignId": campaign, "title": "t" })),
        ("publishCampaign", of_campaign.clone()),
        ("pauseCampaign", of_campaign.clone()),
        ("resumeCampaign", of_campaign.clone()),
        ("endCampaign", of_campaign.clone()),
        ("deleteCampaign", of_campaign),
        ("adjustStock", json!({ "campaignId": campaign, "delta": 1, "reason": "r" })),
        ("setAccessRules", json!({ "campaignId": campaign, "rules": rules })),
        ("testAccessRules", json!({ "userId": user, "rules": rules })),
        ("createAccessList", json!({ "name": "n" })),
        ("updateAccessList", json!({ "accessListId": list, "name": "n" })),
        ("deleteAccessList", json!({ "accessListId": list })),
        ("setUserAttributes", json!({ "userId": user, "attributes": [{ "name": "a", "value": 1 }] })),
        ("refundOrder", json!({ "orderId": order })),
        ("topUpBalance", json!({ "userId": user, "amount": money("1") })),
    ]
}

/// Every query for administrators, and every field of what others may see that is for administrators.
fn queries(product: &str, campaign: &str, list: &str) -> Vec<(&'static str, String)> {
    let of_campaign = |shown: &str| format!("{{ campaign(id: \"{campaign}\") {{ {shown} }} }}");
    vec![
        ("product", format!("{{ product(id: \"{product}\") {{ id }} }}")),
        ("products", "{ products { nodes { id } } }".to_owned()),
        ("users", "{ users { nodes { id } } }".to_owned()),
        ("orders", "{ orders { nodes { id } } }".to_owned()),
        ("auditLog", "{ auditLog { nodes { id } } }".to_owned()),
        ("accessList", format!("{{ accessList(id: \"{list}\") {{ id }} }}")),
        ("accessLists", "{ accessLists { nodes { id } } }".to_owned()),
        ("report", of_campaign("report { grabs }")),
        ("stockMovements", of_campaign("stockMovements { nodes { id } }")),
        ("accessRules", of_campaign("accessRules { name }")),
    ]
}

#[tokio::test]
async fn what_is_for_administrators_is_refused_to_everybody_else_and_changes_nothing() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let buyer = shop.register_customer().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    shop.publish(&admin, &campaign).await;
    let product = shop.create_product(&admin).await;
    let list =
        crate::admin::asking::done(&shop, &admin, "createAccessList", "accessList { id }", json!({ "name": "a" }))
            .await;
    let list = text(&list["accessList"]["id"]).to_owned();
    let log = "{ auditLog { totalCount nodes { action } } }";
    let before = shop.data(Some(&admin), log, json!({})).await;

    let mut asked = BTreeSet::new();
    let mut operations = queries(&product, &campaign, &list)
        .into_iter()
        .map(|(name, query)| (name, query, json!({})))
        .collect::<Vec<_>>();
    for (name, input) in mutations(&shop, &product, &campaign, &buyer.id, &list) {
        operations.push((name, mutation(name, ""), json!({ "input": input })));
    }
    for (name, query, variables) in operations {
        for (token, expected) in
            [(None, "UNAUTHENTICATED"), (Some("forged"), "UNAUTHENTICATED"), (Some(buyer.token.as_str()), "FORBIDDEN")]
        {
            let answer = shop.graphql(token, &query, variables.clone()).await;
            assert_eq!(fault(&answer), expected, "{name}: {answer:#}");
            let data = answer["data"].as_object().into_iter().flatten();
            assert!(data.into_iter().all(|(_, value)| value.is_null()), "{name}: {answer:#}");
        }
        asked.insert(name.to_owned());
    }
    let own = shop.graphql(Some(&buyer.token), "{ me { attributes { name } } }", json!({})).await;
    assert_eq!(fault(&own), "FORBIDDEN");
    assert_eq!(shop.data(Some(&admin), log, json!({})).await, before);

    // What the graph itself says is for administrators is what was asked.
    let schema = "{ __schema { types { name fields { name description } } } }";
    let schema = shop.data(None, schema, json!({})).await;
    let mut said = BTreeSet::new();
    for kind in schema["__schema"]["types"].as_array().unwrap() {
        let reached = ["Query", "Mutation", "Campaign"].contains(&text(&kind["name"]));
        for field in kind["fields"].as_array().into_iter().flatten().filter(|_| reached) {
            let words = field["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
            if words.join(" ").contains("For administrators.") {
                said.insert(text(&field["name"]).to_owned());
            }
        }
    }
    assert_eq!(asked, said);
    shop.stop().await;
}

#[tokio::test]
async fn an_id_of_another_kind_is_bad_user_input_wherever_it_stands() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let uuid = "0188bac7-4afa-78aa-bc3b-bd1eef28d881";
    for id in ["", "nonsense", "session_01h2xcejqtf2nbrexx3vqjhp41", "01h2xcejqtf2nbrexx3vqjhp41", uuid] {
        for (name, input) in mutations(&shop, id, id, id, id) {
            let asks_for_one =
                input.as_object().unwrap().keys().any(|field| field.ends_with("Id") && name != "refundOrder");
            if asks_for_one {
                let answer = shop.graphql(Some(&admin), &mutation(name, ""), json!({ "input": input })).await;
                assert_eq!(fault(&answer), "BAD_USER_INPUT", "{name} {id:?}: {answer:#}");
                let argument = text(&answer["errors"][0]["extensions"]["argument"]);
                assert!(argument.starts_with("input.") && argument.ends_with("Id"), "{answer:#}");
            }
        }
        for (name, query) in queries(id, id, id) {
            if query.contains("(id:") {
                let answer = shop.graphql(Some(&admin), &query, json!({})).await;
                assert_eq!(fault(&answer), "BAD_USER_INPUT", "{name} {id:?}: {answer:#}");
            }
        }
        for argument in ["campaignId", "userId"] {
            let query = format!("{{ orders({argument}: \"{id}\") {{ nodes {{ id }} }} }}");
            assert_eq!(fault(&shop.graphql(Some(&admin), &query, json!({})).await), "BAD_USER_INPUT", "{query}");
        }
    }
    shop.stop().await;
}

//! The audit log: who did what, and when.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::asking::{assert_refused, change, done, refusals, text};
use crate::support::{TestShop, builder::ADMIN_PHONE, sale::money};

/// Does things as an administrator, and remembers what should be in the log.
struct Desk<'a> {
    shop: &'a TestShop,
    admin: String,
    done: Vec<(String, String)>,
}

impl Desk<'_> {
    /// Runs a mutation that makes or changes what `shown` selects, and takes the id of that.
    async fn run(&mut self, name: &str, shown: &str, input: Value) -> String {
        let selection = if shown.starts_with("deleted") { shown.to_owned() } else { format!("{shown} {{ id }}") };
        let payload = done(self.shop, &self.admin, name, &selection, input).await;
        let subject = if shown.starts_with("deleted") { &payload[shown] } else { &payload[shown]["id"] };
        let subject = text(subject).to_owned();
        self.done.push((name.to_owned(), subject.clone()));
        subject
    }
}

#[tokio::test]
async fn everything_an_administrator_does_is_in_the_log_with_who_did_it() {
    let shop = TestShop::builder().clock_at(instant("2026-03-01T12:00:00Z")).start().await;
    let buyer = shop.register_customer().await;
    let mut desk = Desk { shop: &shop, admin: shop.admin_token().await, done: Vec::new() };
    let product = desk.run("createProduct", "product", json!({ "name": "Lamp", "listPrice": money("1") })).await;
    desk.run("updateProduct", "product", json!({ "productId": product, "name": "Floor lamp" })).await;
    let new = json!({
        "productId": product, "title": "Sale", "price": money("1"), "quantity": 3,
        "startsAt": shop.now(), "endsAt": shop.now() + Duration::hours(1),
    });
    let draft = desk.run("createCampaign", "campaign", new.clone()).await;
    desk.run("deleteCampaign", "deletedCampaignId", json!({ "campaignId": draft })).await;
    let campaign = desk.run("createCampaign", "campaign", new).await;
    let of_campaign = json!({ "campaignId": campaign });
    desk.run("updateCampaign", "campaign", json!({ "campaignId": campaign, "title": "Last sale" })).await;
    let list = desk.run("createAccessList", "accessList", json!({ "name": "staff", "userIds": [buyer.id] })).await;
    desk.run("updateAccessList", "accessList", json!({ "accessListId": list, "removeUserIds": [buyer.id] })).await;
    let rules = json!([{ "name": "grown up", "expression": "user.age >= 18", "message": "m" }]);
    desk.run("setAccessRules", "campaign", json!({ "campaignId": campaign, "rules": rules })).await;
    let attributes = json!([{ "name": "illness", "value": "a secret" }]);
    desk.run("setUserAttributes", "user", json!({ "userId": buyer.id, "attributes": attributes })).await;
    for name in ["publishCampaign", "pauseCampaign", "resumeCampaign"] {
        desk.run(name, "campaign", of_campaign.clone()).await;
    }
    desk.run("adjustStock", "campaign", json!({ "campaignId": campaign, "delta": -1, "reason": "broken" })).await;
    desk.run("topUpBalance", "user", json!({ "userId": buyer.id, "amount": money("5") })).await;
    let order = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    assert_eq!(refusals(&shop.pay(&buyer.token, &order, "key-1").await), []);
    desk.run("refundOrder", "order", json!({ "orderId": order })).await;
    desk.run("endCampaign", "campaign", of_campaign.clone()).await;
    desk.run("deleteProduct", "deletedProductId", json!({ "productId": product })).await;
    desk.run("deleteAccessList", "deletedAccessListId", json!({ "accessListId": list })).await;

    // What is refused, what only looks, and what buyers do is not in it.
    let again = change(&shop, &desk.admin, "endCampaign", "campaign { id }", of_campaign).await;
    assert_refused(&again, &[("NOT_ALLOWED_IN_STATE", "")]);
    let trial = json!({ "userId": buyer.id, "rules": rules });
    done(&shop, &desk.admin, "testAccessRules", "results { rule }", trial).await;

    let query = "{ auditLog(first: 100) { totalCount nodes { id at action subject detail actor { phone roles } } } }";
    let mut log = shop.data(Some(&desk.admin), query, json!({})).await["auditLog"].take();
    let entries = log["nodes"].as_array_mut().unwrap();
    entries.reverse();
    let noted: Vec<(String, String)> =
        entries.iter().map(|entry| (text(&entry["action"]).to_owned(), text(&entry["subject"]).to_owned())).collect();
    assert_eq!(noted, desk.done);
    for entry in &*entries {
        assert!(text(&entry["id"]).starts_with("audit_"), "{entry}");
        assert_eq!(entry["at"], "2026-03-01T12:00:00+00:00");
        assert_eq!(entry["actor"], json!({ "phone": ADMIN_PHONE, "roles": ["CUSTOMER", "ADMIN"] }), "{entry}");
        let detail = text(&entry["detail"]);
        assert!(!detail.contains("a secret") && !detail.contains(&buyer.phone), "no personal data: {entry}");
    }
    let detail = |action: &str| {
        let entry = entries.iter().find(|entry| entry["action"] == action);
        text(&entry.unwrap()["detail"]).to_owned()
    };
    assert!(detail("adjustStock").contains("-1") && detail("adjustStock").contains("broken"));
    assert!(detail("setUserAttributes").contains("illness"));
    assert!(detail("setAccessRules").contains("grown up"));
    shop.stop().await;
}

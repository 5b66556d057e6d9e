//! Eligibility: who may ask, and how soon a change is seen.

use serde_json::{Value, json};

use super::{create_list, reasons, rule, set_attributes, set_rules};
use crate::{
    admin::asking::{done, fault, refusals},
    support::{CampaignSpec, TestShop},
};

#[tokio::test]
async fn eligibility_is_for_signed_in_users_and_the_rules_are_for_administrators() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let rules = [rule("never", "false"), rule("always", "true || user.age > 3")];
    set_rules(&shop, &admin, &campaign, &rules).await;
    assert_eq!(reasons(&shop, &admin, &campaign).await, ["never"], "of a draft too, for who can see it");
    shop.publish(&admin, &campaign).await;
    let buyer = shop.register_customer().await;
    let ask = async |token: Option<&str>, field: &str| {
        let query = format!("query($id: ID!) {{ campaign(id: $id) {{ title {field} }} }}");
        shop.graphql(token, &query, json!({ "id": campaign })).await
    };

    for (token, field, expected) in [
        (None, "eligibility { eligible }", "UNAUTHENTICATED"),
        (Some("forged"), "eligibility { eligible }", "UNAUTHENTICATED"),
        (None, "accessRules { name }", "UNAUTHENTICATED"),
        (Some(buyer.token.as_str()), "accessRules { name }", "FORBIDDEN"),
    ] {
        let answer = ask(token, field).await;
        assert_eq!(fault(&answer), expected, "{field}: {answer:#}");
        assert_eq!(answer["data"]["campaign"], Value::Null, "{answer:#}");
    }
    let answer = ask(Some(&admin), "accessRules { name expression message }").await;
    assert_eq!(answer["data"]["campaign"]["accessRules"], json!(rules), "in the order in which they were set");
    assert_eq!(reasons(&shop, &buyer.token, &campaign).await, ["never"]);
    done(&shop, &admin, "endCampaign", "campaign { id }", json!({ "campaignId": campaign })).await;
    assert_eq!(reasons(&shop, &buyer.token, &campaign).await, ["never"], "also after the end");
    shop.stop().await;
}

#[tokio::test]
async fn a_change_of_rules_lists_or_attributes_is_seen_by_the_next_grab() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.live_campaign(100, 100).await;
    let buyer = shop.register_customer().await;
    let may_grab = async || {
        let eligible = reasons(&shop, &buyer.token, &campaign).await.is_empty();
        let grab = shop.try_grab(&buyer.token, &campaign, 1, None).await;
        assert_eq!(refusals(&grab).is_empty(), eligible, "{grab:#}");
        eligible
    };
    assert!(may_grab().await);
    set_rules(&shop, &admin, &campaign, &[rule("never", "false")]).await;
    assert!(!may_grab().await);
    set_rules(&shop, &admin, &campaign, &[]).await;
    assert!(may_grab().await);

    let list = create_list(&shop, &admin, "members", &[]).await;
    set_rules(&shop, &admin, &campaign, &[rule("members", "inList('members') || user.attributes.vip")]).await;
    assert!(!may_grab().await);
    for (change, expected) in [("addUserIds", true), ("removeUserIds", false)] {
        let input = json!({ "accessListId": list, change: [buyer.id] });
        done(&shop, &admin, "updateAccessList", "accessList { size }", input).await;
        assert_eq!(may_grab().await, expected, "{change}");
    }
    for vip in [true, false] {
        set_attributes(&shop, &admin, &buyer.id, json!([{ "name": "vip", "value": vip }])).await;
        assert_eq!(may_grab().await, vip);
    }
    shop.stop().await;
}

//! Trying rules out: what an administrator learns, and that nothing changes.

use serde_json::{Value, json};

use super::{create_list, rule, set_attributes};
use crate::{
    admin::asking::{assert_refused, change, done, failure, text},
    support::{CampaignSpec, TestShop},
};

const RESULTS: &str = "results { rule passed error }";

#[tokio::test]
async fn a_trial_tells_how_each_rule_does_and_why_one_could_not_be_asked() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let buyer = shop.register_customer().await;
    set_attributes(&shop, &admin, &buyer.id, json!([{ "name": "tier", "value": "gold" }])).await;
    create_list(&shop, &admin, "staff", &[&buyer.id]).await;
    let rules = [
        rule("passes", "user.age >= 18 && inList('staff')"),
        rule("does not", "user.workStatus == 'STUDENT'"),
        rule("absent", "user.attributes.absent == 'x'"),
        rule("mistyped", "user.attributes.tier > 3"),
        rule("divides", "1 / (size(user.roles) - 1) == 1"),
        rule("campaign", "campaign.price < 10"),
        rule("campaign or not", "user.age > 3 || campaign.quantity == 10"),
    ];
    let log = "{ auditLog { totalCount nodes { action } } }";
    let before = shop.data(Some(&admin), log, json!({})).await;
    let trial = async |campaign: Option<&str>| {
        let input = json!({ "rules": rules, "userId": buyer.id, "campaignId": campaign });
        done(&shop, &admin, "testAccessRules", RESULTS, input).await["results"].take()
    };

    let with = trial(Some(&campaign)).await;
    let verdicts = |results: &Value| {
        let results = results.as_array().unwrap().iter();
        results
            .map(|result| (text(&result["rule"]).to_owned(), result["passed"] == true, !result["error"].is_null()))
            .collect::<Vec<_>>()
    };
    let expected = [
        ("passes", true, false),
        ("does not", false, false),
        ("absent", false, true),
        ("mistyped", false, true),
        ("divides", false, true),
        ("campaign", true, false),
        ("campaign or not", true, false),
    ];
    assert_eq!(verdicts(&with), expected.map(|(name, passed, error)| (name.to_owned(), passed, error)), "{with:#}");
    for (rule, why) in [(2, "absent"), (3, "string"), (4, "division by zero")] {
        assert!(text(&with[rule]["error"]).contains(why), "{with:#}");
    }

    let without = trial(None).await;
    let mut expected = verdicts(&with);
    for verdict in &mut expected[5..] {
        (verdict.1, verdict.2) = (false, true);
    }
    assert_eq!(verdicts(&without), expected, "{without:#}");
    assert!(text(&without[5]["error"]).contains("campaignId"), "{without:#}");

    assert_eq!(shop.data(Some(&admin), log, json!({})).await, before, "a trial is no change");
    let query = "query($id: ID!) { campaign(id: $id) { accessRules { name } eligibility { eligible } } }";
    let data = shop.data(Some(&admin), query, json!({ "id": campaign })).await;
    assert_eq!(data["campaign"], json!({ "accessRules": [], "eligibility": { "eligible": true } }));
    shop.stop().await;
}

#[tokio::test]
async fn a_trial_asks_about_a_user_and_a_campaign_that_exist() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    let user = shop.register_customer().await.id;
    let (no_user, no_campaign): (domain::id::UserId, domain::id::CampaignId) =
        (domain::testing::id(7), domain::testing::id(7));
    let test = async |user: &str, campaign: Option<&str>, count: usize| {
        let rules: Vec<Value> = (0..count).map(|number| rule(&number.to_string(), "true")).collect();
        let input = json!({ "rules": rules, "userId": user, "campaignId": campaign });
        change(&shop, &admin, "testAccessRules", RESULTS, input).await
    };
    for (payload, expected) in [
        (test(&no_user.to_string(), None, 1).await, ("USER_NOT_FOUND", "input.userId")),
        (test(&user, Some(&no_campaign.to_string()), 1).await, ("CAMPAIGN_NOT_FOUND", "input.campaignId")),
        (test(&user, Some(&campaign), 21).await, ("TOO_MANY_RULES", "input.rules")),
    ] {
        assert_refused(&payload, &[expected]);
    }
    assert_eq!(test(&user, Some(&campaign), 20).await["results"].as_array().unwrap().len(), 20);
    for (user, campaign) in [(campaign.as_str(), None), (user.as_str(), Some(user.as_str())), ("", None)] {
        let input = json!({ "rules": [], "userId": user, "campaignId": campaign });
        assert_eq!(failure(&shop, Some(&admin), "testAccessRules", input).await, "BAD_USER_INPUT");
    }
    shop.stop().await;
}

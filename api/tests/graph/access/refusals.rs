//! Rules that are refused when they are set: each with its code and its place, and none of them saved.

use std::time::Duration;

use serde_json::{Value, json};

use super::{rule, set_rules, try_rules};
use crate::{
    admin::asking::{assert_refused, change, failure, text},
    support::{CampaignSpec, TestShop},
};

async fn draft(shop: &TestShop) -> (String, String) {
    let admin = shop.admin_token().await;
    let campaign = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    (admin, campaign)
}

async fn rules_of(shop: &TestShop, admin: &str, campaign: &str) -> Value {
    let query = "query($id: ID!) { campaign(id: $id) { accessRules { name expression message } } }";
    shop.data(Some(admin), query, json!({ "id": campaign })).await["campaign"]["accessRules"].take()
}

#[tokio::test]
async fn a_mistake_in_an_expression_is_refused_with_its_place() {
    let shop = TestShop::start().await;
    let (admin, campaign) = draft(&shop).await;
    let good = rule("good", "user.age >= 18");
    set_rules(&shop, &admin, &campaign, std::slice::from_ref(&good)).await;
    for (expression, line, column, expected) in [
        ("user.agee > 3", 1, 6, "user has no field `agee`"),
        ("true &&\n  usr.age > 3", 2, 3, "no variable `usr`"),
        ("user.age", 1, 1, "a rule is true or false, but this is int"),
        ("user.age == '3'", 1, 10, "`==` does not go between int and string"),
        ("user.workStatus == 'STUDNET'", 1, 20, "EMPLOYED, SELF_EMPLOYED"),
        ("'ADMN' in user.roles", 1, 1, "CUSTOMER, ADMIN"),
        ("isVip(user)", 1, 1, "no function `isVip`"),
        ("now < '2026-01-01'", 1, 5, "timestamp("),
        ("campaign.title.matches('a+')", 1, 16, "contains"),
        ("user.age > 3)", 1, 13, "expected the end"),
        ("user.age = 3", 1, 10, "use `==`"),
        ("inList(campaign.title)", 1, 8, "in quotes"),
        ("has(user)", 1, 1, "`has` takes one field"),
        ("null == null", 1, 1, "null"),
        ("", 1, 1, "found the end of the rule"),
    ] {
        let payload = try_rules(&shop, &admin, &campaign, &[good.clone(), rule("bad", expression)]).await;
        assert_refused(&payload, &[("INVALID_EXPRESSION", "input.rules.1.expression")]);
        let message = text(&payload["userErrors"][0]["message"]);
        let place = format!("line {line}, column {column}: ");
        assert!(message.starts_with(&place) && message.contains(expected), "{expression}: {message}");
    }
    assert_eq!(rules_of(&shop, &admin, &campaign).await, json!([good]));
    shop.stop().await;
}

#[tokio::test]
async fn all_that_is_wrong_with_rules_is_told_at_once_and_nothing_is_saved() {
    let shop = TestShop::start().await;
    let (admin, campaign) = draft(&shop).await;
    let named = |name: &str, message: &str| json!({ "name": name, "expression": "true", "message": message });
    let rules = [
        named(" ", "m"),
        named(&"n".repeat(65), "m"),
        named("twice", "m"),
        named(" twice ", "m"),
        named("no message", " "),
        named("long message", &"m".repeat(281)),
        rule("bad", "1"),
        rule("listed", "inList('nobody') || inList('no one')"),
        json!({ "name": "", "expression": "", "message": "" }),
    ];
    let expected = [
        ("INVALID_NAME", "input.rules.0.name"),
        ("INVALID_NAME", "input.rules.1.name"),
        ("DUPLICATE_NAME", "input.rules.3.name"),
        ("INVALID_MESSAGE", "input.rules.4.message"),
        ("INVALID_MESSAGE", "input.rules.5.message"),
        ("INVALID_EXPRESSION", "input.rules.6.expression"),
        ("UNKNOWN_LIST", "input.rules.7.expression"),
        ("UNKNOWN_LIST", "input.rules.7.expression"),
        ("INVALID_NAME", "input.rules.8.name"),
        ("INVALID_MESSAGE", "input.rules.8.message"),
        ("INVALID_EXPRESSION", "input.rules.8.expression"),
    ];
    assert_refused(&try_rules(&shop, &admin, &campaign, &rules).await, &expected);
    // A trial refuses the same.
    let user = shop.register_customer().await.id;
    let input = json!({ "rules": rules, "userId": user });
    assert_refused(&change(&shop, &admin, "testAccessRules", "results { rule }", input).await, &expected);
    assert_eq!(rules_of(&shop, &admin, &campaign).await, json!([]));

    let many = |count: usize| (0..count).map(|number| rule(&format!("rule {number}"), "true")).collect::<Vec<_>>();
    assert_refused(&try_rules(&shop, &admin, &campaign, &many(21)).await, &[("TOO_MANY_RULES", "input.rules")]);
    let longest = json!({ "name": "n".repeat(64), "expression": "true", "message": "语".repeat(280) });
    let mut most = many(19);
    most.push(longest);
    set_rules(&shop, &admin, &campaign, &most).await;
    assert_eq!(rules_of(&shop, &admin, &campaign).await, json!(most));
    shop.stop().await;
}

#[tokio::test]
async fn rules_are_of_a_campaign_that_exists() {
    let shop = TestShop::start().await;
    let (admin, campaign) = draft(&shop).await;
    done_deleting(&shop, &admin, &campaign).await;
    let payload = try_rules(&shop, &admin, &campaign, &[]).await;
    assert_refused(&payload, &[("CAMPAIGN_NOT_FOUND", "input.campaignId")]);
    for id in ["", "nonsense", &campaign.replace("campaign_", "order_"), &campaign["campaign_".len()..]] {
        let input = json!({ "campaignId": id, "rules": [] });
        assert_eq!(failure(&shop, Some(&admin), "setAccessRules", input).await, "BAD_USER_INPUT", "{id}");
    }
    shop.stop().await;
}

async fn done_deleting(shop: &TestShop, admin: &str, campaign: &str) {
    let input = json!({ "campaignId": campaign });
    crate::admin::asking::done(shop, admin, "deleteCampaign", "deletedCampaignId", input).await;
}

#[tokio::test]
async fn a_hostile_expression_is_refused_quickly() {
    /// Far more than any of them may take in a debug build, far less than one that is not bounded would.
    const QUICKLY: Duration = Duration::from_secs(3);
    let shop = TestShop::start().await;
    let (admin, campaign) = draft(&shop).await;
    let loops = |over: &str, depth: usize| {
        (0..depth).fold("true".to_owned(), |inner, level| format!("{over}.all(x{level}, {inner})"))
    };
    let nested = |open: &str, close: &str, depth: usize| format!("{}true{}", open.repeat(depth), close.repeat(depth));
    for (what, expression) in [
        ("brackets", nested("(", ")", 100_000)),
        ("open brackets", "(".repeat(900_000)),
        ("negations", nested("!", "", 100_000)),
        ("branches", format!("{}true", "true ? true : ".repeat(60))),
        ("lists", nested("[", "]", 400)),
        ("maps", nested("{'a': ", "}", 100)),
        ("a chain", format!("0{} == 0", "+1".repeat(400))),
        ("selections", format!("user{}", ".a".repeat(450))),
        ("calls", format!("{}1{} == 1", "size(".repeat(150), ")".repeat(150))),
        ("loops in loops", loops("[1, 2, 3]", 9)),
        ("loops over what users have", loops("user.attributes", 3)),
        ("doubling", format!("['aaaaaaaa']{} == []", ".map(x, x + x)".repeat(30))),
        ("a text without an end", format!("'{}", "a".repeat(500_000))),
        ("escapes", format!("'{}' == ''", "\\u0041".repeat(1_000))),
        ("digits", format!("{} > 0", "9".repeat(900))),
        ("many words", "true || ".repeat(120) + "true || 1"),
        ("controls", "\u{0}\u{1b}[2J\u{202e}true".to_owned()),
        ("nine hundred thousand letters", "é".repeat(450_000)),
    ] {
        let rules = [rule("hostile", &expression)];
        let refused = tokio::time::timeout(QUICKLY, try_rules(&shop, &admin, &campaign, &rules));
        let payload = refused.await.unwrap_or_else(|_| panic!("{what}: still thinking"));
        assert_refused(&payload, &[("INVALID_EXPRESSION", "input.rules.0.expression")]);
        let message = text(&payload["userErrors"][0]["message"]);
        assert!(message.len() < 1_000, "{what}: the answer does not repeat what was sent");
    }
    assert_eq!(rules_of(&shop, &admin, &campaign).await, json!([]));
    shop.stop().await;
}

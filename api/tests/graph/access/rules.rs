//! What rules say of users, asked through `eligibility` and through `grab`.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{create_list, reasons, rule, set_attributes, set_rules};
use crate::{
    admin::asking::refusals,
    support::{
        CampaignSpec, TestShop,
        builder::{ADMIN_PASSWORD, ADMIN_PHONE},
    },
};

/// Who takes part in the tests: their short name and access token.
type People = Vec<(&'static str, String)>;

/// `old`: of 35, employed, registered 31 days ago, and `boss`, the administrator, of 36. `kid`: of 13, a student.
/// `vip`: of 65, retired, with attributes. `foe`: of 25, without work, on the list `untrustworthy`. The last three
/// registered today.
async fn people(shop: &TestShop) -> People {
    let born = |date: &str, status: &str| json!({ "birthDate": date, "workStatus": status });
    let old = shop.register_customer().await;
    shop.advance(Duration::days(31));
    let old = shop.sign_in(&old.phone, &old.password).await;
    let boss = shop.sign_in(ADMIN_PHONE, ADMIN_PASSWORD).await;
    let kid = shop.register_customer_with(born("2012-12-31", "STUDENT")).await;
    let vip = shop.register_customer_with(born("1961-01-01", "RETIRED")).await;
    let foe = shop.register_customer_with(born("2000-06-15", "UNEMPLOYED")).await;
    let attributes = json!([
        { "name": "vip", "value": true }, { "name": "tier", "value": "gold" }, { "name": "score", "value": 7 },
    ]);
    set_attributes(shop, &boss, &vip.id, attributes).await;
    create_list(shop, &boss, "untrustworthy", &[&foe.id]).await;
    vec![("old", old), ("kid", kid.token), ("vip", vip.token), ("foe", foe.token), ("boss", boss)]
}

const RULES: [(&str, &[&str]); 27] = [
    ("true", &["old", "kid", "vip", "foe", "boss"]),
    ("false", &[]),
    ("user.age >= 18", &["old", "vip", "foe", "boss"]),
    ("user.age == 13 || user.age == 25", &["kid", "foe"]),
    ("user.workStatus != \"UNEMPLOYED\"", &["old", "kid", "vip", "boss"]),
    ("user.workStatus in ['STUDENT', 'RETIRED']", &["kid", "vip"]),
    ("user.age >= 18 && user.workStatus != 'UNEMPLOYED'", &["old", "vip", "boss"]),
    ("'ADMIN' in user.roles", &["boss"]),
    ("user.roles == ['CUSTOMER']", &["old", "kid", "vip", "foe"]),
    ("user.roles.exists(role, role.startsWith('AD'))", &["boss"]),
    ("now - user.registeredAt >= duration('720h')", &["old", "boss"]),
    ("user.registeredAt > timestamp('2026-03-01T00:00:00Z')", &["kid", "vip", "foe"]),
    ("user.registeredAt + duration('1h') <= campaign.startsAt", &["old", "boss"]),
    ("has(user.attributes.vip) && user.attributes.vip", &["vip"]),
    ("has(user.attributes.score) ? user.attributes.score > 5 : user.age < 18", &["kid", "vip"]),
    ("user.attributes.exists(name, name.endsWith('ip'))", &["vip"]),
    // Who has no such attribute is an error, which counts as not passed; unless the other side decides.
    ("user.attributes.tier == 'gold'", &["vip"]),
    ("user.attributes.tier == 'gold' || user.age < 18", &["kid", "vip"]),
    ("user.attributes.tier.contains('ol') && size(user.attributes.tier) == 4", &["vip"]),
    ("!inList(\"untrustworthy\")", &["old", "kid", "vip", "boss"]),
    ("inList('untrustworthy') || user.workStatus == 'STUDENT'", &["kid", "foe"]),
    ("user.workStatus == 'STUDENT' ? user.age < 26 : user.age >= 30", &["old", "kid", "vip", "boss"]),
    ("campaign.price < 10.0 && campaign.currency == 'CNY'", &["old", "kid", "vip", "foe", "boss"]),
    ("campaign.price >= 10", &[]),
    ("campaign.title.startsWith('Spring') && campaign.quantity > user.age * 100", &["kid"]),
    ("campaign.startsAt <= now && (campaign.endsAt - now).getMinutes() == 60", &["old", "kid", "vip", "foe", "boss"]),
    ("now.getHours('Asia/Shanghai') == 20 && now.getDayOfWeek() != 0", &["old", "kid", "vip", "foe", "boss"]),
];

#[tokio::test]
async fn rules_let_those_grab_whom_they_describe_and_tell_the_others_why_not() {
    let shop = TestShop::builder().clock_at(instant("2026-02-01T12:00:00Z")).start().await;
    let people = people(&shop).await;
    let admin = people.last().unwrap().1.clone();
    let spec = CampaignSpec {
        title: "Spring sale".to_owned(),
        quantity: 1_400,
        per_user_limit: 1_000,
        ..CampaignSpec::default()
    };
    let campaign = shop.published(&spec).await;
    for (expression, expected) in RULES {
        set_rules(&shop, &admin, &campaign, &[rule("not for you", expression)]).await;
        let mut passed = Vec::new();
        for (name, token) in &people {
            let reasons = reasons(&shop, token, &campaign).await;
            let grab = shop.try_grab(token, &campaign, 1, None).await;
            if reasons.is_empty() {
                passed.push(*name);
                assert_eq!((refusals(&grab), &grab["order"]["status"]), (Vec::new(), &json!("QUEUED")), "{grab:#}");
            } else {
                assert_eq!(reasons, ["not for you"], "{expression}: {name}");
                let refusal = json!([{ "code": "NOT_ELIGIBLE", "message": "not for you", "field": null }]);
                assert_eq!((&grab["userErrors"], &grab["order"]), (&refusal, &Value::Null), "{expression}: {name}");
            }
        }
        assert_eq!(passed, expected, "{expression}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn every_rule_has_to_pass_and_the_reasons_are_those_of_the_others_in_their_order() {
    let shop = TestShop::start().await;
    let admin = shop.admin_token().await;
    let campaign = shop.live_campaign(10, 10).await;
    let buyer = shop.register_customer().await;
    let rules = [
        rule("Grown-ups alone.", "user.age >= 18"),
        rule("Students alone.", "user.workStatus == 'STUDENT'"),
        rule("Members alone.", "user.attributes.member"),
        rule("Cheap things alone.", "campaign.price < 5"),
    ];
    set_rules(&shop, &admin, &campaign, &rules).await;
    let expected = ["Students alone.", "Members alone.", "Cheap things alone."];
    assert_eq!(reasons(&shop, &buyer.token, &campaign).await, expected);
    let grab = shop.try_grab(&buyer.token, &campaign, 1, None).await;
    assert_eq!(grab["userErrors"][0]["message"], expected.join(" "));
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"]), (&json!(0), &json!(10)), "who may not grab takes nothing");
    shop.stop().await;
}

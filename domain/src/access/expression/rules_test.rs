//! Rules as administrators write them, each with facts that pass and facts that do not.

use std::collections::BTreeSet;

use super::samples::{compile, facts, holds, time, with};
use super::{AttributeValue, Facts};

/// The rule holds for the sample facts, and no longer once they are changed.
fn passes_until(source: &str, change: impl FnOnce(&mut Facts)) {
    assert!(holds(source, &facts()), "{source} holds");
    assert!(!holds(source, &with(change)), "{source} no longer holds");
}

fn set(facts: &mut Facts, name: &str, value: AttributeValue) {
    facts.user.attributes.insert(name.to_owned(), value);
}

#[test]
fn rules_about_the_user() {
    passes_until("user.age >= 18", |f| f.user.age = 17);
    passes_until("18 <= user.age && user.age < 65", |f| f.user.age = 65);
    passes_until("user.age >= 18.5", |f| f.user.age = 18);
    passes_until("user.workStatus != \"UNEMPLOYED\"", |f| {
        f.user.work_status = "UNEMPLOYED".to_owned();
    });
    passes_until("user.age >= 18 && user.workStatus != 'UNEMPLOYED'", |f| {
        f.user.age = 3;
    });
    passes_until("user.workStatus in ['EMPLOYED', 'SELF_EMPLOYED',]", |f| {
        f.user.work_status = "STUDENT".to_owned();
    });
    passes_until("'CUSTOMER' in user.roles", |f| f.user.roles.clear());
    passes_until("!(\"ADMIN\" in user.roles)", |f| {
        f.user.roles.push("ADMIN".to_owned());
    });
    passes_until("user.roles == [\"CUSTOMER\"]", |f| f.user.roles.clear());
    passes_until("user.workStatus == 'STUDENT' ? user.age < 26 : user.age < 40", |f| {
        f.user.work_status = "STUDENT".to_owned();
    });
    passes_until("{'EMPLOYED': 18, 'STUDENT': 31}[user.workStatus] <= user.age", |f| {
        f.user.work_status = "STUDENT".to_owned();
    });
    passes_until("has(user.age) && user.age % 7 == 2", |f| f.user.age = 7);
}

#[test]
fn rules_about_lists() {
    passes_until("inList('staff')", |f| f.lists.clear());
    passes_until("!inList(\"untrustworthy\")", |f| {
        f.lists = BTreeSet::from(["untrustworthy".to_owned()]);
    });
    passes_until("inList('staff') || user.age > 40", |f| f.lists.clear());
    passes_until("user.age < 18 || inList('staff') || inList('press')", |f| {
        f.lists.clear();
    });
}

#[test]
fn the_lists_of_a_rule_are_known_once_each() {
    let rule = compile("inList('b') && !inList(\"a\") || inList('b')");
    assert_eq!(rule.list_names(), ["b", "a"]);
    assert!(compile("true").list_names().is_empty());
    assert_eq!(rule.source(), "inList('b') && !inList(\"a\") || inList('b')");
}

#[test]
fn a_rule_that_only_mentions_the_campaign_does_not_read_it() {
    assert!(compile("user.age > campaign.quantity").reads_campaign());
    assert!(!compile("user.attributes.tier != 'campaign.id'").reads_campaign());
}

#[test]
fn rules_about_attributes() {
    passes_until("user.attributes.tier == 'gold'", |f| {
        set(f, "tier", AttributeValue::Text("silver".to_owned()));
    });
    passes_until("user.attributes['vip']", |f| {
        set(f, "vip", AttributeValue::Flag(false));
    });
    passes_until("has(user.attributes.vip) && user.attributes.vip", |f| {
        f.user.attributes.clear();
    });
    passes_until("'score' in user.attributes && user.attributes.score >= 5", |f| {
        set(f, "score", AttributeValue::Number(4.9));
    });
    passes_until("user.attributes.score + 1.0 == 8.0", |f| {
        set(f, "score", AttributeValue::Number(8.0));
    });
    passes_until("int(user.attributes.score) + 1 == 8", |f| {
        set(f, "score", AttributeValue::Number(6.0));
    });
    passes_until("user.attributes.score in [6, 7, 8]", |f| {
        set(f, "score", AttributeValue::Number(6.5));
    });
    passes_until("user.attributes.tier.startsWith('go')", |f| {
        set(f, "tier", AttributeValue::Text("argo".to_owned()));
    });
    passes_until("size(user.attributes) == 3", |f| f.user.attributes.clear());
    passes_until("user.attributes.exists(name, name.endsWith('ip'))", |f| {
        f.user.attributes.remove("vip");
    });
}

#[test]
fn rules_about_time() {
    passes_until("now - user.registeredAt > duration('24h')", |f| {
        f.user.registered_at = time("2026-03-01T00:00:00Z");
    });
    passes_until("user.registeredAt < timestamp(\"2026-01-01T00:00:00Z\")", |f| {
        f.user.registered_at = time("2026-01-02T00:00:00Z");
    });
    passes_until("user.registeredAt + duration('720h') <= campaign.startsAt", |f| {
        f.user.registered_at = time("2026-02-15T00:00:00Z");
    });
    passes_until("now.getHours() >= 9 && now.getHours() < 17", |f| {
        f.now = time("2026-03-01T17:00:00Z");
    });
    passes_until("now.getHours('Asia/Tokyo') == 21", |f| {
        f.now = time("2026-03-01T13:00:00Z");
    });
    passes_until("now.getDayOfWeek() in [0, 6]", |f| {
        f.now = time("2026-03-02T12:30:00Z");
    });
    passes_until("(campaign.endsAt - now).getMinutes() <= 90", |f| {
        f.now = time("2026-03-01T12:29:00Z");
    });
}

#[test]
fn rules_about_the_campaign() {
    passes_until("campaign.price < 10", |f| f.campaign.price = 10.0);
    passes_until("campaign.price * 2.0 == 19.0", |f| f.campaign.price = 9.0);
    passes_until("campaign.title.contains('sale') && campaign.id != ''", |f| {
        f.campaign.title = "Gift".to_owned();
    });
    passes_until("campaign.currency + '!' == \"\\u0045UR!\"", |f| {
        f.campaign.currency = "USD".to_owned();
    });
    passes_until("campaign.quantity / campaign.perUserLimit >= 50", |f| {
        f.campaign.per_user_limit = 3;
    });
    passes_until("campaign.startsAt <= now && now < campaign.endsAt", |f| {
        f.now = f.campaign.ends_at;
    });
    passes_until("size(campaign.title) == 11 && string(user.age) == '30'", |f| {
        f.campaign.title = "Été".to_owned();
    });
}

#[test]
fn rules_that_go_through_lists() {
    passes_until("user.roles.exists(r, r == 'CUSTOMER')", |f| f.user.roles.clear());
    passes_until("user.roles.all(r, r != 'ADMIN')", |f| {
        f.user.roles.push("ADMIN".to_owned());
    });
    passes_until("user.roles.exists_one(r, r.startsWith('C'))", |f| {
        f.user.roles.clear();
    });
    passes_until("size(user.roles.filter(r, r == 'ADMIN')) == 0", |f| {
        f.user.roles.push("ADMIN".to_owned());
    });
    passes_until("30 in [10, 20].map(x, x + user.age - 20)", |f| f.user.age = 31);
    passes_until("[1, 2, 3].map(x, x > 1, x * 10) == [20, user.age]", |f| f.user.age = 3);
    passes_until("[1, 2].exists(x, [3, 4].exists(y, x * y * 4 == user.age + 2))", |f| {
        f.user.age = 1;
    });
    passes_until("([1] + [user.age])[1] > 20 // the second", |f| f.user.age = 20);
}

#[test]
fn an_undecided_side_does_not_matter_where_the_other_decides() {
    assert!(holds("user.attributes.absent == 'x' || true", &facts()));
    assert!(!holds("user.attributes.absent == 'x' && false", &facts()));
    assert!(holds("has(user.attributes.absent) ? false : true", &facts()));
}

#[test]
fn the_list_of_a_name_cannot_be_confused_with_a_field() {
    let on = with(|f| f.lists = BTreeSet::from(["user.age".to_owned(), "a.b c".to_owned()]));
    assert!(holds("inList('user.age') && inList('a.b c') && !inList('a')", &on));
}

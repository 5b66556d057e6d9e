//! Rules of eligibility, from their text to their verdict.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::expression::{AttributeValue, CampaignFacts, Facts, RuleExpression, UserFacts};

use crate::{harness::Run, input::changed_text};

const RULES: &[&str] = &[
    "user.age >= 18 && user.workStatus != \"UNEMPLOYED\"",
    "!inList(\"untrustworthy\") || \"ADMIN\" in user.roles",
    "user.attributes.tier == \"gold\" ? campaign.price < 10.5 : user.attributes[\"score\"] > 7.0",
    "now - user.registeredAt > duration(\"720h\") && now < campaign.startsAt + duration(\"1h30m\")",
    "user.roles.exists(r, r.startsWith(\"C\")) && size(user.roles) <= 3 && has(user.attributes.vip)",
    "campaign.title.matches(\"^[A-Z].*sale$\") && [1, 2, 3].all(x, x > 0) && {\"a\": 1}[\"a\"] == 1",
];

const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "&&",
    "||",
    "!",
    "-",
    "?",
    ":",
    "==",
    "!=",
    "<",
    ">=",
    " in ",
    ".",
    ",",
    "+",
    "*",
    "/",
    "%",
    "user",
    "campaign",
    "now",
    ".age",
    ".roles",
    ".attributes",
    "inList(\"a\")",
    "\"",
    "'",
    "\\",
    "r\"",
    "b\"",
    "\"\"\"",
    "duration(\"1h\")",
    "timestamp(\"2026-01-01T00:00:00Z\")",
    "size(",
    ".exists(x, ",
    ".all(x, ",
    ".matches(\"(a+)+$\")",
    "true",
    "null",
    "9223372036854775807",
    "1u",
    "0x",
    "1e308",
    "has(",
    "é",
    "\n",
    "//",
];

fn facts() -> Facts {
    let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    Facts {
        user: UserFacts {
            age: 30,
            work_status: "EMPLOYED".to_owned(),
            roles: vec!["CUSTOMER".to_owned()],
            registered_at: time("2025-03-01T12:00:00Z"),
            attributes: BTreeMap::from([
                ("tier".to_owned(), AttributeValue::Text("gold".to_owned())),
                ("score".to_owned(), AttributeValue::Number(7.0)),
                ("vip".to_owned(), AttributeValue::Flag(true)),
            ]),
        },
        campaign: CampaignFacts {
            id: "campaign_1".to_owned(),
            title: "Spring sale".to_owned(),
            price: 9.5,
            currency: "EUR".to_owned(),
            quantity: 100,
            per_user_limit: 2,
            starts_at: time("2026-03-01T12:00:00Z"),
            ends_at: time("2026-03-01T14:00:00Z"),
        },
        now: time("2026-03-01T12:30:00Z"),
        lists: BTreeSet::from(["staff".to_owned()]),
    }
}

#[test]
fn rules() {
    let mut run = Run::of("rules");
    let facts = facts();
    let mut compiled = 0_u64;
    while run.goes_on() {
        let text = changed_text(&mut run.random, RULES, WORDS);
        let rule = run.try_one(text.as_bytes(), || {
            let rule = RuleExpression::compile(&text)?;
            let _ = rule.evaluate(&facts);
            Ok::<_, domain::access::expression::ExpressionError>(())
        });
        compiled += u64::from(rule.is_ok());
    }
    println!("fuzz rules: {compiled} of them are rules");
    assert!(compiled > 0, "what is changed a little is often still a rule");
    run.done();
}

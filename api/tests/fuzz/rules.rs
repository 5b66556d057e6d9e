//! Rules of eligibility, from their text to their verdict.

use domain::{access::expression::RuleExpression, testing::facts};

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

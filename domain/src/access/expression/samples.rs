//! Facts for the tests of this module.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{AttributeValue, CampaignFacts, Facts, RuleExpression, UserFacts};

pub(super) fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// An employed customer of 30 on a sale that starts a year after they registered.
pub(super) fn facts() -> Facts {
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

pub(super) fn with(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = facts();
    change(&mut facts);
    facts
}

pub(super) fn compile(source: &str) -> RuleExpression {
    match RuleExpression::compile(source) {
        Ok(rule) => rule,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// What the rule says about these facts.
pub(super) fn holds(source: &str, facts: &Facts) -> bool {
    match compile(source).evaluate(facts) {
        Ok(holds) => holds,
        Err(error) => panic!("{source}: {error}"),
    }
}

/// Why the rule could not be decided for these facts.
pub(super) fn fails(source: &str, facts: &Facts) -> String {
    match compile(source).evaluate(facts) {
        Ok(holds) => panic!("{source}: {holds}"),
        Err(error) => error.message,
    }
}

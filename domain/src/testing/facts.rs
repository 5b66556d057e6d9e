//! What a rule is told about somebody who wants to buy.

use std::collections::{BTreeMap, BTreeSet};

use super::instant;
use crate::access::expression::{AttributeValue, CampaignFacts, Facts, UserFacts};

/// An employed customer of 30 on a sale that starts a year after they registered.
#[must_use]
pub fn facts() -> Facts {
    Facts {
        user: UserFacts {
            age: 30,
            work_status: "EMPLOYED".to_owned(),
            roles: vec!["CUSTOMER".to_owned()],
            registered_at: instant("2025-03-01T12:00:00Z"),
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
            starts_at: instant("2026-03-01T12:00:00Z"),
            ends_at: instant("2026-03-01T14:00:00Z"),
        },
        now: instant("2026-03-01T12:30:00Z"),
        lists: BTreeSet::from(["staff".to_owned()]),
    }
}

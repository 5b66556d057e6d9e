//! What a rule can see: plain data that the caller collects. Nothing here reads a clock or a store.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a rule can see.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The user that wants a unit: `user`.
    pub user: UserFacts,
    /// The campaign that the unit is of: `campaign`.
    pub campaign: CampaignFacts,
    /// The time of the request: `now`.
    pub now: DateTime<Utc>,
    /// The names of the lists that the user is on: `inList("name")`.
    pub lists: BTreeSet<String>,
}

/// The fields of `user`.
#[derive(Clone, Debug, PartialEq)]
pub struct UserFacts {
    /// `user.age`, in whole years.
    pub age: i64,
    /// `user.workStatus`, as the graph spells it: `EMPLOYED` …
    pub work_status: String,
    /// `user.roles`, as the graph spells them: `CUSTOMER` …
    pub roles: Vec<String>,
    /// `user.registeredAt`
    pub registered_at: DateTime<Utc>,
    /// `user.attributes`
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// The value of an attribute of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// A `bool` in a rule.
    Flag(bool),
    /// A `double` in a rule.
    Number(f64),
    /// A `string` in a rule.
    Text(String),
}

/// The fields of `campaign`.
#[derive(Clone, Debug, PartialEq)]
pub struct CampaignFacts {
    /// `campaign.id`
    pub id: String,
    /// `campaign.title`
    pub title: String,
    /// `campaign.price`, in units of the currency.
    pub price: f64,
    /// `campaign.currency`, a code such as `EUR`.
    pub currency: String,
    /// `campaign.quantity`: all of its units, not those that remain.
    pub quantity: i64,
    /// `campaign.perUserLimit`
    pub per_user_limit: i64,
    /// `campaign.startsAt`
    pub starts_at: DateTime<Utc>,
    /// `campaign.endsAt`
    pub ends_at: DateTime<Utc>,
}

//! The sections about who may ask what, how much and how often. Their meaning is said where operators read it: in
//! `default.toml`.

use std::path::PathBuf;

use domain::{rate::Quota, user::ports::AttemptQuotas};
use schema::Limits;
use serde::{Deserialize, Serialize};

use super::{
    Humane, List,
    list::{Network, Written},
};

/// What an operation may ask, and in which forms.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Graphql {
    pub introspection: bool,
    pub suggestions: bool,
    pub get: GetRequests,
    pub max_tokens: usize,
    pub max_depth: usize,
    pub max_complexity: usize,
    pub max_fields: usize,
    pub max_aliases: usize,
    pub max_root_fields: usize,
    pub max_directives: usize,
    pub max_introspection: usize,
    pub max_batch: usize,
    pub time_limit: Humane,
    pub persisted_queries: bool,
    pub persisted_queries_bytes: u64,
    pub trusted_documents: Option<PathBuf>,
}

/// Which operations are taken from the address of a GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum GetRequests {
    /// Queries and subscriptions.
    Open,
    /// The same, with a header that a foreign page cannot send without asking.
    Preflighted,
    /// None.
    Off,
}

/// Sockets, and other answers that go on.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct WebSocket {
    pub init_timeout: Humane,
    pub keepalive: Humane,
    pub message_limit: usize,
    pub max_operations: usize,
    pub max_sockets: usize,
    pub max_sockets_per_user: usize,
    pub max_sockets_per_address: usize,
}

/// Which foreign pages may ask.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Cors {
    pub origins: List<String>,
    pub max_age: Humane,
}

/// How often.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is documented in default.toml")]
pub struct Rates {
    pub enabled: bool,
    pub exempt: List<Network>,
    pub operations_per_user: Written<Quota>,
    pub operations_per_address: Written<Quota>,
    pub grabs_per_user: Written<Quota>,
    pub sign_ins_per_address: Written<Quota>,
    pub registrations_per_address: Written<Quota>,
    pub refreshes_per_address: Written<Quota>,
    pub attempts_per_account: Written<Quota>,
    pub attempts_per_account_and_address: Written<Quota>,
}

impl Graphql {
    /// What one document may ask.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        Limits {
            tokens: self.max_tokens,
            depth: self.max_depth,
            complexity: self.max_complexity,
            fields: self.max_fields,
            aliases: self.max_aliases,
            root_fields: self.max_root_fields,
            directives: self.max_directives,
            introspection: self.max_introspection,
            introspects: self.introspection,
            suggests: self.suggestions,
        }
    }
}

impl Rates {
    /// How many passwords may be tried.
    #[must_use]
    pub const fn attempts(&self) -> AttemptQuotas {
        AttemptQuotas {
            of_account: self.attempts_per_account.0,
            of_account_and_address: self.attempts_per_account_and_address.0,
        }
    }
}

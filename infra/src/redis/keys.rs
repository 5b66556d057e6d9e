//! The names of the keys.
//!
//! All that is of one campaign has its id as the hash tag, so it is in one slot and on one node of a cluster:
//!
//! | key | type | what |
//! |---|---|---|
//! | `{prefix}:{<campaign>}:sale` | hash | the numbers, the terms, the epoch, and the server's life it was opened in |
//! | `…:holds` | hash | order → the hold, see [`super::text`] |
//! | `…:buyers` | hash | user → `units\|order,order,…` |
//! | `…:attempts` | hash | `user\|request key` → `order\|quantity`, and `\|handed` if the hold was handed out to be published |
//! | `…:outbox` | sorted set | `order\|user` of holds that were not noted as published, by the moment they were taken (ms) |
//! | `…:opening` | string | who opens it; the one key that ends by itself |
//! | `…:staged-holds`, `-buyers`, `-attempts` | hash | the next life while it is written |
//!
//! An entry of the outbox is longer than 64 bytes for a reason. Of shorter ones Redis makes a list as long as they are few
//! (`zset-max-listpack-value`), and looks through it for each that is added: with a hundred of them that was a quarter of what
//! a grab costs it.
//!
//! `{prefix}:campaigns` is a hash of the campaigns that have keys, each with the epoch it was last opened with, and
//! `{prefix}:changes` the channel of changes of orders.
//!
//! Attempts to sign in are counted in `{prefix}:{try:<account>}` and `…:<account and address>`, strings whose names are
//! digests and which end by themselves.

use domain::id::{CampaignId, TypedId};

/// The keys of one campaign.
pub(super) struct Keys {
    base: String,
}

impl Keys {
    pub(super) fn new(prefix: &str, campaign: CampaignId) -> Self {
        Self { base: format!("{prefix}:{{{}}}", campaign.uuid()) }
    }

    fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.base)
    }

    pub(super) fn sale(&self) -> String {
        self.key("sale")
    }

    pub(super) fn holds(&self) -> String {
        self.key("holds")
    }

    pub(super) fn buyers(&self) -> String {
        self.key("buyers")
    }

    pub(super) fn attempts(&self) -> String {
        self.key("attempts")
    }

    pub(super) fn outbox(&self) -> String {
        self.key("outbox")
    }

    pub(super) fn opening(&self) -> String {
        self.key("opening")
    }

    /// The keys of the life that is being lived.
    pub(super) fn life(&self) -> [String; 5] {
        [self.sale(), self.holds(), self.buyers(), self.attempts(), self.outbox()]
    }

    /// The keys of the next life while it is written: holds, buyers, attempts.
    pub(super) fn staged(&self) -> [String; 3] {
        ["staged-holds", "staged-buyers", "staged-attempts"].map(|name| self.key(name))
    }

    /// All keys: those of the life, the claim, what is staged.
    pub(super) fn all(&self) -> Vec<String> {
        let mut keys = Vec::from(self.life());
        keys.push(self.opening());
        keys.extend(self.staged());
        keys
    }
}

/// The keys of the attempts to sign in to one account.
pub(super) struct AttemptKeys {
    base: String,
}

impl AttemptKeys {
    pub(super) fn new(prefix: &str, account: &str) -> Self {
        Self { base: format!("{prefix}:{{try:{account}}}") }
    }

    /// That of the account and an address, and that of the account.
    pub(super) fn both(self, address: &str) -> [String; 2] {
        [format!("{}:{address}", self.base), self.base]
    }
}

/// The key of the campaigns that have keys.
pub(super) fn campaigns(prefix: &str) -> String {
    format!("{prefix}:campaigns")
}

/// The channel of changes.
pub(super) fn changes(prefix: &str) -> String {
    format!("{prefix}:changes")
}

/// A key and a channel to try things with.
pub(super) fn probe(prefix: &str) -> String {
    format!("{prefix}:probe")
}

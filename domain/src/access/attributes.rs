//! What administrators note of users for rules to use, such as `vip: true`.

use std::{collections::BTreeMap, sync::Arc};

use super::eligibility::Eligibility;
use crate::{
    admin::audit::Auditor,
    error::{Failure, Refusal},
    id::UserId,
    text,
    user::{Administrator, User, account::Attribute, ports::AccountStore, profile::Users},
};

/// Why attributes were not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under UserAttributesErrorCode")]
pub enum AttributesRefusal {
    UserNotFound,
    InvalidAttribute,
}

/// The most attributes that a user may have.
pub const MAX_ATTRIBUTES: usize = 64;

/// Keeps attributes.
pub struct Attributes {
    accounts: Arc<dyn AccountStore>,
    users: Arc<Users>,
    eligibility: Arc<Eligibility>,
    auditor: Auditor,
}

impl Attributes {
    /// Wires the service.
    pub fn new(
        accounts: Arc<dyn AccountStore>,
        users: Arc<Users>,
        eligibility: Arc<Eligibility>,
        auditor: Auditor,
    ) -> Self {
        Self { accounts, users, eligibility, auditor }
    }

    /// Replaces what is noted of a user.
    pub async fn set(
        &self,
        admin: Administrator,
        id: UserId,
        attributes: BTreeMap<String, Attribute>,
    ) -> Result<User, Failure<AttributesRefusal>> {
        if attributes.len() > MAX_ATTRIBUTES {
            let message = format!("a user has at most {MAX_ATTRIBUTES} attributes");
            return Err(Refusal::at(AttributesRefusal::InvalidAttribute, "attributes", message).into());
        }
        for (name, value) in &attributes {
            let value_fits = match value {
                Attribute::Text(value) => text::fits(value, 0, 256, false),
                Attribute::Number(number) => number.is_finite(),
                Attribute::Flag(_) => true,
            };
            let name_fits = (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !name.starts_with(|c: char| c.is_ascii_digit());
            if !name_fits || !value_fits {
                let message =
                    "an attribute has a name of 1 to 64 letters, digits or '_' and a value of at most 256 characters";
                return Err(Refusal::at(AttributesRefusal::InvalidAttribute, "attributes", message).into());
            }
        }
        let names = attributes.keys().cloned().collect::<Vec<_>>().join(", ");
        let audit = self.auditor.entry(admin, "setUserAttributes", id, format!("attributes: {names}"));
        let not_found = || Refusal::at(AttributesRefusal::UserNotFound, "userId", "there is no such user");
        if !self.accounts.set_attributes(id, &attributes, &audit).await? {
            return Err(not_found().into());
        }
        self.eligibility.forget_user(id).await;
        Ok(self.users.by_id(id).await?.ok_or_else(not_found)?)
    }
}

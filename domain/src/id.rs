//! Identifiers: a `UUIDv7` inside, the `TypeID` form (`order_01h…`) outside.
//!
//! Source of the form: the TypeID specification, version 0.3 (jetify-com/typeid).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use type_safe_id::{StaticType, TypeSafeId};
use uuid::Uuid;

use crate::clock::Instant;

/// A text that is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {article} {kind} id: expected the form {kind}_…")]
pub struct IdError {
    kind: &'static str,
    article: &'static str,
}

/// What all identifiers have in common.
pub trait TypedId: Copy + Eq + Ord + fmt::Display + FromStr<Err = IdError> + Send + Sync + 'static {
    /// The prefix of the text form, without the underscore.
    const KIND: &'static str;
    /// Wraps a stored UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID that the database stores.
    fn uuid(self) -> Uuid;
    /// Which of several lanes is this one's, always the same: one below `lanes`, which must be more than none. The last
    /// bytes of a `UUIDv7` are random, so many ids spread evenly.
    fn lane(self, lanes: usize) -> usize {
        let [.., last] = self.uuid().into_bytes();
        usize::from(last) % lanes
    }
}

/// Makes new identifiers. The one source of them, so that tests can replay a run.
pub trait IdSource: Send + Sync + 'static {
    /// A new `UUIDv7` whose time is `at`; ids made later by the same source sort after it.
    fn uuid(&self, at: Instant) -> Uuid;
}

impl dyn IdSource {
    /// A new identifier of kind `I`, time-sortable by `at`.
    pub fn next<I: TypedId>(&self, at: Instant) -> I {
        I::from_uuid(self.uuid(at))
    }
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $tag:ident, $prefix:literal, $article:literal) => {
        #[derive(Default)]
        struct $tag;
        impl StaticType for $tag {
            const TYPE: &'static str = $prefix;
        }

        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl TypedId for $name {
            const KIND: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                TypeSafeId::<$tag>::from_uuid(self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse::<TypeSafeId<$tag>>()
                    .map(|id| Self(id.uuid()))
                    .map_err(|_| IdError { kind: $prefix, article: $article })
            }
        }
    };
}

typed_id!(/// Identifies a user.
    UserId, UserTag, "user", "a");
typed_id!(/// Identifies a session: all refresh tokens that descend from one sign-in.
    SessionId, SessionTag, "session", "a");
typed_id!(/// Identifies a product.
    ProductId, ProductTag, "product", "a");
typed_id!(/// Identifies a campaign: one sale of one product.
    CampaignId, CampaignTag, "campaign", "a");
typed_id!(/// Identifies an order. Made when the units are held, before the database knows it.
    OrderId, OrderTag, "order", "an");
typed_id!(/// Identifies a named list of users that access rules refer to.
    AccessListId, AccessListTag, "list", "a");
typed_id!(/// Identifies an entry of the audit log.
    AuditEntryId, AuditTag, "audit", "an");
typed_id!(/// Identifies a movement of stock in a campaign's ledger.
    MovementId, MovementTag, "movement", "a");
typed_id!(/// Identifies an entry of the money journal: postings whose sum is zero.
    JournalEntryId, JournalTag, "entry", "an");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_other_kinds_are_refused() {
        let order = OrderId::from_uuid(Uuid::from_u128(0x0188_bac7_4afa_78aa_bc3b_bd1e_ef28_d881));
        assert_eq!(order.to_string(), "order_01h2xcejqtf2nbrexx3vqjhp41");
        assert_eq!(order.to_string().parse(), Ok(order));
        for wrong in [
            "",
            "order_",
            "user_01h2xcejqtf2nbrexx3vqjhp41",
            "01h2xcejqtf2nbrexx3vqjhp41",
            "order_81h2xcejqtf2nbrexx3vqjhp41",
        ] {
            assert_eq!(
                wrong.parse::<OrderId>().map_err(|e| e.to_string()),
                Err("not an order id: expected the form order_…".to_owned()),
                "{wrong}"
            );
        }
    }
}

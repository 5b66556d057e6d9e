//! What tests of every crate share: a clock that stands still until it is moved, ids in a row, and samples.
//! Behind the feature `testing`; never part of the product.

mod clock;
mod facts;
mod ids;

use chrono::Duration;
pub use clock::ManualClock;
pub use facts::facts;
pub use ids::SequentialIds;
use uuid::Uuid;

use crate::{
    clock::Instant,
    id::{CampaignId, OrderId, ProductId, TypedId, UserId},
    money::{Currency, Money},
    spike::{Campaign, Hold, Stage},
    user::Administrator,
};

/// Reads an instant in RFC 3339.
///
/// # Panics
/// If it is not one.
#[must_use]
pub fn instant(text: &str) -> Instant {
    #[expect(clippy::expect_used, reason = "a test's own literal")]
    text.parse().expect("an instant in RFC 3339")
}

/// An id of kind `I` with this number in it.
#[must_use]
pub fn id<I: TypedId>(number: u128) -> I {
    I::from_uuid(Uuid::from_u128(number))
}

/// The proof that a use case of an administrator asks for.
#[must_use]
pub const fn administrator(id: UserId) -> Administrator {
    Administrator::proven(id)
}

/// A published campaign of 10 units at 9.99, limit 1, with 15 minutes to pay.
#[must_use]
pub fn campaign(starts_at: Instant, ends_at: Instant) -> Campaign {
    Campaign {
        id: id::<CampaignId>(1),
        product_id: id::<ProductId>(1),
        title: "Sample".to_owned(),
        price: Money::new(999, Currency::Cny),
        quantity: 10,
        allocated: 0,
        per_user_limit: 1,
        starts_at,
        ends_at,
        payment_window_seconds: 900,
        stage: Stage::Published,
        version: 1,
        epoch: 0,
        created_at: starts_at - Duration::days(1),
    }
}

/// A hold of one unit at 9.99, limit 1, with 15 minutes to pay.
#[must_use]
pub fn hold(grabbed_at: Instant) -> Hold {
    Hold {
        order_id: id::<OrderId>(1),
        campaign_id: id::<CampaignId>(1),
        user_id: id::<UserId>(1),
        quantity: 1,
        unit_price: Money::new(999, Currency::Cny),
        per_user_limit: 1,
        payment_window_seconds: 900,
        request_key: None,
        grabbed_at,
        epoch: 1,
    }
}

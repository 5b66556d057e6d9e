//! Why a grab was refused.

use async_graphql::Enum;

/// Why a grab got nothing. A refused attempt leaves no trace: its idempotency key may be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::spike::grab::GrabRefusal")]
pub enum GrabErrorCode {
    /// There is no such campaign.
    CampaignNotFound,
    /// The sale has not started; the message says when it will.
    NotStarted,
    /// The sale is stopped for a while.
    Paused,
    /// The sale is over.
    Ended,
    /// Nothing is left at the moment. Units of orders that are not paid come back.
    SoldOut,
    /// Something is left, but not as many units.
    InsufficientStock,
    /// More units than one user may have, with those that they have already.
    LimitExceeded,
    /// The rules of the campaign do not let this user take part; the message says why.
    NotEligible,
    /// A quantity is at least 1.
    InvalidQuantity,
    /// The same idempotency key was used for another campaign or quantity.
    IdempotencyKeyReused,
}

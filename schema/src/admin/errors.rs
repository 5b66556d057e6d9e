//! Why products, campaigns and stock were not changed.

use async_graphql::Enum;

/// Why a product was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::admin::products::ProductRefusal")]
pub enum ProductErrorCode {
    /// There is no such product, or it was deleted.
    ProductNotFound,
    /// A name has 1 to 120 characters.
    InvalidName,
    /// A description has at most 5000 characters.
    InvalidDescription,
    /// A price is not negative, not too large, and has no more decimal places than the currency.
    InvalidPrice,
    /// Prices are in another currency; the message says which.
    WrongCurrency,
    /// A picture has an http(s) address or a path, of at most 2000 characters.
    InvalidImageUrl,
    /// A campaign that is not over sells it; the message says which.
    InUse,
}

/// Why a campaign was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::admin::campaigns::CampaignRefusal")]
pub enum CampaignErrorCode {
    /// There is no such campaign.
    CampaignNotFound,
    /// There is no such product, or it was deleted.
    ProductNotFound,
    /// A title has 1 to 120 characters.
    InvalidTitle,
    /// A price is not negative, not too large, and has no more decimal places than the currency.
    InvalidPrice,
    /// Prices are in another currency; the message says which.
    WrongCurrency,
    /// A quantity is 1 to 10000000.
    InvalidQuantity,
    /// A limit per user is 1 to 1000.
    InvalidLimit,
    /// A payment window is 1 second to 30 days.
    InvalidPaymentWindow,
    /// A campaign ends after it starts, in the future, and lasts a year at most.
    InvalidSchedule,
    /// The campaign's state does not allow it; the message says which state it is in.
    NotAllowedInState,
    /// A campaign that has orders cannot be deleted.
    HasOrders,
    /// Somebody else changed the campaign at the same time: look at it again.
    ChangedMeanwhile,
}

/// Why stock was not adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::admin::stock::AdjustRefusal")]
pub enum AdjustStockErrorCode {
    /// There is no such campaign.
    CampaignNotFound,
    /// A delta is not zero, and not beyond what a campaign can have.
    InvalidDelta,
    /// A reason has 1 to 280 characters.
    InvalidReason,
    /// Fewer units are available than are to be taken away; the message says how many.
    InsufficientStock,
    /// Stock is adjusted from publication to the end; a draft's quantity is set by `updateCampaign`.
    NotAllowedInState,
}

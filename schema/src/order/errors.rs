//! Why orders and balances were not changed.

use async_graphql::Enum;

/// Why an order was not paid. Nothing was charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::order::payment::PayRefusal")]
pub enum PayErrorCode {
    /// The viewer has no such order.
    OrderNotFound,
    /// The order is still on its way to the database: try again in a moment.
    OrderQueued,
    /// The balance is lower than the total; the message says what it is.
    InsufficientFunds,
    /// The time to pay is over.
    PaymentWindowClosed,
    /// The order is paid already, by another attempt.
    AlreadyPaid,
    /// The order is closed.
    OrderClosed,
    /// The same idempotency key was used for another payment.
    IdempotencyKeyReused,
}

/// Why an order was not cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::order::closing::CancelRefusal")]
pub enum CancelOrderErrorCode {
    /// The viewer has no such order.
    OrderNotFound,
    /// The order is still on its way to the database: try again in a moment.
    OrderQueued,
    /// The order is paid: an administrator can refund it.
    AlreadyPaid,
    /// The order is closed already.
    AlreadyClosed,
}

/// Why an order was not refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::order::payment::RefundRefusal")]
pub enum RefundOrderErrorCode {
    /// There is no such order.
    OrderNotFound,
    /// The order is not paid, so there is nothing to pay back.
    NotPaid,
    /// The order is refunded already.
    AlreadyRefunded,
}

/// Why a balance was not topped up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::order::balance::TopUpRefusal")]
pub enum TopUpBalanceErrorCode {
    /// There is no such user.
    UserNotFound,
    /// The amount is not more than nothing, too large, or has more decimal places than the currency.
    InvalidAmount,
    /// Balances are kept in another currency; the message says which.
    WrongCurrency,
    /// The same idempotency key was used for another top-up.
    IdempotencyKeyReused,
}

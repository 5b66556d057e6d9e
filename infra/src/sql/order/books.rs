//! The books of the money: journal entries, their two postings, and the balances beside them.
//!
//! Every entry moves one amount between a user's wallet and an account of the shop, so its postings sum to
//! zero. The row in `wallets` repeats the sum of a user's postings, for the guard of a payment.

use domain::{
    clock::Instant,
    error::Fault,
    id::{JournalEntryId, TypedId, UserId},
    money::Money,
    order::Order,
    spike::stock::RequestKey,
};
use entity::{journal_entries, postings, wallets};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::sql::{convert::millis, retry::Setback, write::insert_all};

/// The account of a user's balance.
pub(super) const WALLET: &str = "WALLET";

/// Why money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// An administrator put it on a balance.
    TopUp,
    /// An order was paid.
    Payment,
    /// An order was paid back.
    Refund,
}

impl EntryKind {
    /// The name in the database.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::TopUp => "TOP_UP",
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
        }
    }

    /// The account on the other side of the wallet.
    const fn account(self) -> &'static str {
        match self {
            Self::TopUp => "TOP_UPS",
            Self::Payment | Self::Refund => "REVENUE",
        }
    }

    /// What the wallet gets of an amount; the other account gets the opposite.
    const fn to_wallet(self, minor: i64) -> i64 {
        match self {
            Self::TopUp | Self::Refund => minor,
            Self::Payment => -minor,
        }
    }
}

/// An entry to be booked.
pub(super) struct Entry<'a> {
    /// Its identity.
    pub(super) id: JournalEntryId,
    /// Why.
    pub(super) kind: EntryKind,
    /// Whose wallet.
    pub(super) user: UserId,
    /// How much, not negative.
    pub(super) amount: Money,
    /// For which order.
    pub(super) order: Option<&'a Order>,
    /// Who asked for it; none for the operator.
    pub(super) requested_by: Option<UserId>,
    /// What they called it.
    pub(super) request_key: Option<&'a RequestKey>,
    /// When.
    pub(super) at: Instant,
}

/// Who asked, as a column that is never empty, because a unique index does not see empty ones.
fn requester(id: Option<UserId>) -> Uuid {
    id.map_or(Uuid::nil(), TypedId::uuid)
}

/// The entry that this attempt booked before.
pub(super) async fn booked(
    tx: &impl ConnectionTrait,
    kind: EntryKind,
    requested_by: Option<UserId>,
    key: &RequestKey,
) -> Result<Option<journal_entries::Model>, Setback> {
    let entry = journal_entries::Entity::find()
        .filter(journal_entries::Column::RequestedBy.eq(requester(requested_by)))
        .filter(journal_entries::Column::Kind.eq(kind.name()))
        .filter(journal_entries::Column::RequestKey.eq(key.as_str()))
        .one(tx)
        .await?;
    Ok(entry)
}

/// Writes an entry and its postings.
pub(super) async fn book(tx: &impl ConnectionTrait, entry: &Entry<'_>) -> Result<(), Setback> {
    let row = journal_entries::ActiveModel {
        id: Set(entry.id.uuid()),
        kind: Set(entry.kind.name().to_owned()),
        user_id: Set(entry.user.uuid()),
        order_id: Set(entry.order.map(|order| order.id.uuid())),
        campaign_id: Set(entry.order.map(|order| order.campaign_id.uuid())),
        amount_minor: Set(entry.amount.minor),
        currency: Set(entry.amount.currency.code().to_owned()),
        requested_by: Set(requester(entry.requested_by)),
        request_key: Set(entry.request_key.map(|key| key.as_str().to_owned())),
        at: Set(millis(entry.at)),
    };
    journal_entries::Entity::insert(row).exec_without_returning(tx).await?;
    let to_wallet = entry.kind.to_wallet(entry.amount.minor);
    let posting = |account: &str, user: Option<UserId>, minor| postings::ActiveModel {
        entry_id: Set(entry.id.uuid()),
        account: Set(account.to_owned()),
        user_id: Set(user.map(TypedId::uuid)),
        amount_minor: Set(minor),
    };
    let both = vec![posting(WALLET, Some(entry.user), to_wallet), posting(entry.kind.account(), None, -to_wallet)];
    Ok(insert_all(tx, both).await?)
}

/// Takes money out of a wallet, never more than is in it. False if there is too little.
pub(super) async fn take(tx: &impl ConnectionTrait, user: UserId, minor: i64) -> Result<bool, Setback> {
    // What is free can be paid without a wallet.
    if minor == 0 {
        return Ok(true);
    }
    let taken = wallets::Entity::update_many()
        .col_expr(wallets::Column::BalanceMinor, Expr::col(wallets::Column::BalanceMinor).sub(minor))
        .filter(wallets::Column::UserId.eq(user.uuid()))
        .filter(wallets::Column::BalanceMinor.gte(minor))
        .exec(tx)
        .await?;
    Ok(taken.rows_affected > 0)
}

/// Puts money into a wallet, and makes the wallet if there is none. If another transaction makes it in the same
/// moment, the unique violation counts as a race: the next try finds it.
pub(super) async fn put(tx: &impl ConnectionTrait, user: UserId, minor: i64) -> Result<(), Setback> {
    let raised = wallets::Entity::update_many()
        .col_expr(wallets::Column::BalanceMinor, Expr::col(wallets::Column::BalanceMinor).add(minor))
        .filter(wallets::Column::UserId.eq(user.uuid()))
        .exec(tx)
        .await?;
    if raised.rows_affected == 0 {
        let wallet = wallets::ActiveModel { user_id: Set(user.uuid()), balance_minor: Set(minor) };
        wallets::Entity::insert(wallet).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// What is in a wallet, by the newest commit.
pub(super) async fn balance(tx: &impl ConnectionTrait, user: UserId) -> Result<i64, Setback> {
    let wallet = wallets::Entity::find_by_id(user.uuid()).lock_exclusive().one(tx).await?;
    Ok(wallet.map_or(0, |wallet| wallet.balance_minor))
}

/// A sum of a `BIGINT` column as a number again: engines widen it, each to a type of its own.
pub(super) fn sum(db: &impl ConnectionTrait, column: impl ColumnTrait) -> Expr {
    let integer = match db.get_database_backend() {
        sea_orm::DbBackend::MySql => "SIGNED",
        _ => "BIGINT",
    };
    column.sum().cast_as(integer)
}

/// A ledger that contradicts itself.
pub(super) fn defect(what: impl std::fmt::Display) -> Setback {
    Fault::internal(what.to_string()).into()
}

//! Balances, and putting money on them.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{
    admin::audit::AuditEntry,
    error::Fault,
    id::{TypedId, UserId},
    order::ports::{LedgerStore, TopUp, ToppedUp},
};
use entity::{postings, wallets};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::books::{self, Entry, EntryKind};
use crate::sql::{
    Database,
    convert::uuids,
    error::fault,
    retry::Setback,
    write::{VALUES, audit},
};

/// The store of balances.
pub struct SqlLedger {
    db: Database,
}

impl SqlLedger {
    /// Makes the store.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }

    /// The sum of all postings, which is zero: what one account gained another one lost.
    pub async fn posting_sum(&self) -> Result<i64, Fault> {
        let db = self.db.reader();
        let sum: Option<Option<i64>> = postings::Entity::find()
            .select_only()
            .column_as(books::sum(db, postings::Column::AmountMinor), "total")
            .into_tuple()
            .one(db)
            .await
            .map_err(fault)?;
        Ok(sum.flatten().unwrap_or(0))
    }

    /// Whether every wallet holds what its postings sum to, and none holds less than nothing.
    pub async fn wallets_match_postings(&self) -> Result<bool, Fault> {
        let tx = self.db.snapshot().await?;
        let posted: Vec<(Option<Uuid>, i64)> = postings::Entity::find()
            .select_only()
            .column(postings::Column::UserId)
            .column_as(books::sum(&tx, postings::Column::AmountMinor), "total")
            .filter(postings::Column::Account.eq(books::WALLET))
            .group_by(postings::Column::UserId)
            .into_tuple()
            .all(&tx)
            .await
            .map_err(fault)?;
        let mut posted: HashMap<Option<Uuid>, i64> = posted.into_iter().collect();
        let wallets = wallets::Entity::find().all(&tx).await.map_err(fault)?;
        let agree = wallets.iter().all(|wallet| {
            wallet.balance_minor >= 0 && posted.remove(&Some(wallet.user_id)).unwrap_or(0) == wallet.balance_minor
        });
        // What is left has no wallet: only what was free.
        Ok(agree && posted.values().all(|minor| *minor == 0))
    }

    async fn try_top_up(&self, top_up: &TopUp, why: &AuditEntry) -> Result<ToppedUp, Setback> {
        let TopUp { user, amount, request_key, at, entry } = top_up;
        let tx = self.db.begin().await?;
        if let Some(key) = request_key
            && let Some(before) = books::booked(&tx, EntryKind::TopUp, why.actor, key).await?
        {
            let same = before.user_id == user.uuid()
                && before.amount_minor == amount.minor
                && before.currency == amount.currency.code();
            return Ok(if same { ToppedUp::Before } else { ToppedUp::KeyReused });
        }
        books::put(&tx, *user, amount.minor).await?;
        let entry = Entry {
            id: *entry,
            kind: EntryKind::TopUp,
            user: *user,
            amount: *amount,
            order: None,
            requested_by: why.actor,
            request_key: request_key.as_ref(),
            at: *at,
        };
        books::book(&tx, &entry).await?;
        audit(&tx, why).await?;
        tx.commit().await?;
        Ok(ToppedUp::Now)
    }
}

#[async_trait]
impl LedgerStore for SqlLedger {
    async fn top_up(&self, top_up: &TopUp, audit: &AuditEntry) -> Result<ToppedUp, Fault> {
        self.db.retried(|| self.try_top_up(top_up, audit)).await
    }

    async fn balances(&self, users: &[UserId]) -> Result<Vec<(UserId, i64)>, Fault> {
        let mut balances = HashMap::new();
        for chunk in users.chunks(VALUES) {
            let wallets = wallets::Entity::find()
                .filter(wallets::Column::UserId.is_in(uuids(chunk)))
                .all(self.db.reader())
                .await
                .map_err(fault)?;
            balances
                .extend(wallets.into_iter().map(|wallet| (UserId::from_uuid(wallet.user_id), wallet.balance_minor)));
        }
        Ok(balances.into_iter().collect())
    }
}

//! Balances of users, in the shop's one currency, and putting money on them.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::ports::{LedgerStore, TopUp, ToppedUp};
use crate::{
    admin::audit::Auditor,
    clock::Clock,
    error::{Failure, Fault, Refusal},
    id::{IdSource, UserId},
    money::{Currency, Money},
    spike::stock::RequestKey,
    user::{Administrator, User, profile::Users},
};

/// Why a balance was not topped up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under TopUpBalanceErrorCode")]
pub enum TopUpRefusal {
    UserNotFound,
    InvalidAmount,
    WrongCurrency,
    IdempotencyKeyReused,
}

/// Keeps balances.
pub struct Balances {
    ledger: Arc<dyn LedgerStore>,
    users: Arc<Users>,
    auditor: Auditor,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    currency: Currency,
}

impl Balances {
    /// Wires the service. `currency` is the one that the shop keeps its balances in.
    pub fn new(
        ledger: Arc<dyn LedgerStore>,
        users: Arc<Users>,
        auditor: Auditor,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        currency: Currency,
    ) -> Self {
        Self { ledger, users, auditor, clock, ids, currency }
    }

    /// The balance of each of these users, in their order.
    pub async fn of(&self, users: &[UserId]) -> Result<Vec<Money>, Fault> {
        let known = self.ledger.balances(users).await?;
        let minor = |user: &UserId| known.iter().find(|(id, _)| id == user).map_or(0, |(_, minor)| *minor);
        Ok(users.iter().map(|user| Money::new(minor(user), self.currency)).collect())
    }

    /// Puts money on a user's balance.
    pub async fn top_up(
        &self,
        admin: Administrator,
        user: UserId,
        amount: Decimal,
        currency: Currency,
        key: Option<RequestKey>,
    ) -> Result<User, Failure<TopUpRefusal>> {
        if currency != self.currency {
            let message = format!("balances are kept in {}", self.currency);
            return Err(Refusal::at(TopUpRefusal::WrongCurrency, "amount", message).into());
        }
        let amount = Money::from_decimal(amount, currency)
            .map_err(|error| Refusal::at(TopUpRefusal::InvalidAmount, "amount", error.to_string()))?;
        if amount.minor <= 0 {
            return Err(Refusal::at(TopUpRefusal::InvalidAmount, "amount", "must be more than nothing").into());
        }
        let not_found = || Refusal::at(TopUpRefusal::UserNotFound, "userId", "there is no such user");
        let found = self.users.by_id(user).await?.ok_or_else(not_found)?;
        let at = self.clock.now();
        let audit = self.auditor.entry(admin, "topUpBalance", user, amount.to_string());
        let top_up = TopUp { user, amount, request_key: key, at, entry: self.ids.next(at) };
        match self.ledger.top_up(&top_up, &audit).await? {
            ToppedUp::Now | ToppedUp::Before => Ok(found),
            ToppedUp::KeyReused => {
                let message = "this idempotency key was used for another top-up";
                Err(Refusal::at(TopUpRefusal::IdempotencyKeyReused, "idempotencyKey", message).into())
            }
        }
    }
}

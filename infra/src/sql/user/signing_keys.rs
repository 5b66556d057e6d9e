//! The keys that sign access tokens. Not a port of the domain: the adapter that signs tokens keeps its keys
//! here, so that every replica and every restart reads the same ones.

use std::fmt;

use domain::{clock::Instant, error::Fault};
use entity::signing_keys::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};

use crate::sql::{
    Database,
    convert::{instant, maybe_instant, millis},
    error::fault,
    retry::Setback,
};

/// A pair of keys as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// What tokens and the published key set call it.
    pub kid: String,
    /// The private key, as the adapter that signs wants it.
    pub private_key: Vec<u8>,
    /// The public key: the `x` of its JWK.
    pub public_key: String,
    /// Since when it signs.
    pub created_at: Instant,
    /// Until when tokens that it signed are good; none while it is the one that signs.
    pub verifies_until: Option<Instant>,
}

impl fmt::Debug for SigningKeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeyRow")
            .field("kid", &self.kid)
            .field("public_key", &self.public_key)
            .field("created_at", &self.created_at)
            .field("verifies_until", &self.verifies_until)
            .finish_non_exhaustive()
    }
}

/// Signing keys in a database.
#[derive(Clone)]
pub struct SqlSigningKeys {
    db: Database,
}

impl SqlSigningKeys {
    /// Over a database that is connected.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }

    /// Every key whose tokens are good at `now`, the oldest first.
    pub async fn all_verifying(&self, now: Instant) -> Result<Vec<SigningKeyRow>, Fault> {
        let good = Condition::any().add(Column::VerifiesUntil.is_null()).add(Column::VerifiesUntil.gt(millis(now)));
        let rows = Entity::find()
            .filter(good)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Kid)
            .all(self.db.reader())
            .await
            .map_err(fault)?;
        rows.into_iter().map(key).collect()
    }

    /// Stores a new key. If it replaces the others, those that have no end yet get this one, in the same
    /// transaction: there is no moment in which nothing signs or a retired key is good for ever.
    pub async fn insert(&self, row: &SigningKeyRow, retire_others_until: Option<Instant>) -> Result<(), Fault> {
        self.db.retried(|| self.try_insert(row, retire_others_until)).await
    }

    async fn try_insert(&self, row: &SigningKeyRow, retire_others_until: Option<Instant>) -> Result<(), Setback> {
        let tx = self.db.begin().await?;
        if let Some(until) = retire_others_until {
            Entity::update_many()
                .col_expr(Column::VerifiesUntil, Expr::value(millis(until)))
                .filter(Column::VerifiesUntil.is_null())
                .exec(&tx)
                .await?;
        }
        let row = ActiveModel {
            kid: Set(row.kid.clone()),
            private_key: Set(row.private_key.clone()),
            public_key: Set(row.public_key.clone()),
            created_at: Set(millis(row.created_at)),
            verifies_until: Set(row.verifies_until.map(millis)),
        };
        Entity::insert(row).exec_without_returning(&tx).await?;
        Ok(tx.commit().await?)
    }
}

fn key(row: Model) -> Result<SigningKeyRow, Fault> {
    Ok(SigningKeyRow {
        created_at: instant(row.created_at)?,
        verifies_until: maybe_instant(row.verifies_until)?,
        kid: row.kid,
        private_key: row.private_key,
        public_key: row.public_key,
    })
}

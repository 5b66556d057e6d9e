//! Sessions and the hashes of their refresh tokens.

use async_trait::async_trait;
use domain::{
    clock::Instant,
    error::Fault,
    id::{SessionId, TypedId, UserId},
    user::{
        ports::SessionStore,
        session::{NewRefreshToken, RefreshTokenRecord, SessionRecord},
    },
};
use entity::{refresh_tokens, sessions};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{bytes_of, hex};
use crate::sql::{
    Database,
    convert::{instant, maybe_instant, millis},
    error::fault,
    retry::Setback,
};

/// Sessions in a database.
#[derive(Clone)]
pub struct SqlSessions {
    db: Database,
}

impl SqlSessions {
    /// Tokens that one transaction of a purge deletes: the writers behind it do not wait long.
    const PURGE_BATCH: u64 = 500;

    /// Over a database that is connected.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }

    /// Deletes some tokens that expired before `at`, and the sessions that have none left.
    async fn purge_some(&self, at: Instant) -> Result<u64, Setback> {
        use refresh_tokens::Column;
        let expired: Vec<(String, sea_orm::prelude::Uuid)> = refresh_tokens::Entity::find()
            .select_only()
            .columns([Column::Hash, Column::SessionId])
            .filter(Column::ExpiresAt.lt(millis(at)))
            .limit(Self::PURGE_BATCH)
            .into_tuple()
            .all(self.db.reader())
            .await?;
        if expired.is_empty() {
            return Ok(0);
        }
        let (hashes, owners): (Vec<_>, Vec<_>) = expired.into_iter().unzip();
        let tx = self.db.begin().await?;
        let deleted =
            refresh_tokens::Entity::delete_many().filter(Column::Hash.is_in(hashes)).exec(&tx).await?.rows_affected;
        let in_use = refresh_tokens::Entity::find()
            .select_only()
            .column(Column::SessionId)
            .filter(
                Expr::col((refresh_tokens::Entity, Column::SessionId)).equals((sessions::Entity, sessions::Column::Id)),
            )
            .into_query();
        sessions::Entity::delete_many()
            .filter(sessions::Column::Id.is_in(owners))
            .filter(Expr::exists(in_use).not())
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(deleted)
    }

    async fn try_start(&self, session: &SessionRecord, token: &NewRefreshToken) -> Result<(), Setback> {
        let row = sessions::ActiveModel {
            id: Set(session.id.uuid()),
            user_id: Set(session.user_id.uuid()),
            created_at: Set(millis(session.created_at)),
            ended_at: Set(session.ended_at.map(millis)),
        };
        let tx = self.db.begin().await?;
        sessions::Entity::insert(row).exec_without_returning(&tx).await?;
        insert(&tx, token).await?;
        Ok(tx.commit().await?)
    }

    async fn try_rotate(
        &self,
        hash: &[u8; 32],
        at: Instant,
        nonce: &[u8; 32],
        successor: &NewRefreshToken,
    ) -> Result<bool, Setback> {
        use refresh_tokens::Column;
        let open = Query::select()
            .column(sessions::Column::Id)
            .from(sessions::Entity)
            .and_where(sessions::Column::EndedAt.is_null())
            .to_owned();
        let tx = self.db.begin().await?;
        let marked = refresh_tokens::Entity::update_many()
            .col_expr(Column::RotatedAt, Expr::value(millis(at)))
            .col_expr(Column::Nonce, Expr::value(hex(nonce)))
            .filter(Column::Hash.eq(hex(hash)))
            .filter(Column::RotatedAt.is_null())
            .filter(Column::SessionId.in_subquery(open))
            .exec(&tx)
            .await?;
        if marked.rows_affected == 0 {
            return Ok(false);
        }
        insert(&tx, successor).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn try_end(&self, session: SessionId, at: Instant) -> Result<(), Setback> {
        let tx = self.db.begin().await?;
        // The first end stays: it tells when a stolen token was noticed.
        sessions::Entity::update_many()
            .col_expr(sessions::Column::EndedAt, Expr::value(millis(at)))
            .filter(sessions::Column::Id.eq(session.uuid()))
            .filter(sessions::Column::EndedAt.is_null())
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }
}

#[async_trait]
impl SessionStore for SqlSessions {
    async fn start(&self, session: &SessionRecord, token: &NewRefreshToken) -> Result<(), Fault> {
        self.db.retried(|| self.try_start(session, token)).await
    }

    async fn find(&self, hash: &[u8; 32]) -> Result<Option<(RefreshTokenRecord, SessionRecord)>, Fault> {
        // One statement, so that a token is never seen with its session as it was at another moment.
        let session = refresh_tokens::Entity::belongs_to(sessions::Entity)
            .from(refresh_tokens::Column::SessionId)
            .to(sessions::Column::Id);
        let found = refresh_tokens::Entity::find_by_id(hex(hash))
            .select_also(sessions::Entity)
            .join(JoinType::InnerJoin, session.into())
            .one(self.db.reader())
            .await
            .map_err(fault)?;
        match found {
            Some((token, Some(session))) => Ok(Some((record(&token)?, session_record(&session)?))),
            _ => Ok(None),
        }
    }

    async fn rotate(
        &self,
        hash: &[u8; 32],
        at: Instant,
        nonce: &[u8; 32],
        successor: &NewRefreshToken,
    ) -> Result<bool, Fault> {
        self.db.retried(|| self.try_rotate(hash, at, nonce, successor)).await
    }

    async fn end(&self, session: SessionId, at: Instant) -> Result<(), Fault> {
        self.db.retried(|| self.try_end(session, at)).await
    }

    async fn purge(&self, at: Instant) -> Result<u64, Fault> {
        let mut purged = 0;
        loop {
            match self.db.retried(|| self.purge_some(at)).await? {
                0 => return Ok(purged),
                some => purged += some,
            }
        }
    }
}

async fn insert(tx: &impl ConnectionTrait, token: &NewRefreshToken) -> Result<(), DbErr> {
    let row = refresh_tokens::ActiveModel {
        hash: Set(hex(&token.hash)),
        session_id: Set(token.session_id.uuid()),
        expires_at: Set(millis(token.expires_at)),
        rotated_at: Set(None),
        nonce: Set(None),
    };
    refresh_tokens::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

fn record(row: &refresh_tokens::Model) -> Result<RefreshTokenRecord, Fault> {
    let rotated = match (row.rotated_at, &row.nonce) {
        (Some(at), Some(nonce)) => Some((instant(at)?, bytes_of(nonce)?)),
        (None, None) => None,
        _ => return Err(Fault::internal("a refresh token was rotated without a nonce")),
    };
    Ok(RefreshTokenRecord { expires_at: instant(row.expires_at)?, rotated })
}

fn session_record(row: &sessions::Model) -> Result<SessionRecord, Fault> {
    Ok(SessionRecord {
        id: SessionId::from_uuid(row.id),
        user_id: UserId::from_uuid(row.user_id),
        created_at: instant(row.created_at)?,
        ended_at: maybe_instant(row.ended_at)?,
    })
}

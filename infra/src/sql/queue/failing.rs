//! Messages that failed: they rest and come again, or are put aside for somebody to look at.

use domain::{
    clock::Instant,
    error::Fault,
    id::{OrderId, TypedId},
};
use entity::queue_messages;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany, sea_query::Expr};

use super::options::QueueOptions;
use crate::sql::{
    Database,
    convert::{column, count, millis},
    error::fault,
};

/// Characters of an error that are kept.
const KEPT: usize = 1_000;

/// Notes a failure. True if it was one too many. Of a message that is gone or dead nothing is noted.
pub(super) async fn fail(
    db: &Database,
    options: &QueueOptions,
    now: Instant,
    tag: OrderId,
    why: &str,
) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    let found = queue_messages::Entity::find_by_id(tag.uuid()).lock_exclusive().one(&tx).await.map_err(fault)?;
    let Some(message) = found else { return Ok(false) };
    if message.dead_at.is_some() {
        return Ok(true);
    }
    let attempts = count(message.attempts)?.saturating_add(1);
    let dead = attempts >= options.max_attempts;
    let failed = noted(tag, why).col_expr(queue_messages::Column::Attempts, Expr::value(column(attempts)?));
    let failed = if dead {
        failed.col_expr(queue_messages::Column::DeadAt, Expr::value(millis(now)))
    } else {
        failed.col_expr(queue_messages::Column::AvailableAt, Expr::value(millis(now + options.rest(attempts))))
    };
    written(&tx, failed).await?;
    tx.commit().await.map_err(fault)?;
    Ok(dead)
}

/// Puts a message aside at once.
pub(super) async fn put_aside(db: &Database, now: Instant, tag: OrderId, why: &str) -> Result<(), Fault> {
    let tx = db.begin().await?;
    written(&tx, noted(tag, why).col_expr(queue_messages::Column::DeadAt, Expr::value(millis(now)))).await?;
    tx.commit().await.map_err(fault)
}

fn noted(tag: OrderId, why: &str) -> UpdateMany<queue_messages::Entity> {
    let kept: String = why.chars().take(KEPT).collect();
    queue_messages::Entity::update_many()
        .col_expr(queue_messages::Column::LastError, Expr::value(kept))
        .filter(queue_messages::Column::OrderId.eq(tag.uuid()))
}

async fn written(tx: &impl ConnectionTrait, update: UpdateMany<queue_messages::Entity>) -> Result<(), Fault> {
    update.exec(tx).await.map_err(fault).map(|_| ())
}

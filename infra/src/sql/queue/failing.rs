//! Messages that failed: they rest and come again, or are put aside for somebody to look at.

use domain::{
    clock::Instant,
    id::{OrderId, TypedId},
};
use entity::queue_messages;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany, sea_query::Expr};

use super::options::QueueOptions;
use crate::sql::{
    Database,
    convert::{column, count, millis},
    retry::Setback,
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
) -> Result<bool, Setback> {
    let tx = db.begin().await?;
    let found = queue_messages::Entity::find_by_id(tag.uuid()).lock_exclusive().one(&tx).await?;
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
    failed.exec(&tx).await?;
    tx.commit().await?;
    Ok(dead)
}

/// Puts a message aside at once.
pub(super) async fn put_aside(db: &Database, now: Instant, tag: OrderId, why: &str) -> Result<(), Setback> {
    let tx = db.begin().await?;
    noted(tag, why).col_expr(queue_messages::Column::DeadAt, Expr::value(millis(now))).exec(&tx).await?;
    Ok(tx.commit().await?)
}

fn noted(tag: OrderId, why: &str) -> UpdateMany<queue_messages::Entity> {
    // PostgreSQL keeps no NUL in a text.
    let kept: String = why.chars().filter(|c| *c != '\0').take(KEPT).collect();
    queue_messages::Entity::update_many()
        .col_expr(queue_messages::Column::LastError, Expr::value(kept))
        .filter(queue_messages::Column::OrderId.eq(tag.uuid()))
}

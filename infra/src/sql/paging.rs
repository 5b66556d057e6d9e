//! Pages by key: newest first, from a cursor on.

use domain::{
    error::Fault,
    id::TypedId,
    page::{Page, PageRequest},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::error::fault;

/// Reads a page of `select` by the id column `key`, and the total of `select` if it was asked for.
pub(super) async fn page<E, C, I, T>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    key: C,
    request: &PageRequest<I>,
    convert: impl Fn(E::Model) -> Result<T, Fault>,
) -> Result<Page<T>, Fault>
where
    E: EntityTrait,
    E::Model: Send + Sync,
    C: ColumnTrait,
    I: TypedId,
{
    let mut rows = select.clone();
    // Newest first: what comes after a row in the list has a smaller id.
    if let Some(after) = request.after {
        rows = rows.filter(key.lt(after.uuid()));
    }
    if let Some(before) = request.before {
        rows = rows.filter(key.gt(before.uuid()));
    }
    rows = if request.backward { rows.order_by_asc(key) } else { rows.order_by_desc(key) };
    let rows = rows.limit(u64::from(request.limit) + 1).all(db).await.map_err(fault)?;
    let total = if request.with_total { Some(count(db, select, key).await?) } else { None };
    let items = rows.into_iter().map(convert).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::from_rows(request, items, total))
}

async fn count<E: EntityTrait, C: ColumnTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
    key: C,
) -> Result<u64, Fault> {
    let count: Option<i64> =
        select.select_only().column_as(key.count(), "total").into_tuple().one(db).await.map_err(fault)?;
    u64::try_from(count.unwrap_or(0)).map_err(Fault::internal)
}

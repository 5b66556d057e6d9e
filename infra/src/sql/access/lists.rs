//! Named lists. A change locks the row of its list first, where the engine locks rows, and what it depends on
//! is read under that lock.

use std::collections::{BTreeSet, HashMap};

use domain::{
    access::{
        lists::AccessList,
        ports::{AccessListChange, ListStored},
    },
    admin::audit::AuditEntry,
    error::Fault,
    id::{AccessListId, CampaignId, TypedId},
    page::{Page, PageRequest},
};
use entity::{
    access_lists::{ActiveModel, Column, Entity, Model},
    access_rule_lists,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid, sea_query::Expr,
};

use super::members;
use crate::sql::{
    Database,
    convert::{instant, millis},
    error::{fault, violated_unique},
    paging,
    retry::Setback,
    write::audit,
};

/// Which of these names are names of lists.
pub(super) async fn known(db: &impl ConnectionTrait, names: &[String]) -> Result<BTreeSet<String>, Fault> {
    if names.is_empty() {
        return Ok(BTreeSet::new());
    }
    let found: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(Column::Name.is_in(names))
        .into_tuple()
        .all(db)
        .await
        .map_err(fault)?;
    Ok(found.into_iter().collect())
}

/// Reads a list.
pub(super) async fn find(db: &impl ConnectionTrait, id: AccessListId) -> Result<Option<AccessList>, Setback> {
    let Some(row) = Entity::find_by_id(id.uuid()).one(db).await? else { return Ok(None) };
    let sizes = members::sizes(db, &[row.id]).await?;
    Ok(Some(list(row, &sizes)?))
}

/// All lists, a page of them.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    request: &PageRequest<AccessListId>,
) -> Result<Page<AccessList>, Fault> {
    let page = paging::page(db, Entity::find(), Column::Id, request, Ok).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|row| row.id).collect();
    let sizes = members::sizes(db, &ids).await?;
    let items = page.items.into_iter().map(|row| list(row, &sizes)).collect::<Result<_, _>>()?;
    Ok(Page { items, has_next: page.has_next, has_previous: page.has_previous, total: page.total })
}

/// Stores a new list. It was created when its audit entry says so.
pub(super) async fn create(
    db: &Database,
    id: AccessListId,
    change: &AccessListChange,
    entry: &AuditEntry,
) -> Result<ListStored, Setback> {
    let row = ActiveModel {
        id: Set(id.uuid()),
        name: Set(change.name.clone()),
        description: Set(change.description.clone()),
        created_at: Set(millis(entry.at)),
    };
    let tx = db.begin().await?;
    if let Err(error) = Entity::insert(row).exec_without_returning(&tx).await {
        return name_taken(error);
    }
    let unknown = members::change(&tx, id, change).await?;
    if !unknown.is_empty() {
        return Ok(ListStored::UnknownUsers(unknown));
    }
    finish(tx, id, entry).await
}

/// Changes a list from what it was. A name that rules refer to stays.
pub(super) async fn update(
    db: &Database,
    before: &AccessList,
    change: &AccessListChange,
    entry: &AuditEntry,
) -> Result<ListStored, Setback> {
    let id = before.id;
    let tx = db.begin().await?;
    let Some(row) = locked(&tx, id).await? else { return Ok(ListStored::NotFound) };
    let name = if change.name == before.name { &row.name } else { &change.name };
    let description = if change.description == before.description { &row.description } else { &change.description };
    if row.name != *name
        && let Some(campaign) = referring(&tx, id).await?
    {
        return Ok(ListStored::InUse(campaign));
    }
    let update = Entity::update_many()
        .col_expr(Column::Name, Expr::value(name.as_str()))
        .col_expr(Column::Description, Expr::value(description.as_str()))
        .filter(Column::Id.eq(id.uuid()));
    if let Err(error) = update.exec(&tx).await {
        return name_taken(error);
    }
    let unknown = members::change(&tx, id, change).await?;
    if !unknown.is_empty() {
        return Ok(ListStored::UnknownUsers(unknown));
    }
    finish(tx, id, entry).await
}

/// Deletes a list that no rule refers to, and answers as it was.
pub(super) async fn delete(db: &Database, id: AccessListId, entry: &AuditEntry) -> Result<ListStored, Setback> {
    let tx = db.begin().await?;
    let Some(row) = locked(&tx, id).await? else { return Ok(ListStored::NotFound) };
    if let Some(campaign) = referring(&tx, id).await? {
        return Ok(ListStored::InUse(campaign));
    }
    let sizes = members::sizes(&tx, &[row.id]).await?;
    members::clear(&tx, id).await?;
    Entity::delete_many().filter(Column::Id.eq(id.uuid())).exec(&tx).await?;
    audit(&tx, entry).await?;
    tx.commit().await?;
    Ok(ListStored::Stored(list(row, &sizes)?))
}

async fn finish(tx: sea_orm::DatabaseTransaction, id: AccessListId, entry: &AuditEntry) -> Result<ListStored, Setback> {
    let stored = find(&tx, id).await?.ok_or_else(|| Fault::internal("a list went away while it was locked"))?;
    audit(&tx, entry).await?;
    tx.commit().await?;
    Ok(ListStored::Stored(stored))
}

async fn locked(tx: &impl ConnectionTrait, id: AccessListId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.uuid()).lock_exclusive().one(tx).await
}

/// A campaign whose rules refer to the list.
async fn referring(tx: &impl ConnectionTrait, id: AccessListId) -> Result<Option<CampaignId>, DbErr> {
    use access_rule_lists::Column;
    let campaign: Option<Uuid> = access_rule_lists::Entity::find()
        .select_only()
        .column(Column::CampaignId)
        .filter(Column::ListId.eq(id.uuid()))
        .order_by_asc(Column::CampaignId)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(campaign.map(CampaignId::from_uuid))
}

/// The name is all that is unique of a list beside its id, which is new.
fn name_taken(error: DbErr) -> Result<ListStored, Setback> {
    match violated_unique(&error).as_deref() {
        Some("ux_access_lists_name") => Ok(ListStored::NameTaken),
        _ => Err(error.into()),
    }
}

fn list(row: Model, sizes: &HashMap<Uuid, u64>) -> Result<AccessList, Fault> {
    Ok(AccessList {
        id: AccessListId::from_uuid(row.id),
        name: row.name,
        description: row.description,
        size: sizes.get(&row.id).copied().unwrap_or(0),
        created_at: instant(row.created_at)?,
    })
}

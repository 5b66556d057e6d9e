//! Who is on which list.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    access::ports::AccessListChange,
    error::Fault,
    id::{AccessListId, TypedId, UserId},
    page::{Page, PageRequest},
};
use entity::{
    access_list_members::{ActiveModel, Column, Entity, Model},
    access_lists, users,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect,
    prelude::Uuid,
};

use crate::sql::{
    Database,
    convert::uuids,
    error::fault,
    gather::{Lookup, padded},
    paging,
    retry::Setback,
    write::insert_all,
};

/// The names of the lists that users are on. Those of a crowd share a query.
pub(super) struct ListsOf(pub(super) Database);

impl Lookup for ListsOf {
    type Key = UserId;
    type Found = BTreeSet<String>;

    async fn read(&self, users: &[UserId]) -> Result<HashMap<UserId, BTreeSet<String>>, Fault> {
        let members = access_lists::Entity::belongs_to(Entity).from(access_lists::Column::Id).to(Column::ListId);
        let rows: Vec<(Uuid, String)> = access_lists::Entity::find()
            .select_only()
            .column(Column::UserId)
            .column(access_lists::Column::Name)
            .join(JoinType::InnerJoin, members.into())
            .filter(Column::UserId.is_in(padded(users).map(|user| user.uuid())))
            .into_tuple()
            .all(self.0.reader())
            .await
            .map_err(fault)?;
        let mut lists: HashMap<UserId, BTreeSet<String>> = HashMap::new();
        for (user, name) in rows {
            lists.entry(UserId::from_uuid(user)).or_default().insert(name);
        }
        Ok(lists)
    }
}

/// The users on a list, the newest account first.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    id: AccessListId,
    request: &PageRequest<UserId>,
) -> Result<Page<UserId>, Fault> {
    let select = Entity::find().filter(Column::ListId.eq(id.uuid()));
    paging::page(db, select, Column::UserId, request, |row: Model| Ok(UserId::from_uuid(row.user_id))).await
}

/// How many users are on each of these lists; empty lists are left out.
pub(super) async fn sizes(db: &impl ConnectionTrait, lists: &[Uuid]) -> Result<HashMap<Uuid, u64>, Setback> {
    if lists.is_empty() {
        return Ok(HashMap::new());
    }
    let sizes: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .column(Column::ListId)
        .column_as(Column::UserId.count(), "size")
        .filter(Column::ListId.is_in(lists.iter().copied()))
        .group_by(Column::ListId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(sizes
        .into_iter()
        .map(|(list, size)| Ok((list, u64::try_from(size).map_err(Fault::internal)?)))
        .collect::<Result<_, Fault>>()?)
}

/// Puts users on a list and takes others off it; a user who is named in both is taken off. Changes nothing
/// and returns those who are to be put on it and do not exist, if there are such.
pub(super) async fn change(
    tx: &impl ConnectionTrait,
    id: AccessListId,
    change: &AccessListChange,
) -> Result<Vec<UserId>, Setback> {
    if !change.add.is_empty() {
        let exist: HashSet<Uuid> = users::Entity::find()
            .select_only()
            .column(users::Column::Id)
            .filter(users::Column::Id.is_in(uuids(&change.add)))
            .into_tuple()
            .all(tx)
            .await?
            .into_iter()
            .collect();
        let unknown: Vec<UserId> = change.add.iter().copied().filter(|user| !exist.contains(&user.uuid())).collect();
        if !unknown.is_empty() {
            return Ok(unknown);
        }
        add(tx, id, exist).await?;
    }
    if !change.remove.is_empty() {
        Entity::delete_many()
            .filter(Column::ListId.eq(id.uuid()))
            .filter(Column::UserId.is_in(uuids(&change.remove)))
            .exec(tx)
            .await?;
    }
    Ok(Vec::new())
}

/// Takes all users off a list.
pub(super) async fn clear(tx: &impl ConnectionTrait, id: AccessListId) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ListId.eq(id.uuid())).exec(tx).await?;
    Ok(())
}

/// The list's row is locked, so nobody else puts the same users on it between the read and the insert.
async fn add(tx: &impl ConnectionTrait, id: AccessListId, mut new: HashSet<Uuid>) -> Result<(), DbErr> {
    let present: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::UserId)
        .filter(Column::ListId.eq(id.uuid()))
        .filter(Column::UserId.is_in(new.iter().copied()))
        .into_tuple()
        .all(tx)
        .await?;
    for user in present {
        new.remove(&user);
    }
    let rows = new.into_iter().map(|user| ActiveModel { list_id: Set(id.uuid()), user_id: Set(user) });
    insert_all(tx, rows.collect()).await
}

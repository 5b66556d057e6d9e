//! Accounts. What must be unique is unique by an index, so two registrations at the same moment cannot both
//! pass a check that came before.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use domain::{
    admin::audit::AuditEntry,
    error::Fault,
    id::{TypedId, UserId},
    page::{Page, PageRequest},
    user::{
        Role, User,
        account::{Attribute, IdNumber, Phone, Username},
        ports::{AccountStore, NewUser, Taken},
    },
};
use entity::users::{ActiveModel, Column, Entity, Model};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, LikeExpr},
};
use sha2::{Digest, Sha256};

use super::hex;
use crate::sql::{
    Database,
    convert::{instant, millis, named, uuids},
    error::{fault, violated_unique},
    gather::{Gather, Lookup, padded},
    paging,
    retry::Setback,
    write::audit,
};

/// Accounts in a database.
#[derive(Clone)]
pub struct SqlAccounts {
    db: Database,
    single: Arc<Gather<ById>>,
}

/// Accounts by their id, one by one. Those of a crowd share a query.
struct ById(Database);

impl Lookup for ById {
    type Key = UserId;
    type Found = User;

    async fn read(&self, ids: &[UserId]) -> Result<HashMap<UserId, User>, Fault> {
        let padded = padded(ids).map(|id| id.uuid());
        let rows = Entity::find().filter(Column::Id.is_in(padded)).all(self.0.reader()).await.map_err(fault)?;
        rows.into_iter().map(|row| user(row).map(|user| (user.id, user))).collect()
    }
}

impl SqlAccounts {
    /// Over a database that is connected.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    #[must_use]
    pub fn new(db: Database) -> Self {
        Self { single: Arc::new(Gather::start(ById(db.clone()), db.patience())), db }
    }

    async fn one(&self, condition: Expr) -> Result<Option<Model>, Fault> {
        Entity::find().filter(condition).one(self.db.reader()).await.map_err(fault)
    }

    async fn try_insert(&self, new: &NewUser) -> Result<Result<(), Taken>, Setback> {
        let row = row(new)?;
        let tx = self.db.begin().await?;
        if let Err(error) = Entity::insert(row).exec_without_returning(&tx).await {
            return taken(&error).map(Err).ok_or_else(|| error.into());
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn try_grant(&self, id: UserId, role: Role, entry: &AuditEntry) -> Result<bool, Setback> {
        let tx = self.db.begin().await?;
        // Locked where the engine locks rows: two roles that are given at once are both kept.
        let stored = Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx).await?;
        let Some(stored) = stored else { return Ok(false) };
        let mut roles = roles(&stored.roles)?;
        if roles.contains(&role) {
            return Ok(true);
        }
        roles.push(role);
        set(&tx, id, Column::Roles, joined(&roles)).await?;
        audit(&tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn try_set_attributes(&self, id: UserId, attributes: &str, entry: &AuditEntry) -> Result<bool, Setback> {
        let tx = self.db.begin().await?;
        if !set(&tx, id, Column::Attributes, attributes.to_owned()).await? {
            return Ok(false);
        }
        audit(&tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }
}

#[async_trait]
impl AccountStore for SqlAccounts {
    async fn insert(&self, new: &NewUser) -> Result<Result<(), Taken>, Fault> {
        self.db.retried(|| self.try_insert(new)).await
    }

    async fn by_ids(&self, ids: &[UserId]) -> Result<Vec<User>, Fault> {
        match ids {
            [] => return Ok(Vec::new()),
            [id] => return Ok(self.single.find(*id).await?.into_iter().collect()),
            _ => {}
        }
        let rows = Entity::find().filter(Column::Id.is_in(uuids(ids))).all(self.db.reader()).await.map_err(fault)?;
        rows.into_iter().map(user).collect()
    }

    async fn by_phone(&self, phone: &Phone) -> Result<Option<(User, String)>, Fault> {
        let Some(mut row) = self.one(Column::Phone.eq(phone.as_str())).await? else { return Ok(None) };
        let hash = std::mem::take(&mut row.password_hash);
        Ok(Some((user(row)?, hash)))
    }

    async fn by_username(&self, username: &Username) -> Result<Option<User>, Fault> {
        self.one(Column::UsernameKey.eq(key(username.as_str()))).await?.map(user).transpose()
    }

    async fn grant(&self, id: UserId, role: Role, entry: &AuditEntry) -> Result<bool, Fault> {
        self.db.retried(|| self.try_grant(id, role, entry)).await
    }

    async fn set_attributes(
        &self,
        id: UserId,
        attributes: &BTreeMap<String, Attribute>,
        entry: &AuditEntry,
    ) -> Result<bool, Fault> {
        let attributes = serde_json::to_string(attributes).map_err(Fault::internal)?;
        self.db.retried(|| self.try_set_attributes(id, &attributes, entry)).await
    }

    async fn list(&self, search: Option<&str>, page: &PageRequest<UserId>) -> Result<Page<User>, Fault> {
        let mut select = Entity::find();
        if let Some(search) = search {
            let either = Condition::any()
                .add(Column::UsernameKey.like(beginning(&key(search))))
                .add(Column::Phone.like(beginning(search)));
            select = select.filter(either);
        }
        paging::page(self.db.reader(), select, Column::Id, page, user).await
    }
}

/// Sets one column of an account. False if there is no such account.
async fn set(tx: &impl ConnectionTrait, id: UserId, column: Column, value: String) -> Result<bool, DbErr> {
    let update = Entity::update_many().col_expr(column, Expr::value(value)).filter(Column::Id.eq(id.uuid()));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// Usernames that differ in case alone are the same name.
fn key(username: &str) -> String {
    username.to_lowercase()
}

/// A pattern for what begins with `text`, whatever characters it has. The escape is not the backslash,
/// because engines disagree on how that one is written in a statement.
fn beginning(text: &str) -> LikeExpr {
    const ESCAPE: char = '!';
    let mut pattern = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape(ESCAPE)
}

/// What is stored of an ID number. The prefix keeps the digest from being compared with digests of the same
/// number that others made for other ends.
fn digest(number: &IdNumber) -> String {
    hex(&Sha256::new().chain_update(b"spike/id-number/1\0").chain_update(number.as_str()).finalize())
}

/// Which value of an account was taken.
fn taken(error: &DbErr) -> Option<Taken> {
    match violated_unique(error)?.as_str() {
        "ux_users_username_key" => Some(Taken::Username),
        "ux_users_phone" => Some(Taken::Phone),
        "ux_users_id_number_digest" => Some(Taken::IdNumber),
        _ => None,
    }
}

fn joined(roles: &[Role]) -> String {
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(",")
}

fn roles(joined: &str) -> Result<Vec<Role>, Fault> {
    joined.split(',').filter(|name| !name.is_empty()).map(named).collect()
}

fn row(new: &NewUser) -> Result<ActiveModel, Fault> {
    let user = &new.user;
    Ok(ActiveModel {
        id: Set(user.id.uuid()),
        username: Set(user.username.as_str().to_owned()),
        username_key: Set(key(user.username.as_str())),
        phone: Set(user.phone.as_str().to_owned()),
        password_hash: Set(new.password_hash.clone()),
        work_status: Set(user.work_status.name().to_owned()),
        birth_date: Set(user.birth_date),
        roles: Set(joined(&user.roles)),
        attributes: Set(serde_json::to_string(&user.attributes).map_err(Fault::internal)?),
        id_number_digest: Set(new.id_number.as_ref().map(digest)),
        created_at: Set(millis(user.created_at)),
    })
}

fn user(row: Model) -> Result<User, Fault> {
    Ok(User {
        id: UserId::from_uuid(row.id),
        username: Username::from_stored(row.username),
        phone: Phone::from_stored(row.phone),
        work_status: named(&row.work_status)?,
        birth_date: row.birth_date,
        roles: roles(&row.roles)?,
        attributes: serde_json::from_str(&row.attributes).map_err(Fault::internal)?,
        created_at: instant(row.created_at)?,
    })
}

//! Products. One that is deleted stays in its table: old campaigns still show it.

use async_trait::async_trait;
use domain::{
    admin::{
        audit::AuditEntry,
        ports::{ProductDeleted, ProductStore},
        products::Product,
    },
    clock::Instant,
    error::Fault,
    id::{CampaignId, ProductId, TypedId},
    page::{Page, PageRequest},
    spike::Stage,
};
use entity::{
    campaigns,
    products::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid,
    sea_query::Expr,
};

use crate::sql::{
    Database,
    convert::{instant, maybe_instant, millis, money, uuids},
    error::fault,
    paging,
    retry::Setback,
    write::audit,
};

/// Products in a database.
#[derive(Clone)]
pub struct SqlProducts {
    db: Database,
}

impl SqlProducts {
    /// Over a database that is connected.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_insert(&self, product: &Product, entry: &AuditEntry) -> Result<(), Setback> {
        let row = ActiveModel {
            id: Set(product.id.uuid()),
            created_at: Set(millis(product.created_at)),
            deleted_at: Set(product.deleted_at.map(millis)),
            ..editable(product)
        };
        let tx = self.db.begin().await?;
        Entity::insert(row).exec_without_returning(&tx).await?;
        audit(&tx, entry).await?;
        Ok(tx.commit().await?)
    }

    async fn try_save(&self, before: &Product, after: &Product, entry: &AuditEntry) -> Result<bool, Setback> {
        let tx = self.db.begin().await?;
        let saved = Entity::update_many()
            // Something is set in any case: a statement that sets nothing is none.
            .col_expr(Column::DeletedAt, Column::DeletedAt.into_expr())
            .set(changed(before, after))
            .filter(Column::Id.eq(after.id.uuid()))
            .filter(Column::DeletedAt.is_null())
            .exec(&tx)
            .await?;
        if saved.rows_affected == 0 {
            return Ok(false);
        }
        audit(&tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn try_delete(&self, id: ProductId, at: Instant, entry: &AuditEntry) -> Result<ProductDeleted, Setback> {
        let tx = self.db.begin().await?;
        // The update first: it locks the row, so no campaign of the product is made while this one looks for
        // such. See `in_range`.
        let marked = Entity::update_many()
            .col_expr(Column::DeletedAt, Expr::value(millis(at)))
            .filter(Column::Id.eq(id.uuid()))
            .filter(Column::DeletedAt.is_null())
            .exec(&tx)
            .await?;
        if marked.rows_affected == 0 {
            return Ok(ProductDeleted::NotFound);
        }
        if let Some(campaign) = selling(&tx, id, at).await? {
            return Ok(ProductDeleted::InUse(campaign));
        }
        audit(&tx, entry).await?;
        tx.commit().await?;
        Ok(ProductDeleted::Deleted)
    }
}

#[async_trait]
impl ProductStore for SqlProducts {
    async fn insert(&self, product: &Product, entry: &AuditEntry) -> Result<(), Fault> {
        self.db.retried(|| self.try_insert(product, entry)).await
    }

    async fn save(&self, before: &Product, after: &Product, entry: &AuditEntry) -> Result<bool, Fault> {
        self.db.retried(|| self.try_save(before, after, entry)).await
    }

    async fn delete(&self, id: ProductId, at: Instant, entry: &AuditEntry) -> Result<ProductDeleted, Fault> {
        self.db.retried(|| self.try_delete(id, at, entry)).await
    }

    async fn by_ids(&self, ids: &[ProductId]) -> Result<Vec<Product>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Entity::find().filter(Column::Id.is_in(uuids(ids))).all(self.db.reader()).await.map_err(fault)?;
        rows.into_iter().map(product).collect()
    }

    async fn list(&self, page: &PageRequest<ProductId>) -> Result<Page<Product>, Fault> {
        let select = Entity::find().filter(Column::DeletedAt.is_null());
        paging::page(self.db.reader(), select, Column::Id, page, product).await
    }
}

/// Whether a product exists and is not deleted. It stays so until the transaction ends: its row is locked
/// where the engine locks rows.
pub(super) async fn in_range(tx: &impl ConnectionTrait, id: ProductId) -> Result<bool, DbErr> {
    let found = Entity::find_by_id(id.uuid()).filter(Column::DeletedAt.is_null()).lock_exclusive().one(tx).await?;
    Ok(found.is_some())
}

/// A campaign that sells the product and is not over, be it a draft.
async fn selling(tx: &impl ConnectionTrait, id: ProductId, at: Instant) -> Result<Option<CampaignId>, DbErr> {
    let campaign: Option<Uuid> = campaigns::Entity::find()
        .select_only()
        .column(campaigns::Column::Id)
        .filter(campaigns::Column::ProductId.eq(id.uuid()))
        .filter(campaigns::Column::Stage.ne(Stage::Ended.name()))
        .filter(campaigns::Column::EndsAt.gt(millis(at)))
        .order_by_asc(campaigns::Column::Id)
        .limit(1)
        .into_tuple()
        .one(tx)
        .await?;
    Ok(campaign.map(CampaignId::from_uuid))
}

/// The columns that an administrator may change.
fn editable(product: &Product) -> ActiveModel {
    ActiveModel {
        id: NotSet,
        name: Set(product.name.clone()),
        description: Set(product.description.clone()),
        list_price_minor: Set(product.list_price.minor),
        currency: Set(product.list_price.currency.code().to_owned()),
        image_url: Set(product.image_url.clone()),
        created_at: NotSet,
        deleted_at: NotSet,
    }
}

/// Those of them that differ.
fn changed(before: &Product, after: &Product) -> ActiveModel {
    let mut row = editable(after);
    if before.name == after.name {
        row.name = NotSet;
    }
    if before.description == after.description {
        row.description = NotSet;
    }
    if before.list_price == after.list_price {
        (row.list_price_minor, row.currency) = (NotSet, NotSet);
    }
    if before.image_url == after.image_url {
        row.image_url = NotSet;
    }
    row
}

fn product(row: Model) -> Result<Product, Fault> {
    Ok(Product {
        id: ProductId::from_uuid(row.id),
        list_price: money(row.list_price_minor, &row.currency)?,
        created_at: instant(row.created_at)?,
        deleted_at: maybe_instant(row.deleted_at)?,
        name: row.name,
        description: row.description,
        image_url: row.image_url,
    })
}

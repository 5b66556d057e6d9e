//! Campaigns, for those who run them.

use async_trait::async_trait;
use domain::{
    admin::{
        audit::AuditEntry,
        ports::{CampaignChange, CampaignFilter, CampaignStore, LedgerAdjusted, LedgerFigures},
        stock::StockMovement,
    },
    error::Fault,
    id::{CampaignId, MovementId, OrderId, TypedId},
    page::{Page, PageRequest},
    spike::Campaign,
};
use entity::{
    campaigns::{ActiveModel, Column, Entity},
    orders, queue_messages,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{ledger, products, states};
use crate::sql::{
    Database, access,
    convert::{column, millis},
    paging,
    retry::Setback,
    spike::campaign,
    write::audit,
};

/// Campaigns in a database, for those who run them.
#[derive(Clone)]
pub struct SqlCampaigns {
    db: Database,
}

impl SqlCampaigns {
    /// Over a database that is connected.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_insert(&self, campaign: &Campaign, entry: &AuditEntry) -> Result<bool, Setback> {
        let row = ActiveModel {
            id: Set(campaign.id.uuid()),
            allocated: Set(column(campaign.allocated)?),
            epoch: Set(column(campaign.epoch)?),
            created_at: Set(millis(campaign.created_at)),
            ..editable(campaign)?
        };
        let tx = self.db.begin().await?;
        if !products::in_range(&tx, campaign.product_id).await? {
            return Ok(false);
        }
        Entity::insert(row).exec_without_returning(&tx).await?;
        audit(&tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn try_save(&self, change: &CampaignChange) -> Result<bool, Setback> {
        let campaign = &change.campaign;
        let Some(before) = campaign.version.checked_sub(1) else { return Ok(false) };
        let tx = self.db.begin().await?;
        let saved = Entity::update_many()
            .set(editable(campaign)?)
            .filter(Column::Id.eq(campaign.id.uuid()))
            .filter(Column::Version.eq(column(before)?))
            .exec(&tx)
            .await?;
        if saved.rows_affected == 0 {
            return Ok(false);
        }
        if let Some(movement) = &change.movement {
            ledger::write(&tx, movement).await?;
        }
        audit(&tx, &change.audit).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn try_delete(&self, id: CampaignId, version: u32, entry: &AuditEntry) -> Result<bool, Setback> {
        let orders = Query::select()
            .column(orders::Column::Id)
            .from(orders::Entity)
            .and_where(orders::Column::CampaignId.eq(id.uuid()))
            .to_owned();
        let messages = Query::select()
            .column(queue_messages::Column::OrderId)
            .from(queue_messages::Entity)
            .and_where(queue_messages::Column::CampaignId.eq(id.uuid()))
            .to_owned();
        let tx = self.db.begin().await?;
        // The lock in a statement before: whoever places orders holds it, and the next statement sees what they
        // placed. PostgreSQL would let the subqueries of a statement that waited look at the state before it.
        if Entity::find_by_id(id.uuid()).lock_exclusive().one(&tx).await?.is_none() {
            return Ok(false);
        }
        let deleted = Entity::delete_many()
            .filter(Column::Id.eq(id.uuid()))
            .filter(Column::Version.eq(column(version)?))
            .filter(Column::Allocated.eq(0))
            .filter(Expr::exists(orders).not())
            .filter(Expr::exists(messages).not())
            .exec(&tx)
            .await?;
        if deleted.rows_affected == 0 {
            return Ok(false);
        }
        access::forget_campaign(&tx, id).await?;
        ledger::clear(&tx, id).await?;
        audit(&tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn try_adjust(
        &self,
        id: CampaignId,
        movement: &StockMovement,
        entry: &AuditEntry,
    ) -> Result<LedgerAdjusted, Setback> {
        let max = column(Campaign::MAX_QUANTITY)?;
        let delta = i32::try_from(movement.available).ok().filter(|delta| (-max..=max).contains(delta));
        let tx = self.db.begin().await?;
        let adjusted = match delta {
            Some(delta) => take(&tx, id, delta, max).await?,
            // Beyond what any campaign can have, and what the column can be asked to add.
            None => false,
        };
        let Some(row) = Entity::find_by_id(id.uuid()).one(&tx).await? else {
            return Ok(LedgerAdjusted::NotFound);
        };
        if !adjusted {
            return Ok(LedgerAdjusted::OutOfRange);
        }
        ledger::write(&tx, movement).await?;
        audit(&tx, entry).await?;
        tx.commit().await?;
        Ok(LedgerAdjusted::Adjusted(campaign(&row)?))
    }
}

#[async_trait]
impl CampaignStore for SqlCampaigns {
    async fn insert(&self, campaign: &Campaign, entry: &AuditEntry) -> Result<bool, Fault> {
        self.db.retried(|| self.try_insert(campaign, entry)).await
    }

    async fn save(&self, change: &CampaignChange) -> Result<bool, Fault> {
        self.db.retried(|| self.try_save(change)).await
    }

    async fn delete(&self, id: CampaignId, version: u32, entry: &AuditEntry) -> Result<bool, Fault> {
        self.db.retried(|| self.try_delete(id, version, entry)).await
    }

    async fn adjust(
        &self,
        id: CampaignId,
        movement: &StockMovement,
        entry: &AuditEntry,
    ) -> Result<LedgerAdjusted, Fault> {
        self.db.retried(|| self.try_adjust(id, movement, entry)).await
    }

    async fn list(&self, filter: &CampaignFilter, page: &PageRequest<CampaignId>) -> Result<Page<Campaign>, Fault> {
        let select = Entity::find().filter(states::listed(filter));
        paging::page(self.db.reader(), select, Column::Id, page, |row| campaign(&row)).await
    }

    async fn figures(&self, id: CampaignId, among: &[OrderId]) -> Result<Option<LedgerFigures>, Fault> {
        ledger::figures(&self.db, id, among).await
    }

    async fn movements(&self, id: CampaignId, page: &PageRequest<MovementId>) -> Result<Page<StockMovement>, Fault> {
        ledger::page(self.db.reader(), id, page).await
    }
}

/// Adds `delta` to the quantity, unless orders took more than would be left or it is beyond `max`.
async fn take(tx: &impl ConnectionTrait, id: CampaignId, delta: i32, max: i32) -> Result<bool, DbErr> {
    let quantity = || Expr::col(Column::Quantity).add(delta);
    let update = Entity::update_many()
        .col_expr(Column::Quantity, quantity())
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.uuid()))
        .filter(quantity().gte(Expr::col(Column::Allocated)))
        .filter(quantity().between(0, max));
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// The columns that an administrator may change. Not what orders took, and not the epoch: others count those
/// at the same time.
fn editable(campaign: &Campaign) -> Result<ActiveModel, Fault> {
    Ok(ActiveModel {
        id: NotSet,
        product_id: Set(campaign.product_id.uuid()),
        title: Set(campaign.title.clone()),
        price_minor: Set(campaign.price.minor),
        currency: Set(campaign.price.currency.code().to_owned()),
        quantity: Set(column(campaign.quantity)?),
        allocated: NotSet,
        per_user_limit: Set(column(campaign.per_user_limit)?),
        starts_at: Set(millis(campaign.starts_at)),
        ends_at: Set(millis(campaign.ends_at)),
        payment_window_seconds: Set(column(campaign.payment_window_seconds)?),
        stage: Set(campaign.stage.name().to_owned()),
        version: Set(column(campaign.version)?),
        epoch: NotSet,
        created_at: NotSet,
    })
}

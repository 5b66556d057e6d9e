//! Campaigns for those who buy, on SQL: reading them, and the sheet from which their stock is rebuilt.
//!
//! What this module may not touch: what administrators set. The one column that it writes is the epoch.

use async_trait::async_trait;
use domain::{
    error::Fault,
    id::{CampaignId, OrderId, ProductId, TypedId, UserId},
    order::OrderStatus,
    spike::{
        Campaign, Hold,
        ports::{CampaignReader, StockSheet},
        stock::{RememberedRequest, RequestKey},
    },
};
use entity::{campaigns, orders};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};

use super::{
    Database,
    convert::{count, instant, money, named, uuids},
    error::fault,
    retry::Setback,
};

/// Campaigns in a database, for those who buy.
#[derive(Clone)]
pub struct SqlCampaignReader {
    db: Database,
}

impl SqlCampaignReader {
    /// Over a database that is connected.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }

    async fn try_open_stock_sheet(&self, id: CampaignId, epoch: u32) -> Result<Option<StockSheet>, Setback> {
        use campaigns::Column;
        let tx = self.db.begin().await?;
        // The update first: it locks the row against the consumers, so no order is placed between the sheet
        // and the epoch that it is good for.
        let raised = campaigns::Entity::update_many()
            .col_expr(Column::Epoch, Expr::col(Column::Epoch).add(1))
            .filter(Column::Id.eq(id.uuid()))
            .filter(Column::Epoch.eq(epoch))
            .exec(&tx)
            .await?;
        if raised.rows_affected == 0 {
            return Ok(None);
        }
        let Some(row) = campaigns::Entity::find_by_id(id.uuid()).one(&tx).await? else {
            return Ok(None);
        };
        let campaign = campaign(&row)?;
        let wanted = Condition::any()
            .add(orders::Column::Status.is_in(statuses(OrderStatus::has_units)))
            .add(orders::Column::RequestKey.is_not_null());
        let rows =
            orders::Entity::find().filter(orders::Column::CampaignId.eq(id.uuid())).filter(wanted).all(&tx).await?;
        tx.commit().await?;

        let mut sheet = StockSheet { campaign, holds: Vec::with_capacity(rows.len()), requests: Vec::new() };
        for row in rows {
            let hold = hold(&row, &sheet.campaign)?;
            sheet.requests.extend(RememberedRequest::of(&hold));
            if named::<OrderStatus>(&row.status)?.has_units() {
                sheet.holds.push(hold);
            }
        }
        Ok(Some(sheet))
    }
}

#[async_trait]
impl CampaignReader for SqlCampaignReader {
    async fn by_ids(&self, ids: &[CampaignId]) -> Result<Vec<Campaign>, Fault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = campaigns::Entity::find()
            .filter(campaigns::Column::Id.is_in(uuids(ids)))
            .all(self.db.reader())
            .await
            .map_err(fault)?;
        rows.iter().map(campaign).collect()
    }

    async fn open_stock_sheet(&self, id: CampaignId, epoch: u32) -> Result<Option<StockSheet>, Fault> {
        self.db.retried(|| self.try_open_stock_sheet(id, epoch)).await
    }
}

/// The names of the states of an order that are so.
pub(super) fn statuses(so: impl Fn(OrderStatus) -> bool) -> impl Iterator<Item = &'static str> {
    OrderStatus::ALL.into_iter().filter(move |status| so(*status)).map(OrderStatus::name)
}

/// A campaign of its row.
pub(super) fn campaign(row: &campaigns::Model) -> Result<Campaign, Fault> {
    Ok(Campaign {
        id: CampaignId::from_uuid(row.id),
        product_id: ProductId::from_uuid(row.product_id),
        title: row.title.clone(),
        price: money(row.price_minor, &row.currency)?,
        quantity: count(row.quantity)?,
        allocated: count(row.allocated)?,
        per_user_limit: count(row.per_user_limit)?,
        starts_at: instant(row.starts_at)?,
        ends_at: instant(row.ends_at)?,
        payment_window_seconds: count(row.payment_window_seconds)?,
        stage: named(&row.stage)?,
        version: count(row.version)?,
        epoch: count(row.epoch)?,
        created_at: instant(row.created_at)?,
    })
}

/// The hold that an order came from, in the campaign's present life. What the order does not keep of it, the
/// campaign knows.
fn hold(row: &orders::Model, campaign: &Campaign) -> Result<Hold, Fault> {
    Ok(Hold {
        order_id: OrderId::from_uuid(row.id),
        campaign_id: campaign.id,
        user_id: UserId::from_uuid(row.user_id),
        quantity: count(row.quantity)?,
        unit_price: money(row.unit_price_minor, &row.currency)?,
        per_user_limit: campaign.per_user_limit,
        payment_window_seconds: campaign.payment_window_seconds,
        // It was checked when it came in: one that cannot be read now is a defect and not a bad argument.
        request_key: row.request_key.as_deref().map(RequestKey::parse).transpose().map_err(Fault::internal)?,
        grabbed_at: instant(row.created_at)?,
        epoch: campaign.epoch,
    })
}

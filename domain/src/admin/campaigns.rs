//! Preparing and changing campaigns. What may change depends on the state: a price that people see is not
//! a draft any more.

use std::sync::Arc;

use chrono::{DateTime, Datelike};
use rust_decimal::Decimal;

use super::{
    audit::Auditor,
    ports::{CampaignChange, CampaignFilter, CampaignStore, ProductStore},
    products::{PriceError, price},
};
use crate::{
    clock::{Clock, Instant},
    error::{Failure, Fault, Refusal, Refusals},
    id::{CampaignId, IdSource, ProductId},
    money::{Currency, Money},
    page::{Page, PageRequest},
    spike::{
        Campaign, CampaignState, Stage,
        catalog::{CampaignView, Catalog},
        ports::{CampaignReader, StockStore},
        stock::SaleTerms,
    },
    text,
    user::Administrator,
};

/// Why a campaign was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "described in the graph, under CampaignErrorCode")]
pub enum CampaignRefusal {
    CampaignNotFound,
    ProductNotFound,
    InvalidTitle,
    InvalidPrice,
    WrongCurrency,
    InvalidQuantity,
    InvalidLimit,
    InvalidPaymentWindow,
    InvalidSchedule,
    NotAllowedInState,
    HasOrders,
    ChangedMeanwhile,
}

/// What a new campaign is made of, or what an update replaces (`None` leaves as it is).
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields of the graph's CreateCampaignInput")]
pub struct CampaignForm {
    pub product_id: Option<ProductId>,
    pub title: Option<String>,
    pub price: Option<(Decimal, Currency)>,
    pub quantity: Option<i32>,
    pub per_user_limit: Option<i32>,
    pub starts_at: Option<Instant>,
    pub ends_at: Option<Instant>,
    pub payment_window_seconds: Option<i32>,
}

/// Prepares and changes campaigns.
pub struct Campaigns {
    pub(super) store: Arc<dyn CampaignStore>,
    pub(super) reader: Arc<dyn CampaignReader>,
    products: Arc<dyn ProductStore>,
    pub(super) stock: Arc<dyn StockStore>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) auditor: Auditor,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    currency: Currency,
}

impl Campaigns {
    /// Wires the service. `currency` is the shop's one currency.
    #[expect(clippy::too_many_arguments, reason = "a wiring, called once")]
    pub fn new(
        store: Arc<dyn CampaignStore>,
        reader: Arc<dyn CampaignReader>,
        products: Arc<dyn ProductStore>,
        stock: Arc<dyn StockStore>,
        catalog: Arc<Catalog>,
        auditor: Auditor,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        currency: Currency,
    ) -> Self {
        Self { store, reader, products, stock, catalog, auditor, clock, ids, currency }
    }

    /// Lists campaigns for anybody; drafts for administrators alone.
    pub async fn list(
        &self,
        admin: Option<Administrator>,
        states: Vec<CampaignState>,
        page: &PageRequest<CampaignId>,
    ) -> Result<Page<Campaign>, Fault> {
        let filter = CampaignFilter { states, with_drafts: admin.is_some(), now: self.clock.now() };
        self.store.list(&filter, page).await
    }

    /// Makes a draft.
    pub async fn create(
        &self,
        admin: Administrator,
        form: CampaignForm,
    ) -> Result<CampaignView, Failure<CampaignRefusal>> {
        let now = self.clock.now();
        let not_found = || Refusal::at(CampaignRefusal::ProductNotFound, "productId", "there is no such product");
        let blank = Campaign {
            id: self.ids.next(now),
            product_id: form.product_id.ok_or_else(not_found)?,
            title: String::new(),
            price: Money::new(0, self.currency),
            quantity: 0,
            allocated: 0,
            per_user_limit: 1,
            starts_at: now,
            ends_at: now,
            payment_window_seconds: 900,
            stage: Stage::Draft,
            version: 1,
            epoch: 0,
            created_at: now,
        };
        let campaign = self.checked(blank, form).await?;
        let audit = self.auditor.entry(admin, "createCampaign", campaign.id, campaign.title.clone());
        if !self.store.insert(&campaign, &audit).await? {
            return Err(not_found().into());
        }
        self.catalog.forget(campaign.id).await;
        Ok(self.catalog.view(Arc::new(campaign)).await?)
    }

    /// Changes what is given of a campaign, as far as its state allows.
    pub async fn update(
        &self,
        admin: Administrator,
        id: CampaignId,
        form: CampaignForm,
    ) -> Result<CampaignView, Failure<CampaignRefusal>> {
        let campaign = self.read(id).await?;
        let state = campaign.state(self.clock.now(), campaign.unallocated());
        let frozen = frozen_fields(state, &form);
        if !frozen.is_empty() {
            let message = format!("{} cannot change any more: the campaign is {}", frozen.join(", "), state.name());
            return Err(Refusal {
                code: CampaignRefusal::NotAllowedInState,
                message: message.into(),
                field: vec![frozen[0].into()],
            }
            .into());
        }
        let campaign = self.checked(campaign, form).await?;
        let audit = self.auditor.entry(admin, "updateCampaign", id, campaign.title.clone());
        self.save(CampaignChange { campaign, movement: None, audit }).await
    }

    /// Deletes a campaign that has not started and has no orders.
    pub async fn delete(&self, admin: Administrator, id: CampaignId) -> Result<CampaignId, Failure<CampaignRefusal>> {
        let campaign = self.read(id).await?;
        let now = self.clock.now();
        if campaign.stage != Stage::Draft && now >= campaign.starts_at {
            let message = "a campaign that has started cannot be deleted; end it";
            return Err(Refusal::new(CampaignRefusal::NotAllowedInState, message).into());
        }
        let audit = self.auditor.entry(admin, "deleteCampaign", id, campaign.title.clone());
        if !self.store.delete(id, campaign.version, &audit).await? {
            let unchanged = self.read(id).await?.version == campaign.version;
            let has_orders = || Refusal::new(CampaignRefusal::HasOrders, "the campaign has orders");
            return Err(if unchanged { has_orders() } else { changed_meanwhile() }.into());
        }
        self.stock.unload(id).await?;
        self.catalog.forget(id).await;
        Ok(id)
    }

    /// Reads a campaign past the cache: what is changed must be what is stored.
    pub(super) async fn read(&self, id: CampaignId) -> Result<Campaign, Failure<CampaignRefusal>> {
        let not_found = || Refusal::at(CampaignRefusal::CampaignNotFound, "campaignId", "there is no such campaign");
        Ok(self.reader.by_ids(&[id]).await?.pop().ok_or_else(not_found)?)
    }

    /// Stores a change, and then tells the stock store its terms. If that second step is lost,
    /// [`crate::spike::opening::Opening::keep_in_step`] makes it up.
    pub(super) async fn save(&self, mut change: CampaignChange) -> Result<CampaignView, Failure<CampaignRefusal>> {
        change.campaign.version += 1;
        if !self.store.save(&change).await? {
            return Err(changed_meanwhile().into());
        }
        let campaign = change.campaign;
        self.stock.set_terms(campaign.id, &SaleTerms::from(&campaign)).await?;
        self.catalog.forget(campaign.id).await;
        Ok(self.catalog.view(Arc::new(campaign)).await?)
    }

    pub(super) async fn checked(
        &self,
        mut campaign: Campaign,
        form: CampaignForm,
    ) -> Result<Campaign, Failure<CampaignRefusal>> {
        use CampaignRefusal as Code;
        let mut refusals = Refusals::default();
        let bounded = |value: i32, max: u32| u32::try_from(value).ok().filter(|n| (1..=max).contains(n));

        if let Some(product) = form.product_id {
            match self.products.by_ids(&[product]).await?.pop() {
                Some(found) if found.deleted_at.is_none() => campaign.product_id = product,
                _ => refusals.push(Refusal::at(Code::ProductNotFound, "productId", "there is no such product")),
            }
        }
        if let Some(title) = form.title {
            title.trim().clone_into(&mut campaign.title);
        }
        if !text::fits(&campaign.title, 1, 120, false) {
            refusals.push(Refusal::at(Code::InvalidTitle, "title", "a title has 1 to 120 characters"));
        }
        if let Some((amount, currency)) = form.price {
            let price = price(amount, currency, self.currency).map_err(|error| {
                let code =
                    if matches!(error, PriceError::Currency(_)) { Code::WrongCurrency } else { Code::InvalidPrice };
                Refusal::at(code, "price", error.to_string())
            });
            campaign.price = refusals.keep(price).unwrap_or(campaign.price);
        }
        if let Some(quantity) = form.quantity {
            let message = format!("a quantity is 1 to {}", Campaign::MAX_QUANTITY);
            let quantity = bounded(quantity, Campaign::MAX_QUANTITY)
                .ok_or_else(|| Refusal::at(Code::InvalidQuantity, "quantity", message));
            campaign.quantity = refusals.keep(quantity).unwrap_or(campaign.quantity);
        }
        if let Some(limit) = form.per_user_limit {
            let limit = bounded(limit, 1_000)
                .ok_or_else(|| Refusal::at(Code::InvalidLimit, "perUserLimit", "a limit is 1 to 1000"));
            campaign.per_user_limit = refusals.keep(limit).unwrap_or(campaign.per_user_limit);
        }
        if let Some(seconds) = form.payment_window_seconds {
            let message = "a payment window is 1 second to 30 days";
            let seconds = bounded(seconds, 30 * 86_400)
                .ok_or_else(|| Refusal::at(Code::InvalidPaymentWindow, "paymentWindowSeconds", message));
            campaign.payment_window_seconds = refusals.keep(seconds).unwrap_or(campaign.payment_window_seconds);
        }
        let rescheduled = form.starts_at.is_some() || form.ends_at.is_some();
        // In whole milliseconds, as they are stored: what is answered now is what is read later.
        campaign.starts_at = whole_millis(form.starts_at.unwrap_or(campaign.starts_at));
        campaign.ends_at = whole_millis(form.ends_at.unwrap_or(campaign.ends_at));
        // RFC 3339 has four digits for a year.
        let unwritable = [("startsAt", campaign.starts_at), ("endsAt", campaign.ends_at)]
            .into_iter()
            .find(|(_, at)| !(1970..=9999).contains(&at.year()));
        if let Some((field, _)) = unwritable {
            refusals.push(Refusal::at(Code::InvalidSchedule, field, "must lie between the years 1970 and 9999"));
        } else if rescheduled && campaign.ends_at <= campaign.starts_at {
            refusals.push(Refusal::at(Code::InvalidSchedule, "endsAt", "a campaign ends after it starts"));
        } else if rescheduled && campaign.ends_at <= self.clock.now() {
            refusals.push(Refusal::at(Code::InvalidSchedule, "endsAt", "a campaign ends in the future"));
        } else if campaign.ends_at - campaign.starts_at > chrono::Duration::days(366) {
            refusals.push(Refusal::at(Code::InvalidSchedule, "endsAt", "a campaign lasts a year at most"));
        }
        refusals.check()?;
        Ok(campaign)
    }
}

fn changed_meanwhile() -> Refusal<CampaignRefusal> {
    let message = "somebody else changed the campaign at the same time; look at it again";
    Refusal::new(CampaignRefusal::ChangedMeanwhile, message)
}

/// An instant as it is stored. A leap second is the one after it.
fn whole_millis(at: Instant) -> Instant {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

/// The given fields that cannot change in this state.
fn frozen_fields(state: CampaignState, form: &CampaignForm) -> Vec<&'static str> {
    let running = !matches!(state, CampaignState::Draft | CampaignState::Scheduled);
    let over = state == CampaignState::Ended;
    let published = state != CampaignState::Draft;
    [
        ("quantity", published && form.quantity.is_some()),
        ("productId", published && form.product_id.is_some()),
        ("price", running && form.price.is_some()),
        ("startsAt", running && form.starts_at.is_some()),
        ("endsAt", over && form.ends_at.is_some()),
        ("perUserLimit", over && form.per_user_limit.is_some()),
        ("paymentWindowSeconds", over && form.payment_window_seconds.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, frozen)| frozen.then_some(field))
    .collect()
}

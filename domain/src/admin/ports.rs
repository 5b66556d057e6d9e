//! What running a sale needs of the world.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use super::{audit::AuditEntry, products::Product, stock::StockMovement};
use crate::{
    clock::Instant,
    error::Fault,
    id::{AuditEntryId, CampaignId, MovementId, OrderId, ProductId},
    order::OrderStatus,
    page::{Page, PageRequest},
    spike::{Campaign, CampaignState},
};

/// Reads the audit log. Entries are written by the stores, with the changes that they are about.
#[async_trait]
pub trait AuditStore: Send + Sync + 'static {
    /// The log, the newest entry first.
    async fn list(&self, page: &PageRequest<AuditEntryId>) -> Result<Page<AuditEntry>, Fault>;
}

/// Stores products.
#[async_trait]
pub trait ProductStore: Send + Sync + 'static {
    /// Stores a new product.
    async fn insert(&self, product: &Product, audit: &AuditEntry) -> Result<(), Fault>;
    /// Writes what differs between the two states of a product that is not deleted, and leaves the rest to those
    /// who change it at the same time. False if there is none.
    async fn save(&self, before: &Product, after: &Product, audit: &AuditEntry) -> Result<bool, Fault>;
    /// Marks a product as deleted, unless a campaign that is not over needs it.
    async fn delete(&self, id: ProductId, at: Instant, audit: &AuditEntry) -> Result<ProductDeleted, Fault>;
    /// Reads products, deleted ones too: an old campaign still shows what it sold.
    async fn by_ids(&self, ids: &[ProductId]) -> Result<Vec<Product>, Fault>;
    /// Products that are not deleted.
    async fn list(&self, page: &PageRequest<ProductId>) -> Result<Page<Product>, Fault>;
}

/// What came of deleting a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductDeleted {
    /// Deleted.
    Deleted,
    /// There is no such product.
    NotFound,
    /// This campaign sells it and is not over.
    InUse(CampaignId),
}

/// A change of a campaign, with what belongs to it.
#[derive(Debug, Clone)]
pub struct CampaignChange {
    /// The campaign as it shall be, its version already raised by one. What orders took is not written.
    pub campaign: Campaign,
    /// The first movement of its stock, when it is published.
    pub movement: Option<StockMovement>,
    /// Who did it.
    pub audit: AuditEntry,
}

/// What came of an adjustment in the database.
#[derive(Debug, Clone)]
pub enum LedgerAdjusted {
    /// Done.
    Adjusted(Campaign),
    /// There is no such campaign.
    NotFound,
    /// Fewer units are unallocated than are to be taken away, or more than a campaign can have.
    OutOfRange,
}

/// Which campaigns a list is about. The states follow from the clock, so it is given.
#[derive(Debug, Clone)]
pub struct CampaignFilter {
    /// In one of these states; all if empty.
    pub states: Vec<CampaignState>,
    /// Whether drafts are listed at all.
    pub with_drafts: bool,
    /// Now.
    pub now: Instant,
}

/// What the ledgers say of a campaign, read in one transaction.
#[derive(Debug, Clone, Default)]
pub struct LedgerFigures {
    /// Units of the campaign in all, and in orders, as its row says.
    pub quantity: u32,
    /// Units in orders that hold or bought them, as the campaign's row says.
    pub allocated: u32,
    /// Sums of the stock movements.
    pub moved_available: i64,
    /// Sums of the stock movements.
    pub moved_held: i64,
    /// Sums of the stock movements.
    pub moved_sold: i64,
    /// Orders by state: how many, and how many units.
    pub orders: HashMap<OrderStatus, (u32, u64)>,
    /// Sum of the totals of paid orders, minor units.
    pub paid_minor: i64,
    /// What the money journal booked as revenue of the campaign, minor units.
    pub revenue_minor: i64,
    /// Sum of all postings of the journal entries of the campaign: zero.
    pub postings_minor: i64,
    /// Those of the orders asked about that are stored.
    pub placed: HashSet<OrderId>,
    /// Units of closed orders whose return to the stock store is still noted in the outbox.
    pub returning: u64,
}

/// Stores campaigns for those who run them.
#[async_trait]
pub trait CampaignStore: Send + Sync + 'static {
    /// Stores a new campaign. False if its product does not exist (any more).
    async fn insert(&self, campaign: &Campaign, audit: &AuditEntry) -> Result<bool, Fault>;
    /// Writes a change if the stored version is the one before. False if it is not, or is gone.
    async fn save(&self, change: &CampaignChange) -> Result<bool, Fault>;
    /// Deletes a campaign of this version that has no orders. False if that is not so.
    async fn delete(&self, id: CampaignId, version: u32, audit: &AuditEntry) -> Result<bool, Fault>;
    /// Changes the quantity by `movement.available`, never below what orders took.
    async fn adjust(
        &self,
        id: CampaignId,
        movement: &StockMovement,
        audit: &AuditEntry,
    ) -> Result<LedgerAdjusted, Fault>;
    /// Lists campaigns, the newest first.
    async fn list(&self, filter: &CampaignFilter, page: &PageRequest<CampaignId>) -> Result<Page<Campaign>, Fault>;
    /// What the ledgers say, and which of the orders `among` are stored; none if there is no such campaign.
    async fn figures(&self, id: CampaignId, among: &[OrderId]) -> Result<Option<LedgerFigures>, Fault>;
    /// The movements of a campaign's stock, the newest first.
    async fn movements(&self, id: CampaignId, page: &PageRequest<MovementId>) -> Result<Page<StockMovement>, Fault>;
}

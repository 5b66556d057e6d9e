//! Reading in batches: what one operation needs of a kind is read with one call of the use case.
//!
//! # Why nothing is cached, and where the loaders live
//! The extension of [`crate::operation`] makes fresh loaders for each execution: a query, a mutation, or
//! **one event of a subscription**. They are no data of the request or of the WebSocket, because what is
//! attached when a socket opens is shared by all its operations for hours. Within an execution they only
//! batch and keep nothing, so that the second mutation of a document sees what the first has done; that an
//! object is read once is the affair of its [`crate::link::Link`].

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use async_graphql::dataloader::{DataLoader, Loader};
use domain::{
    admin::products::Product,
    id::{CampaignId, OrderId, ProductId, UserId},
    money::Money,
    order::Order,
    services::Services,
    spike::Campaign,
    user::{Administrator, User},
};
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;

use crate::errors::Problem;

/// What one execution reads with.
pub(crate) struct Loaders {
    pub(crate) batch: DataLoader<Batch>,
    /// That the viewer is an administrator, once it was asked.
    pub(crate) administrator: OnceCell<Administrator>,
}

impl Loaders {
    /// Rows that are read with one call at most.
    const BATCH: usize = 500;

    pub(crate) fn new(services: Arc<Services>) -> Self {
        let batch = DataLoader::new(Batch(services), tokio::spawn).max_batch_size(Self::BATCH);
        Self { batch, administrator: OnceCell::new() }
    }
}

/// Reads rows by key, for all who ask in the same moment.
pub struct Batch(Arc<Services>);

/// The key of a user's balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BalanceOf(pub UserId);

/// The key of a buyer's orders in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrdersOf {
    /// Whose.
    pub buyer: UserId,
    /// In which campaign.
    pub campaign: CampaignId,
}

type Found<K, V> = Result<HashMap<K, V>, Problem>;

fn by_key<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Arc<V>> {
    rows.into_iter().map(|row| (key(&row), Arc::new(row))).collect()
}

impl Loader<CampaignId> for Batch {
    type Value = Arc<Campaign>;
    type Error = Problem;

    async fn load(&self, ids: &[CampaignId]) -> Found<CampaignId, Arc<Campaign>> {
        let found = self.0.catalog.find_many(ids).await?;
        Ok(found.into_iter().map(|campaign| (campaign.id, campaign)).collect())
    }
}

impl Loader<ProductId> for Batch {
    type Value = Arc<Product>;
    type Error = Problem;

    async fn load(&self, ids: &[ProductId]) -> Found<ProductId, Arc<Product>> {
        Ok(by_key(self.0.products.by_ids(ids).await?, |product| product.id))
    }
}

impl Loader<UserId> for Batch {
    type Value = Arc<User>;
    type Error = Problem;

    async fn load(&self, ids: &[UserId]) -> Found<UserId, Arc<User>> {
        Ok(by_key(self.0.users.by_ids(ids).await?, |user| user.id))
    }
}

impl Loader<OrderId> for Batch {
    type Value = Arc<Order>;
    type Error = Problem;

    async fn load(&self, ids: &[OrderId]) -> Found<OrderId, Arc<Order>> {
        Ok(by_key(self.0.orders.find_many(ids).await?, |order| order.id))
    }
}

impl Loader<BalanceOf> for Batch {
    type Value = Money;
    type Error = Problem;

    async fn load(&self, keys: &[BalanceOf]) -> Found<BalanceOf, Money> {
        let users: Vec<UserId> = keys.iter().map(|key| key.0).collect();
        let balances = self.0.balances.of(&users).await?;
        Ok(keys.iter().copied().zip(balances).collect())
    }
}

impl Loader<OrdersOf> for Batch {
    type Value = Vec<Arc<Order>>;
    type Error = Problem;

    async fn load(&self, keys: &[OrdersOf]) -> Found<OrdersOf, Vec<Arc<Order>>> {
        let buyers: HashSet<UserId> = keys.iter().map(|key| key.buyer).collect();
        let read = buyers.into_iter().map(|buyer| async move {
            let campaigns: Vec<_> = keys.iter().filter(|key| key.buyer == buyer).map(|key| key.campaign).collect();
            self.0.orders.of_user_in(buyer, &campaigns).await
        });
        let mut found: HashMap<OrdersOf, Vec<Arc<Order>>> = HashMap::new();
        for order in try_join_all(read).await?.into_iter().flatten() {
            let key = OrdersOf { buyer: order.user_id, campaign: order.campaign_id };
            found.entry(key).or_default().push(Arc::new(order));
        }
        Ok(found)
    }
}

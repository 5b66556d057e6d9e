//! Links between entities: an id, and what is stored of it once somebody asks.
//!
//! A link is a permission. Whoever makes one has seen to it that the viewer may see what it leads to (an
//! order of their own, a user whom an administrator looks at), so the parts that show it ask no more.
//! Selecting nothing but the id of a link reads nothing.

use std::{hash::Hash, sync::Arc};

use async_graphql::{Context, dataloader::Loader};
use domain::{
    admin::products::Product,
    id::{CampaignId, OrderId, ProductId, TypedId, UserId},
    order::Order,
    spike::{Campaign, catalog::CampaignView},
    user::User,
};
use tokio::sync::OnceCell;

use crate::{
    context::Asked,
    errors::{Problem, Result},
    loaders::Batch,
};

/// Something stored that others link to by its id.
pub trait Stored: Send + Sync + 'static {
    /// Its identity.
    type Id: TypedId + Hash;
    /// Its identity.
    fn id(&self) -> Self::Id;
}

/// A link to something stored. Clones share what was read.
pub struct Link<T: Stored>(Arc<(T::Id, OnceCell<Arc<T>>)>);

/// A link to a user.
pub type UserRef = Link<User>;
/// A link to an order.
pub type OrderRef = Link<Order>;
/// A link to a product.
pub type ProductRef = Link<Product>;

impl<T: Stored> Clone for Link<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Stored> Link<T> {
    /// A link to what has this id. It exists.
    pub fn to(id: T::Id) -> Self {
        Self(Arc::new((id, OnceCell::new())))
    }

    /// A link to what was read already.
    pub fn of(stored: impl Into<Arc<T>>) -> Self {
        let stored = stored.into();
        Self(Arc::new((stored.id(), OnceCell::new_with(Some(stored)))))
    }

    /// Where it leads.
    #[must_use]
    pub fn id(&self) -> T::Id {
        self.0.0
    }
}

impl<T: Stored> Link<T>
where
    Batch: Loader<T::Id, Value = Arc<T>, Error = Problem>,
{
    /// What is stored, read once for all links that are shown in the same moment.
    pub(crate) async fn stored(&self, ctx: &Context<'_>) -> Result<&Arc<T>> {
        let (id, stored) = &*self.0;
        let read = async {
            let found = ctx.loaders()?.batch.load_one(*id).await?;
            found.ok_or_else(|| Problem::internal(&format!("{id} is linked and not stored")))
        };
        stored.get_or_try_init(|| read).await
    }
}

/// A link to a campaign, and how it is seen now.
#[derive(Clone)]
pub struct CampaignRef {
    link: Link<Campaign>,
    view: Arc<OnceCell<CampaignView>>,
}

impl CampaignRef {
    /// A link to the campaign of this id. It exists.
    #[must_use]
    pub fn to(id: CampaignId) -> Self {
        Self { link: Link::to(id), view: Arc::default() }
    }

    /// A link to a campaign that was read already.
    pub fn of(campaign: impl Into<Arc<Campaign>>) -> Self {
        Self { link: Link::of(campaign), view: Arc::default() }
    }

    /// A link to a campaign as it was just seen.
    #[must_use]
    pub fn seen(view: CampaignView) -> Self {
        let link = Link::of(Arc::clone(&view.campaign));
        Self { link, view: Arc::new(OnceCell::new_with(Some(view))) }
    }

    /// Where it leads.
    #[must_use]
    pub fn id(&self) -> CampaignId {
        self.link.id()
    }

    /// What is stored.
    pub(crate) async fn stored(&self, ctx: &Context<'_>) -> Result<&Arc<Campaign>> {
        self.link.stored(ctx).await
    }

    /// Its state and what is left of it, at one moment.
    pub(crate) async fn view(&self, ctx: &Context<'_>) -> Result<&CampaignView> {
        let look = async {
            let campaign = Arc::clone(self.stored(ctx).await?);
            Ok(ctx.services()?.catalog.view(campaign).await?)
        };
        self.view.get_or_try_init(|| look).await
    }
}

macro_rules! stored {
    ($($ty:ty: $id:ty),*) => {$(
        impl Stored for $ty {
            type Id = $id;
            fn id(&self) -> $id {
                self.id
            }
        }
    )*};
}
stored!(Campaign: CampaignId, Order: OrderId, Product: ProductId, User: UserId);

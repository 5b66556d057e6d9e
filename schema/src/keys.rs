//! The key of each entity: the part that all graphs have.

use async_graphql::{ID, Object};

use crate::{
    ids,
    link::{CampaignRef, OrderRef, ProductRef, UserRef},
};

macro_rules! key {
    ($(#[$doc:meta])* $name:ident $graphql:literal of $link:ident) => {
        $(#[$doc])*
        pub struct $name($link);

        impl From<$link> for $name {
            fn from(link: $link) -> Self {
                Self(link)
            }
        }

        #[Object(name = $graphql)]
        impl $name {
            /// Identity: opaque, and sortable by the time at which it was made.
            async fn id(&self) -> ID {
                ids::shown(self.0.id())
            }
        }
    };
}

key!(/// The key of a campaign.
    CampaignKey "CampaignKey" of CampaignRef);
key!(/// The key of a product.
    ProductKey "ProductKey" of ProductRef);
key!(/// The key of an order.
    OrderKey "OrderKey" of OrderRef);
key!(/// The key of a user.
    UserKey "UserKey" of UserRef);

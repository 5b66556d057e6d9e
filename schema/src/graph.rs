//! What links into another domain return: the one thing in which the whole graph and the five subgraphs
//! differ.
//!
//! Each domain contributes *parts*: `CampaignInOrder<G>` are the fields that orders add to a campaign,
//! `OrderQuery<G>` the queries of orders. A graph merges parts into entity types and root types, and its
//! [`Graph`] says which types those are. So an order's `campaign` is the full `Campaign` in the whole graph,
//! and in the order subgraph a `Campaign` that has its key and what orders contribute.
//!
//! The name of a part must be unique and never shows: an entity type is always merged, also of one part.

use async_graphql::OutputType;

use crate::link::{CampaignRef, OrderRef, ProductRef, UserRef};

/// The entity types of a graph.
pub trait Graph: Default + Send + Sync + 'static {
    /// What is called `Campaign`.
    type Campaign: OutputType + From<CampaignRef> + 'static;
    /// What is called `Product`.
    type Product: OutputType + From<ProductRef> + 'static;
    /// What is called `Order`.
    type Order: OutputType + From<OrderRef> + 'static;
    /// What is called `User`.
    type User: OutputType + From<UserRef> + 'static;
}

/// Declares a part of an entity: a struct with a link, made from the link.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident of $link:ident) => {
        $(#[$doc])*
        pub struct $name<G> {
            link: $crate::link::$link,
            graph: std::marker::PhantomData<fn() -> G>,
        }

        impl<G> From<$crate::link::$link> for $name<G> {
            fn from(link: $crate::link::$link) -> Self {
                Self { link, graph: std::marker::PhantomData }
            }
        }
    };
}
pub(crate) use part;

/// Declares a part of a root type: a struct of nothing.
macro_rules! root {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Default)]
        pub struct $name<G>(std::marker::PhantomData<fn() -> G>);
    };
}
pub(crate) use root;

/// Declares the entity type of a graph, merged of parts. What it is called and how it is described is the
/// same in every graph.
macro_rules! entity {
    (Campaign $name:ident ($($part:ty),+ $(,)?)) => {
        $crate::graph::entity! { @merge
            /// A campaign: one sale of one product at one price, in a window of time. It starts and ends by itself.
            /// Drafts are visible to administrators alone.
            "Campaign" $name CampaignRef ($($part),+)
        }
    };
    (Product $name:ident ($($part:ty),+ $(,)?)) => {
        $crate::graph::entity! { @merge
            /// What a campaign sells.
            "Product" $name ProductRef ($($part),+)
        }
    };
    (Order $name:ident ($($part:ty),+ $(,)?)) => {
        $crate::graph::entity! { @merge
            /// Units of a campaign that are one buyer's, at the price at which they were grabbed. Visible to its buyer
            /// and to administrators.
            "Order" $name OrderRef ($($part),+)
        }
    };
    (User $name:ident ($($part:ty),+ $(,)?)) => {
        $crate::graph::entity! { @merge
            /// A registered person. Visible to themselves and to administrators.
            "User" $name UserRef ($($part),+)
        }
    };
    (@merge $(#[$doc:meta])* $graphql:literal $name:ident $link:ident ($($part:ty),+)) => {
        $(#[$doc])*
        #[derive(async_graphql::MergedObject)]
        #[graphql(name = $graphql)]
        pub struct $name($($part),+);

        impl From<$crate::link::$link> for $name {
            fn from(link: $crate::link::$link) -> Self {
                Self($(<$part>::from(link.clone())),+)
            }
        }
    };
}
pub(crate) use entity;

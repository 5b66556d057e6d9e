//! The whole graph: every part of every domain, in one process and with no gateway.

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use crate::{
    access::{
        attributes::{AttributeMutation, UserInAccess},
        lists::AccessListMutation,
        query::AccessQuery,
        rules::RuleMutation,
        types::CampaignInAccess,
    },
    admin::{
        campaigns::CampaignMutation, lifecycle::LifecycleMutation, products::ProductMutation, query::AdminQuery,
        stock::StockMutation, types::CampaignInAdmin,
    },
    graph::{Graph, entity},
    keys::{CampaignKey, OrderKey, ProductKey, UserKey},
    order::{
        entity::{OrderFacts, OrderInOrder},
        mutation::OrderMutation,
        query::OrderQuery,
        subscription::OrderSubscription,
        types::{CampaignInOrder, UserInOrder},
    },
    spike::{
        mutation::SpikeMutation,
        query::SpikeQuery,
        subscription::SpikeSubscription,
        types::{CampaignInSpike, ProductInSpike},
    },
    user::{mutation::UserMutation, query::UserQuery, types::UserInUser},
};

/// The whole graph.
#[derive(Default)]
pub struct Whole;

impl Graph for Whole {
    type Campaign = Campaign;
    type Product = Product;
    type Order = Order;
    type User = User;
}

entity!(Campaign Campaign(
    CampaignKey,
    CampaignInSpike<Whole>,
    CampaignInAccess<Whole>,
    CampaignInOrder<Whole>,
    CampaignInAdmin<Whole>,
));
entity!(Product Product(ProductKey, ProductInSpike<Whole>));
entity!(Order Order(OrderKey, OrderFacts<Whole>, OrderInOrder<Whole>));
entity!(User User(UserKey, UserInUser<Whole>, UserInAccess<Whole>, UserInOrder<Whole>));

/// What can be read. Nothing here changes anything.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(UserQuery<Whole>, SpikeQuery<Whole>, AccessQuery<Whole>, OrderQuery<Whole>, AdminQuery<Whole>);

/// What can be done: one mutation for each action. What a user can cause or expect is told in `userErrors`.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(
    UserMutation<Whole>,
    SpikeMutation<Whole>,
    RuleMutation<Whole>,
    AccessListMutation<Whole>,
    AttributeMutation<Whole>,
    OrderMutation<Whole>,
    ProductMutation<Whole>,
    CampaignMutation<Whole>,
    LifecycleMutation<Whole>,
    StockMutation<Whole>,
);

/// What can be watched: over a WebSocket, as server-sent events or in a multipart answer.
#[derive(MergedSubscription, Default)]
#[graphql(name = "Subscription")]
pub struct Subscription(SpikeSubscription<Whole>, OrderSubscription<Whole>);

/// The schema of the whole graph.
pub type WholeSchema = Schema<Query, Mutation, Subscription>;

/// The whole graph without its use cases: enough to export it.
pub(crate) fn bare() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

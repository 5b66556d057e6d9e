//! The spike subgraph: campaigns, products and the grab.

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use crate::{
    entities::{CampaignEntity, OrderEntity, ProductEntity},
    graph::{Graph, entity},
    keys::{CampaignKey, OrderKey, ProductKey, UserKey},
    order::entity::OrderFacts,
    spike::{
        mutation::SpikeMutation,
        query::SpikeQuery,
        subscription::SpikeSubscription,
        types::{CampaignInSpike, ProductInSpike},
    },
};

/// The spike subgraph.
#[derive(Default)]
pub struct Subgraph;

impl Graph for Subgraph {
    type Campaign = Campaign;
    type Product = Product;
    type Order = Order;
    type User = UserKey;
}

entity!(Campaign Campaign(CampaignKey, CampaignInSpike<Subgraph>));
entity!(Product Product(ProductKey, ProductInSpike<Subgraph>));
entity!(Order Order(OrderKey, OrderFacts<Subgraph>));

/// What can be read. Nothing here changes anything.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(SpikeQuery<Subgraph>, CampaignEntity<Subgraph>, ProductEntity<Subgraph>, OrderEntity<Subgraph>);

/// What can be done: one mutation for each action. What a user can cause or expect is told in `userErrors`.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(SpikeMutation<Subgraph>);

/// What can be watched: over a WebSocket, as server-sent events or in a multipart answer.
#[derive(MergedSubscription, Default)]
#[graphql(name = "Subscription")]
pub struct Subscription(SpikeSubscription<Subgraph>);

pub(crate) fn bare() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

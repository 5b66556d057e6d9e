//! The order subgraph: orders, payment, balances, live status.

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use crate::{
    entities::{CampaignEntity, OrderEntity, UserEntity},
    graph::{Graph, entity},
    keys::{CampaignKey, OrderKey, ProductKey, UserKey},
    order::{
        entity::{OrderFacts, OrderInOrder},
        mutation::OrderMutation,
        query::OrderQuery,
        subscription::OrderSubscription,
        types::{CampaignInOrder, UserInOrder},
    },
};

/// The order subgraph.
#[derive(Default)]
pub struct Subgraph;

impl Graph for Subgraph {
    type Campaign = Campaign;
    type Product = ProductKey;
    type Order = Order;
    type User = User;
}

entity!(Campaign Campaign(CampaignKey, CampaignInOrder<Subgraph>));
entity!(Order Order(OrderKey, OrderFacts<Subgraph>, OrderInOrder<Subgraph>));
entity!(User User(UserKey, UserInOrder<Subgraph>));

/// What can be read. Nothing here changes anything.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(OrderQuery<Subgraph>, CampaignEntity<Subgraph>, OrderEntity<Subgraph>, UserEntity<Subgraph>);

/// What can be done: one mutation for each action. What a user can cause or expect is told in `userErrors`.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(OrderMutation<Subgraph>);

/// What can be watched: over a WebSocket, as server-sent events or in a multipart answer.
#[derive(MergedSubscription, Default)]
#[graphql(name = "Subscription")]
pub struct Subscription(OrderSubscription<Subgraph>);

pub(crate) fn bare() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

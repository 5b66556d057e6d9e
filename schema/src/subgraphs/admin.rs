//! The admin subgraph: running sales.

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

use crate::{
    admin::{
        campaigns::CampaignMutation, lifecycle::LifecycleMutation, products::ProductMutation, query::AdminQuery,
        stock::StockMutation, types::CampaignInAdmin,
    },
    entities::{CampaignEntity, OrderEntity, ProductEntity, UserEntity},
    graph::{Graph, entity},
    keys::{CampaignKey, OrderKey, ProductKey, UserKey},
    order::entity::OrderFacts,
};

/// The admin subgraph.
#[derive(Default)]
pub struct Subgraph;

impl Graph for Subgraph {
    type Campaign = Campaign;
    type Product = Product;
    type Order = Order;
    type User = User;
}

entity!(Campaign Campaign(CampaignKey, CampaignInAdmin<Subgraph>));
entity!(Product Product(ProductKey));
entity!(Order Order(OrderKey, OrderFacts<Subgraph>));
entity!(User User(UserKey));

/// What can be read. Nothing here changes anything.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(
    AdminQuery<Subgraph>,
    CampaignEntity<Subgraph>,
    ProductEntity<Subgraph>,
    OrderEntity<Subgraph>,
    UserEntity<Subgraph>,
);

/// What can be done: one mutation for each action. What a user can cause or expect is told in `userErrors`.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(
    ProductMutation<Subgraph>,
    CampaignMutation<Subgraph>,
    LifecycleMutation<Subgraph>,
    StockMutation<Subgraph>,
);

pub(crate) fn bare() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
}

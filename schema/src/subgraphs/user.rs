//! The user subgraph: accounts and sessions.

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

use crate::{
    entities::UserEntity,
    graph::{Graph, entity},
    keys::{CampaignKey, OrderKey, ProductKey, UserKey},
    user::{mutation::UserMutation, query::UserQuery, types::UserInUser},
};

/// The user subgraph.
#[derive(Default)]
pub struct Subgraph;

impl Graph for Subgraph {
    type Campaign = CampaignKey;
    type Product = ProductKey;
    type Order = OrderKey;
    type User = User;
}

entity!(User User(UserKey, UserInUser<Subgraph>));

/// What can be read. Nothing here changes anything.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(UserQuery<Subgraph>, UserEntity<Subgraph>);

/// What can be done: one mutation for each action. What a user can cause or expect is told in `userErrors`.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(UserMutation<Subgraph>);

pub(crate) fn bare() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
}

//! The access subgraph: eligibility, rules, lists, attributes.

use async_graphql::{EmptySubscription, MergedObject, Schema, SchemaBuilder};

use crate::{
    access::{
        attributes::{AttributeMutation, UserInAccess},
        lists::AccessListMutation,
        query::AccessQuery,
        rules::RuleMutation,
        types::CampaignInAccess,
    },
    entities::{CampaignEntity, UserEntity},
    graph::{Graph, entity},
    keys::{CampaignKey, OrderKey, ProductKey, UserKey},
};

/// The access subgraph.
#[derive(Default)]
pub struct Subgraph;

impl Graph for Subgraph {
    type Campaign = Campaign;
    type Product = ProductKey;
    type Order = OrderKey;
    type User = User;
}

entity!(Campaign Campaign(CampaignKey, CampaignInAccess<Subgraph>));
entity!(User User(UserKey, UserInAccess<Subgraph>));

/// What can be read. Nothing here changes anything.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(AccessQuery<Subgraph>, CampaignEntity<Subgraph>, UserEntity<Subgraph>);

/// What can be done: one mutation for each action. What a user can cause or expect is told in `userErrors`.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(RuleMutation<Subgraph>, AccessListMutation<Subgraph>, AttributeMutation<Subgraph>);

pub(crate) fn bare() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
}

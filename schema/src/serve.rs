//! Graphs that are ready to execute: parts, use cases, limits.

use std::sync::Arc;

use async_graphql::{ObjectType, SDLExportOptions, SchemaBuilder, SubscriptionType};
use chrono::{DateTime, Utc};
use domain::services::Services;
use rust_decimal::Decimal;

#[cfg(feature = "subgraphs")]
use crate::any::AnySchema;
use crate::{
    document::{Limits, MAX_NESTING},
    operation::OperationFactory,
    scalars::{DATE_TIME, DECIMAL},
    subgraphs::{access, admin, order, spike, user},
    whole::{self, WholeSchema},
};

/// Which graph is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names of the domains")]
pub enum Which {
    /// All of it.
    Whole,
    User,
    Spike,
    Access,
    Admin,
    Order,
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Whole, Self::User, Self::Spike, Self::Access, Self::Admin, Self::Order];

    /// The name of its file in `schema/sdl`, without the ending.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "schema",
            Self::User => "user",
            Self::Spike => "spike",
            Self::Access => "access",
            Self::Admin => "admin",
            Self::Order => "order",
        }
    }
}

/// The whole graph over these use cases.
#[must_use]
pub fn whole(services: Arc<Services>, limits: Limits) -> WholeSchema {
    ready(whole::bare(), services, limits).finish()
}

/// The graph that a process serves, over these use cases. Behind the feature `subgraphs`: six graphs take six times as
/// long to compile as one.
#[cfg(feature = "subgraphs")]
#[must_use]
pub fn executable(which: Which, services: Arc<Services>, limits: Limits) -> AnySchema {
    let s = services;
    match which {
        Which::Whole => AnySchema::new(ready(whole::bare(), s, limits).finish()),
        Which::User => AnySchema::new(subgraph(ready(user::bare(), s, limits)).finish()),
        Which::Spike => AnySchema::new(subgraph(ready(spike::bare(), s, limits)).finish()),
        Which::Access => AnySchema::new(subgraph(ready(access::bare(), s, limits)).finish()),
        Which::Admin => AnySchema::new(subgraph(ready(admin::bare(), s, limits)).finish()),
        Which::Order => AnySchema::new(subgraph(ready(order::bare(), s, limits)).finish()),
    }
}

/// The whole graph in the schema definition language.
#[must_use]
pub fn sdl() -> String {
    sdl_of(Which::Whole)
}

/// A graph in the schema definition language: a subgraph with the directives of Apollo Federation 2.
#[must_use]
pub fn sdl_of(which: Which) -> String {
    let options = SDLExportOptions::new().use_space_ident();
    let federated = options.federation();
    match which {
        Which::Whole => described(whole::bare()).finish().sdl_with_options(options),
        Which::User => subgraph(described(user::bare())).finish().sdl_with_options(federated),
        Which::Spike => subgraph(described(spike::bare())).finish().sdl_with_options(federated),
        Which::Access => subgraph(described(access::bare())).finish().sdl_with_options(federated),
        Which::Admin => subgraph(described(admin::bare())).finish().sdl_with_options(federated),
        Which::Order => subgraph(described(order::bare())).finish().sdl_with_options(federated),
    }
}

/// The same graph, ready to execute.
fn ready<Q, M, S>(builder: SchemaBuilder<Q, M, S>, services: Arc<Services>, limits: Limits) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let mut builder = described(builder).data(services).limit_recursive_depth(MAX_NESTING);
    if !limits.introspects {
        builder = builder.disable_introspection();
    }
    if !limits.suggests {
        builder = builder.disable_suggestions();
    }
    builder.extension(OperationFactory(limits))
}

/// The same graph, with the scalars of libraries described.
fn described<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    builder
        .override_output_type_description::<DateTime<Utc>>(DATE_TIME)
        .override_output_type_description::<Decimal>(DECIMAL)
}

/// The same graph, behind a gateway.
fn subgraph<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    builder.enable_federation().enable_subscription_in_federation()
}

//! HTTP: where the graph and the few pages around it are answered.
//!
//! | module | path |
//! |---|---|
//! | `graphql`, `answer` | `POST /graphql` |
//! | `websocket` | `GET /graphql` with an upgrade to `graphql-transport-ws` |
//! | `playground` | `/playground`, and `/` that leads there |
//! | `wellknown` | `/.well-known/jwks.json` |
//! | `health` | `/healthz`, `/readyz` |
//!
//! `trace` wraps all of them; `viewer` tells on whose behalf a request runs. No rule of a sale lives
//! here, and no adapter is named.

mod answer;
mod graphql;
mod health;
mod playground;
mod trace;
mod viewer;
mod websocket;
mod wellknown;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Extension},
    middleware,
    routing::{get, post},
};
use domain::{id::IdSource, services::Services};
use schema::Which;

use crate::{
    config::Server,
    readiness::Readiness,
    shutdown::Shutdown,
    world::{SigningKeys, World},
};

/// What handlers are given. Shared by all of them.
pub struct Http {
    services: Arc<Services>,
    /// None in a process that only consumes.
    graph: Option<Graph>,
    ids: Arc<dyn IdSource>,
    keys: Arc<dyn SigningKeys>,
    readiness: Readiness,
    shutdown: Shutdown,
    body_limit: usize,
    playground: bool,
}

impl Http {
    /// Builds the graph that this process serves over the use cases.
    #[must_use]
    pub fn new(
        services: &Arc<Services>,
        which: Option<Which>,
        world: &World,
        readiness: Readiness,
        shutdown: Shutdown,
        server: &Server,
    ) -> Self {
        Self {
            graph: which.map(|which| graph(which, services)),
            services: services.clone(),
            ids: world.ports.ids.clone(),
            keys: world.keys.clone(),
            readiness,
            shutdown,
            body_limit: server.body_limit,
            playground: server.playground,
        }
    }
}

/// What a process can execute: any of the six graphs, or the whole one alone where the others were not compiled.
#[cfg(feature = "subgraphs")]
pub(crate) type Graph = schema::AnySchema;
#[cfg(not(feature = "subgraphs"))]
pub(crate) type Graph = schema::WholeSchema;

#[cfg(feature = "subgraphs")]
fn graph(which: Which, services: &Arc<Services>) -> Graph {
    schema::executable(which, services.clone(), schema::Limits::default())
}

/// [`crate::roles::Roles::graph`] lets no other one through.
#[cfg(not(feature = "subgraphs"))]
fn graph(_: Which, services: &Arc<Services>) -> Graph {
    schema::whole(services.clone())
}

/// All paths.
pub fn router(http: Http) -> Router {
    let http = Arc::new(http);
    let mut router = Router::new().route("/healthz", get(health::lives)).route("/readyz", get(health::ready));
    if let Some(graph) = &http.graph {
        let of_graph = post(graphql::post).get(websocket::upgrade).layer(Extension(graph.clone()));
        router = router.route("/graphql", of_graph).route("/.well-known/jwks.json", get(wellknown::jwks));
        if http.playground {
            router = router.merge(playground::routes());
        }
    }
    router
        .layer(DefaultBodyLimit::max(http.body_limit))
        .layer(middleware::from_fn_with_state(http.clone(), trace::trace))
        .with_state(http)
}

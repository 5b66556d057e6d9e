//! HTTP: where the graph and the few pages around it are answered.
//!
//! | module | what it answers |
//! |---|---|
//! | `graphql` | `/graphql`: POST and GET |
//! | `websocket` | `/graphql` with an upgrade to `graphql-transport-ws` |
//! | `live` | `/graphql` as server-sent events and multipart subscriptions |
//! | `request`, `body`, `accept` | what is asked, and in which form the answer is wanted |
//! | `documents` | where the document of a request comes from |
//! | `operation` | an operation from what was asked to its answer |
//! | `answer`, `compression` | how answers are written |
//! | `rates`, `sockets`, `address` | how often and how much, by whom and from where |
//! | `listen`, `patient` | connections |
//! | `playground` | `/playground`, and `/` that leads there |
//! | `wellknown` | `/.well-known/jwks.json` |
//! | `health` | `/healthz`, `/readyz` |
//!
//! `trace` wraps all of them; `viewer` tells on whose behalf a request runs. No rule of a sale lives
//! here, and no adapter is named.

mod accept;
mod address;
mod answer;
mod body;
mod compression;
mod documents;
mod graphql;
mod health;
mod listen;
mod live;
mod operation;
mod patient;
mod playground;
mod rates;
mod request;
mod sockets;
mod trace;
mod viewer;
mod websocket;
mod wellknown;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, header},
    response::Response,
    routing::{get, post},
};
use domain::{id::IdSource, services::Services};
use ipnet::IpNet;
use schema::{Limits, Reader, Which};
use tokio::sync::Semaphore;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_service::Service;

pub use self::listen::serve;
use self::{
    address::Peer, compression::Compression, documents::Documents, rates::Rates, sockets::Sockets, websocket::Origins,
};
use crate::{
    config::{Config, Cors, GetRequests},
    error::StartError,
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
    reader: Reader,
    documents: Documents,
    rates: Option<Rates>,
    sockets: Sockets,
    /// Taken by what asks for most of the schema: one at a time, so that the other cores are for those who buy.
    introspections: Semaphore,
    origins: Origins,
    trusted_proxies: Vec<IpNet>,
    get_requests: GetRequests,
    max_batch: usize,
    body_limit: usize,
    body_timeout: Duration,
    time_limit: Duration,
    websocket: SocketTerms,
    cors: Option<CorsLayer>,
    compress_above: u16,
    playground: bool,
}

/// How long a socket is waited for, and how much it may.
struct SocketTerms {
    init_timeout: Duration,
    keepalive: Duration,
    message_limit: usize,
    max_operations: usize,
}

impl Http {
    /// Builds the graph that this process serves over the use cases.
    pub fn new(
        services: &Arc<Services>,
        which: Option<Which>,
        world: &World,
        readiness: Readiness,
        shutdown: Shutdown,
        config: &Config,
    ) -> Result<Self, StartError> {
        let limits = config.graphql.limits();
        Ok(Self {
            graph: which.map(|which| graph(which, services, limits)),
            services: services.clone(),
            ids: world.ports.ids.clone(),
            keys: world.keys.clone(),
            readiness,
            shutdown,
            reader: Reader::new(limits),
            documents: Documents::new(&config.graphql)?,
            rates: Rates::new(&config.rates, services.clock.now()),
            sockets: Sockets::new(config),
            introspections: Semaphore::new(1),
            origins: Origins::new(config.cors.origins.0.clone()),
            trusted_proxies: config.server.trusted_proxies.networks(),
            get_requests: config.graphql.get,
            max_batch: config.graphql.max_batch,
            body_limit: config.server.body_limit,
            body_timeout: config.server.body_timeout.std(),
            time_limit: config.graphql.time_limit.std(),
            websocket: SocketTerms {
                init_timeout: config.websocket.init_timeout.std(),
                keepalive: config.websocket.keepalive.std(),
                message_limit: config.websocket.message_limit,
                max_operations: config.websocket.max_operations,
            },
            cors: cors(&config.cors),
            compress_above: config.server.compress_above,
            playground: config.server.playground,
        })
    }

    /// From where a request comes; none where nothing tells.
    fn client(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let Peer(peer) = extensions.get()?;
        Some(address::of_client(peer.ip(), headers, &self.trusted_proxies))
    }
}

/// What a process can execute: any of the six graphs, or the whole one alone where the others were not compiled.
#[cfg(feature = "subgraphs")]
pub(crate) type Graph = schema::AnySchema;
#[cfg(not(feature = "subgraphs"))]
pub(crate) type Graph = schema::WholeSchema;

#[cfg(feature = "subgraphs")]
fn graph(which: Which, services: &Arc<Services>, limits: Limits) -> Graph {
    schema::executable(which, services.clone(), limits)
}

/// [`crate::roles::Roles::graph`] lets no other one through.
#[cfg(not(feature = "subgraphs"))]
fn graph(_: Which, services: &Arc<Services>, limits: Limits) -> Graph {
    schema::whole(services.clone(), limits)
}

/// Which foreign pages may read answers; none if none may. There are no credentials that a browser would add by itself.
fn cors(config: &Cors) -> Option<CorsLayer> {
    let origins = &config.origins.0;
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
    };
    let headers = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        HeaderName::from_static("apollo-require-preflight"),
        HeaderName::from_static("x-apollo-operation-name"),
        HeaderName::from_static("graphql-require-preflight"),
        HeaderName::from_static("graphql-cost"),
        HeaderName::from_static("traceparent"),
    ];
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(headers)
        .expose_headers([trace::HEADER, header::RETRY_AFTER])
        .max_age(config.max_age.std());
    (!origins.is_empty()).then_some(layer)
}

/// Where the graph is answered.
const GRAPH: &str = "/graphql";

/// What handlers of the graph are given.
type Serving = (Arc<Http>, Graph);

/// Where requests come in. Clones share everything.
#[derive(Clone)]
pub struct Front {
    http: Arc<Http>,
    compression: Option<Compression>,
    router: Router,
}

impl Front {
    /// All paths.
    #[must_use]
    pub fn new(http: Http) -> Self {
        let http = Arc::new(http);
        let compression = Compression::above(http.compress_above);
        let router = router(&http, compression.as_ref());
        Self { http, compression, router }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        trace::answer(&self.http, request, |request| self.route(request)).await
    }

    /// What a crowd sends, a POST to the graph, goes straight there: for each request a router boxes a future, and clones
    /// what is below it, at each of its layers. Where pages of other origins may read answers, a layer of it says so.
    async fn route(&self, request: Request) -> Response {
        match &self.http.graph {
            Some(graph)
                if request.method() == Method::POST && request.uri().path() == GRAPH && self.http.cors.is_none() =>
            {
                let accepts = request.headers().get(header::ACCEPT_ENCODING).cloned();
                let response = graphql::post(State((self.http.clone(), graph.clone())), request).await;
                match &self.compression {
                    Some(compression) => compression.apply(accepts, response).await,
                    None => response,
                }
            }
            // A router is always ready.
            _ => self.router.clone().call(request).await.unwrap_or_else(|never| match never {}),
        }
    }
}

fn router(http: &Arc<Http>, compression: Option<&Compression>) -> Router {
    let mut router = Router::new().route("/healthz", get(health::lives)).route("/readyz", get(health::ready));
    if let Some(graph) = &http.graph {
        let mut of_graph = post(graphql::post)
            .get(graphql::get)
            .connect(graphql::get)
            .with_state::<Arc<Http>>((http.clone(), graph.clone()));
        if let Some(compression) = compression {
            of_graph = of_graph.layer(compression.layer());
        }
        if let Some(cors) = &http.cors {
            of_graph = of_graph.layer(cors.clone());
        }
        router = router.route(GRAPH, of_graph).route("/.well-known/jwks.json", get(wellknown::jwks));
        if http.playground {
            router = router.merge(playground::routes());
        }
    }
    router.with_state(http.clone())
}

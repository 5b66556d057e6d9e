//! The shop itself: opening, asking, closing, opening again.

use api::{app::App, roles::Roles};
use chrono::Duration;
use domain::clock::Instant;
use serde_json::{Value, json};

use super::{
    builder::{ADMIN_PASSWORD, ADMIN_PHONE, Builder},
    site::Site,
    socket::{Socket, Subscription},
    wait::wait_until,
};

/// A shop in the process of the test.
pub struct TestShop {
    app: App,
    site: Site,
    builder: Builder,
    http: reqwest::Client,
    pub(super) customers: std::sync::atomic::AtomicUsize,
}

impl TestShop {
    /// Opens a shop by the wall clock.
    pub async fn start() -> Self {
        Builder::default().start().await
    }

    /// Tells a shop something before it opens.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) async fn open(site: Site, builder: Builder) -> Self {
        let app = App::start(&site.config(), &Roles::default(), builder.overrides()).await.expect("the shop opens");
        let http = reqwest::Client::builder().timeout(super::PATIENCE).build().expect("a client");
        Self { app, site, builder, http, customers: std::sync::atomic::AtomicUsize::new(0) }
    }

    /// Closes the shop, having finished what is in flight. Its data is gone afterwards.
    pub async fn stop(self) {
        self.app.stop().await.expect("the shop closes in time");
        self.site.clear().await;
    }

    /// Closes the shop and opens it again on the same data.
    pub async fn restart(self) -> Self {
        self.app.stop().await.expect("the shop closes in time");
        let customers = self.customers;
        Self { customers, ..Self::open(self.site, self.builder).await }
    }

    /// Where it keeps what it has.
    pub const fn site(&self) -> &Site {
        &self.site
    }

    /// The process that serves.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.addr())
    }

    /// The client for requests that are none to the graph.
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// What time it is in the shop.
    pub fn now(&self) -> Instant {
        self.app.services().clock.now()
    }

    /// Moves the time forward. The shop must have been built with [`Builder::clock_at`].
    pub fn advance(&self, by: Duration) {
        self.builder.clock.as_ref().expect("a shop whose time can be set").advance(by);
    }

    /// Sends an operation, signed in or not, and takes the whole answer.
    pub async fn graphql(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let mut request = self.http.post(self.url("/graphql")).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        answer.json().await.expect("an answer in JSON")
    }

    /// Sends an operation that has to succeed, and takes its `data`.
    pub async fn data(&self, token: Option<&str>, query: &str, variables: Value) -> Value {
        let mut answer = self.graphql(token, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer:#}");
        answer["data"].take()
    }

    /// Sends a mutation that has to succeed, and takes the payload under its name.
    pub async fn done(&self, token: &str, name: &str, query: &str, variables: Value) -> Value {
        let mut data = self.data(Some(token), query, variables).await;
        let payload = data[name].take();
        assert_eq!(payload["userErrors"], json!([]), "{query}: {payload:#}");
        payload
    }

    /// A fresh access token of the administrator.
    pub async fn admin_token(&self) -> String {
        self.sign_in(ADMIN_PHONE, ADMIN_PASSWORD).await
    }

    /// A fresh access token of anybody.
    pub async fn sign_in(&self, phone: &str, password: &str) -> String {
        let query = "mutation($input: LoginInput!) {
            login(input: $input) { session { accessToken } userErrors { code message } } }";
        let data = self.data(None, query, json!({ "input": { "phone": phone, "password": password } })).await;
        data["login"]["session"]["accessToken"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
    }

    /// Opens a socket of `graphql-transport-ws` without saying anything yet.
    pub async fn socket(&self) -> Socket {
        Socket::open(&format!("ws://{}/graphql", self.app.addr())).await
    }

    /// Opens a socket, signs in on it if there is a token, and subscribes.
    pub async fn subscribe(&self, token: Option<&str>, query: &str, variables: Value) -> Subscription {
        let mut socket = self.socket().await;
        socket.init(token).await;
        socket.subscribe(query, variables).await
    }

    /// Asks the graph until `wanted` finds in `data` what it looks for.
    pub async fn wait_for<T>(
        &self,
        what: &str,
        token: Option<&str>,
        query: &str,
        variables: Value,
        wanted: impl Fn(&Value) -> Option<T>,
    ) -> T {
        wait_until(what, async || wanted(&self.data(token, query, variables.clone()).await)).await
    }
}

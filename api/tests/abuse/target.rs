//! What is abused: a shop with a sale, and people who take part in it.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{client::Graph, process::Replica};

/// A shop that is served by a process of its own.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    pub(crate) campaign: String,
    pub(crate) phone: String,
    addresses: AtomicU32,
}

impl Target {
    /// Opens a sale in the shop of this process.
    pub(crate) async fn new(server: &Replica) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_mins(1)).build().expect("a client");
        let graph = Graph::new(server.url("/graphql"));
        let admin = graph.login(crate::support::builder::ADMIN_PHONE, crate::support::builder::ADMIN_PASSWORD).await;
        let campaign = admin.live_campaign(10_000, 1_000).await;
        registered(&graph, 1).await;
        let address = server.url("").trim_start_matches("http://").parse().expect("an address");
        Self { address, http, campaign, phone: phone(1), addresses: AtomicU32::new(1) }
    }

    /// The address of a client whom nobody has heard of yet.
    pub(crate) fn somebody(&self) -> String {
        let number = self.addresses.fetch_add(1, Ordering::Relaxed);
        let [_, b, c, d] = number.to_be_bytes();
        format!("198.{b}.{c}.{d}")
    }

    /// A request to the graph, of somebody new.
    pub(crate) fn request(&self, method: Method) -> RequestBuilder {
        self.request_at("/graphql", method)
    }

    /// The same with an address of its own.
    pub(crate) fn request_at(&self, path: &str, method: Method) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        self.http.request(method, url).header("x-forwarded-for", self.somebody())
    }

    /// Sends a document, and tells what was answered in a few words.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> String {
        self.send(json!({ "query": query, "variables": variables }).to_string()).await
    }

    /// Sends a body of JSON.
    pub(crate) async fn send(&self, body: String) -> String {
        let request = self.request(Method::POST).header("content-type", "application/json").body(body);
        told(request).await
    }
}

/// Status, code and reason of an answer.
pub(crate) async fn told(request: RequestBuilder) -> String {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_timeout() => return "no answer".to_owned(),
        Err(_) => return "cut off".to_owned(),
    };
    let status = response.status().as_u16();
    let text = response.text().await.unwrap_or_default();
    let body: Value = serde_json::from_str(&text).unwrap_or_default();
    let extensions = &body["errors"][0]["extensions"];
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{status} {} {}", word(&extensions["code"]), word(&extensions["reason"])).trim_end().to_owned()
}

/// The same answers together, as "count × answer".
pub(crate) fn summary(answers: impl IntoIterator<Item = String>) -> String {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for answer in answers {
        *counts.entry(answer).or_default() += 1;
    }
    counts.iter().map(|(answer, count)| format!("{count} × {answer}")).collect::<Vec<_>>().join(", ")
}

fn phone(number: u32) -> String {
    format!("+1000888{number:04}")
}

/// Somebody new, signed in.
pub(crate) async fn registered(graph: &Graph, number: u32) -> Graph {
    let query =
        "mutation($input: RegisterInput!) { register(input: $input) { session { accessToken } userErrors { code } } }";
    let input = json!({
        "username": format!("person{number}"), "phone": phone(number), "password": "correct horse battery",
        "birthDate": "1990-05-17", "workStatus": "EMPLOYED",
    });
    let token = graph.data(query, json!({ "input": input }), "/register/session/accessToken").await;
    graph.signed_in(token.as_str().expect("registered"))
}

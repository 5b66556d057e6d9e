//! What is asked of the graph besides the load: an administrator who makes campaigns and reads reports.

use std::{net::SocketAddr, time::Duration};

use chrono::TimeDelta;
use domain::{clock::Clock, id::CampaignId, user::ports::RefreshSecrets};
use infra::{clock::SystemClock, crypto::HmacRefreshSecrets};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Sale;
use crate::error::BenchError;

/// How long anything is waited for that comes by itself.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);
/// How often it is looked for.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// The first administrator, as the configuration names it.
pub(super) struct Administrator {
    password: String,
}

const PHONE: &str = "+10005550199";

impl Administrator {
    /// With a random password.
    pub(super) fn new() -> Result<Self, BenchError> {
        let secrets = HmacRefreshSecrets;
        Ok(Self { password: secrets.encode(&secrets.random()?) })
    }

    /// The configuration that makes the account.
    pub(super) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("SPIKE__ADMIN__USERNAME", "boss".to_owned()),
            ("SPIKE__ADMIN__PHONE", PHONE.to_owned()),
            ("SPIKE__ADMIN__PASSWORD", self.password.clone()),
        ]
    }
}

/// What a report of a campaign says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) grabs: u64,
    pub(super) queued: u64,
    pub(super) pending_payment: u64,
    pub(super) rejected: u64,
    pub(super) available: u64,
    pub(super) balanced: bool,
}

/// Waits until a spike process says that it is ready.
pub(super) async fn wait_until_ready(addr: SocketAddr) -> Result<(), BenchError> {
    let (client, url) = (reqwest::Client::new(), format!("http://{addr}/readyz"));
    let ready = async {
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.map_err(|_| BenchError::TooLate(format!("{url} to be ready")))
}

/// The graph, as its administrator sees it.
pub(super) struct Graph {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Graph {
    pub(super) async fn sign_in(addr: SocketAddr, administrator: &Administrator) -> Result<Self, BenchError> {
        let url = format!("http://{addr}/graphql");
        let mut graph = Self { client: reqwest::Client::new(), url, token: String::new() };
        let query =
            "mutation($input: LoginInput!) { login(input: $input) { session { accessToken } userErrors { code } } }";
        let input = json!({ "input": { "phone": PHONE, "password": administrator.password } });
        let token = graph.text("a sign-in", query, input, "/login/session/accessToken").await?;
        graph.token = token;
        Ok(graph)
    }

    /// Makes a campaign and publishes it.
    pub(super) async fn live_campaign(&self, sale: Sale) -> Result<CampaignId, BenchError> {
        let price = json!({ "amount": "9.99", "currencyCode": "CNY" });
        let query = "mutation($input: CreateProductInput!) { createProduct(input: $input) { product { id } userErrors { code } } }";
        let input = json!({ "name": "Phone", "description": "A phone", "listPrice": price });
        let product = self.text("a product", query, json!({ "input": input }), "/createProduct/product/id").await?;

        let now = SystemClock.now();
        let query = "mutation($input: CreateCampaignInput!) { createCampaign(input: $input) { campaign { id } userErrors { code } } }";
        let input = json!({
            "productId": product, "title": "Benchmark", "price": price, "quantity": sale.quantity, "perUserLimit": 1,
            "startsAt": now, "endsAt": now + TimeDelta::hours(6),
            // Nobody pays, and nothing is to expire while the next run is measured.
            "paymentWindowSeconds": 3_600,
        });
        let created = self.text("a campaign", query, json!({ "input": input }), "/createCampaign/campaign/id").await?;

        if sale.rule {
            let query = "mutation($input: SetAccessRulesInput!) { setAccessRules(input: $input) { campaign { id } userErrors { code } } }";
            let rule = json!({ "name": "of age", "expression": "user.age >= 18", "message": "from 18 years" });
            let input = json!({ "campaignId": created, "rules": [rule] });
            self.text("a rule", query, json!({ "input": input }), "/setAccessRules/campaign/id").await?;
        }
        let query = "mutation($id: ID!) { publishCampaign(input: { campaignId: $id }) { campaign { state } userErrors { code } } }";
        let state = self.text("a start", query, json!({ "id": created }), "/publishCampaign/campaign/state").await?;
        match created.parse() {
            Ok(id) if state == "LIVE" => Ok(id),
            _ => Err(BenchError::Graph { what: "a start", answer: format!("{created} {state}") }),
        }
    }

    /// Ends a campaign, so that it is not in the way of the next.
    pub(super) async fn end_campaign(&self, campaign: CampaignId) -> Result<(), BenchError> {
        let query =
            "mutation($id: ID!) { endCampaign(input: { campaignId: $id }) { campaign { state } userErrors { code } } }";
        let id = json!({ "id": campaign.to_string() });
        self.text("an end", query, id, "/endCampaign/campaign/state").await.map(drop)
    }

    pub(super) async fn report(&self, campaign: CampaignId) -> Result<Report, BenchError> {
        let query = "query($id: ID!) { campaign(id: $id) { report {
            grabs queued pendingPayment rejected available balanced } } }";
        let answer = self.ask(query, json!({ "id": campaign.to_string() })).await?;
        let report = answer.pointer("/data/campaign/report").cloned().unwrap_or_default();
        serde_json::from_value(report).map_err(|_| BenchError::Graph { what: "a report", answer: answer.to_string() })
    }

    /// Asks, and takes one text out of the answer's data.
    async fn text(&self, what: &'static str, query: &str, variables: Value, at: &str) -> Result<String, BenchError> {
        let answer = self.ask(query, variables).await?;
        match answer.pointer(&format!("/data{at}")).and_then(Value::as_str) {
            Some(text) => Ok(text.to_owned()),
            None => Err(BenchError::Graph { what, answer: answer.to_string() }),
        }
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value, BenchError> {
        let mut request = self.client.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        Ok(request.send().await?.json().await?)
    }
}

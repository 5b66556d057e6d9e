//! A client of the graph over HTTP, as thin as can be: a test reads what was really sent and answered.
use std::time::Duration;

use serde_json::{Value, json};

use super::{audit::OrderSeen, wait::wait_until};

/// A client of the graph, signed in or not.
#[derive(Clone)]
pub struct Graph {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Graph {
    /// A client that is not signed in.
    pub fn new(url: impl Into<String>) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { http, url: url.into(), token: None }
    }

    /// Where the graph is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same client with this access token.
    pub fn signed_in(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// Sends an operation. An error is one of the connection: the outcome is unknown.
    pub async fn try_run(&self, query: &str, variables: Value) -> Result<Value, reqwest::Error> {
        let mut request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        request.send().await?.json().await
    }

    /// Sends an operation, and takes the data at a JSON pointer, or says why that is not possible now.
    pub async fn ask(&self, query: &str, variables: Value, pointer: &str) -> Result<Value, String> {
        let answer = self.try_run(query, variables).await.map_err(|error| error.to_string())?;
        if !answer["errors"].is_null() {
            return Err(answer["errors"].to_string());
        }
        let found = answer.pointer(&format!("/data{pointer}")).cloned();
        found.ok_or_else(|| format!("{pointer} in {answer:#}"))
    }

    /// Sends an operation that has to be answered.
    pub async fn run(&self, query: &str, variables: Value) -> Value {
        self.try_run(query, variables).await.expect("the server answers")
    }

    /// Sends an operation that has to succeed, and takes the data at a JSON pointer.
    pub async fn data(&self, query: &str, variables: Value, pointer: &str) -> Value {
        let answer = self.run(query, variables).await;
        assert!(answer["errors"].is_null(), "{query}: {answer:#}");
        answer.pointer(&format!("/data{pointer}")).unwrap_or_else(|| panic!("{pointer} in {answer:#}")).clone()
    }

    /// Signs in.
    pub async fn login(&self, phone: &str, password: &str) -> Self {
        let query = "mutation($phone: String!, $password: String!) {
            login(input: { phone: $phone, password: $password }) { session { accessToken } userErrors { code } } }";
        let token =
            self.data(query, json!({ "phone": phone, "password": password }), "/login/session/accessToken").await;
        self.signed_in(token.as_str().expect("signed in"))
    }

    /// As an administrator: a published campaign that is live for an hour. Returns its id.
    pub async fn live_campaign(&self, quantity: u32, per_user_limit: u32) -> String {
        self.live_campaign_with_window(quantity, per_user_limit, 900).await
    }

    /// The same, with so many seconds to pay.
    pub async fn live_campaign_with_window(&self, quantity: u32, per_user_limit: u32, seconds: u32) -> String {
        let product = "mutation { createProduct(input: { name: \"Phone\", description: \"A phone\",
            listPrice: { amount: \"20.00\", currencyCode: CNY } }) { product { id } userErrors { code } } }";
        let product = self.data(product, json!({}), "/createProduct/product/id").await;
        let now = wall_clock();
        let input = json!({
            "productId": product, "title": "Flash", "price": { "amount": "9.99", "currencyCode": "CNY" },
            "quantity": quantity, "perUserLimit": per_user_limit, "paymentWindowSeconds": seconds,
            "startsAt": now - chrono::Duration::seconds(5), "endsAt": now + chrono::Duration::hours(1),
        });
        let create = "mutation($input: CreateCampaignInput!) {
            createCampaign(input: $input) { campaign { id } userErrors { code message } } }";
        let campaign = self.data(create, json!({ "input": input }), "/createCampaign/campaign/id").await;
        let publish = "mutation($id: ID!) {
            publishCampaign(input: { campaignId: $id }) { campaign { state } userErrors { code } } }";
        let state = self.data(publish, json!({ "id": campaign }), "/publishCampaign/campaign/state").await;
        assert_eq!(state, "LIVE");
        campaign.as_str().unwrap().to_owned()
    }

    /// Tries to grab.
    pub async fn grab(&self, campaign: &str, quantity: u32, key: Option<&str>) -> Result<Value, reqwest::Error> {
        let query = "mutation($input: GrabInput!) {
            grab(input: $input) { order { id status quantity } remaining userErrors { code message field } } }";
        let input = json!({ "campaignId": campaign, "quantity": quantity, "idempotencyKey": key });
        self.try_run(query, json!({ "input": input })).await
    }

    /// As an administrator: the report of a campaign, if it can be had now.
    pub async fn try_report(&self, campaign: &str) -> Result<Value, String> {
        let query = "query($id: ID!) { campaign(id: $id) { report {
            grabs queued pendingPayment paid cancelled expired rejected refunded available balanced revenue { amount } } } }";
        self.ask(query, json!({ "id": campaign }), "/campaign/report").await
    }

    /// As an administrator: the report of a campaign.
    pub async fn report(&self, campaign: &str) -> Value {
        self.try_report(campaign).await.expect("a report")
    }

    /// As an administrator: every order of a campaign, if they can be had now.
    pub async fn try_orders_of(&self, campaign: &str) -> Result<Vec<OrderSeen>, String> {
        let query = "query($id: ID!, $after: String) { orders(campaignId: $id, first: 100, after: $after) {
            nodes { id quantity status user { id } } pageInfo { hasNextPage endCursor } } }";
        let mut orders = Vec::new();
        let mut after = Value::Null;
        loop {
            let page = self.ask(query, json!({ "id": campaign, "after": after }), "/orders").await?;
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            orders.extend(page["nodes"].as_array().expect("a list").iter().map(|order| OrderSeen {
                id: text(&order["id"]),
                user: text(&order["user"]["id"]),
                quantity: order["quantity"].as_u64().expect("a number"),
                status: text(&order["status"]),
            }));
            if page["pageInfo"]["hasNextPage"] == false {
                return Ok(orders);
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// As an administrator: every order of a campaign.
    pub async fn orders_of(&self, campaign: &str) -> Vec<OrderSeen> {
        self.try_orders_of(campaign).await.expect("a list of orders")
    }

    /// As an administrator: waits until every accepted grab of a campaign is an order, and reports it.
    pub async fn settled_report(&self, campaign: &str) -> Value {
        wait_until("the grabs to be orders", async || {
            Some(self.report(campaign).await).filter(|report| report["queued"] == 0)
        })
        .await
    }
}

/// The server under test is a process of its own and runs by the wall clock.
#[expect(clippy::disallowed_methods, reason = "so does the test")]
fn wall_clock() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// The code of the refusal in an answer to `grab`, or of its top-level error.
pub fn refusal(answer: &Value) -> Option<&str> {
    answer.pointer("/data/grab/userErrors/0/code").or_else(|| answer.pointer("/errors/0/extensions/code"))?.as_str()
}

/// The id of the order in an answer to `grab`.
pub fn order_id(answer: &Value) -> Option<&str> {
    answer.pointer("/data/grab/order/id")?.as_str()
}

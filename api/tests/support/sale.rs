//! The steps of a sale, each through the graph and each having to succeed.

use std::sync::atomic::Ordering;

use chrono::Duration;
use serde_json::{Value, json};

use super::shop::TestShop;

/// Somebody who buys.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The user's id.
    pub id: String,
    /// The name.
    pub username: String,
    /// What they sign in with.
    pub phone: String,
    /// What they sign in with.
    pub password: String,
    /// Their access token.
    pub token: String,
    /// Their refresh token.
    pub refresh_token: String,
}

/// A campaign to be made. The times are relative to the shop's clock.
#[derive(Debug, Clone)]
pub struct CampaignSpec {
    /// Its headline.
    pub title: String,
    /// Of one unit, in the shop's currency.
    pub price: String,
    /// Units in all.
    pub quantity: u32,
    /// Units of one user.
    pub per_user_limit: u32,
    /// From now.
    pub starts_in: Duration,
    /// From now.
    pub ends_in: Duration,
    /// Seconds to pay.
    pub payment_window_seconds: u32,
    /// Access rules: name, expression, message.
    pub rules: Vec<(String, String, String)>,
}

impl Default for CampaignSpec {
    fn default() -> Self {
        Self {
            title: "Sample".to_owned(),
            price: "9.99".to_owned(),
            quantity: 10,
            per_user_limit: 1,
            starts_in: Duration::zero(),
            ends_in: Duration::hours(1),
            payment_window_seconds: 900,
            rules: Vec::new(),
        }
    }
}

impl TestShop {
    /// Registers somebody new who may take part in everything that has no rules.
    pub async fn register_customer(&self) -> Customer {
        self.register_customer_with(json!({})).await
    }

    /// Registers somebody new; `form` replaces fields of the form, such as `{"workStatus": "STUDENT"}`.
    pub async fn register_customer_with(&self, form: Value) -> Customer {
        let number = self.customers.fetch_add(1, Ordering::Relaxed);
        let mut input = json!({
            "username": format!("customer{number}"), "phone": format!("+1000555{number:04}"),
            "password": "correct horse battery", "birthDate": "1990-05-17", "workStatus": "EMPLOYED",
        });
        let changes = form.as_object().expect("an object").clone();
        input.as_object_mut().expect("an object").extend(changes);
        let query = "mutation($input: RegisterInput!) { register(input: $input) {
            user { id } session { accessToken refreshToken } userErrors { code message field } } }";
        let data = self.data(None, query, json!({ "input": input })).await;
        let payload = &data["register"];
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        Customer {
            id: text(&payload["user"]["id"]),
            username: text(&input["username"]),
            phone: text(&input["phone"]),
            password: text(&input["password"]),
            token: text(&payload["session"]["accessToken"]),
            refresh_token: text(&payload["session"]["refreshToken"]),
        }
    }

    /// Makes a product, as the administrator. Returns its id.
    pub async fn create_product(&self, admin: &str) -> String {
        let query = "mutation($input: CreateProductInput!) {
            createProduct(input: $input) { product { id } userErrors { code message field } } }";
        let input = json!({ "name": "Phone", "description": "A phone", "listPrice": money("20.00") });
        text(&self.done(admin, "createProduct", query, json!({ "input": input })).await["product"]["id"])
    }

    /// Makes a draft of a new product, as the administrator. Returns its id.
    pub async fn create_campaign(&self, admin: &str, spec: &CampaignSpec) -> String {
        let product = self.create_product(admin).await;
        let query = "mutation($input: CreateCampaignInput!) {
            createCampaign(input: $input) { campaign { id } userErrors { code message field } } }";
        let now = self.now();
        let input = json!({
            "productId": product, "title": spec.title, "price": money(&spec.price), "quantity": spec.quantity,
            "perUserLimit": spec.per_user_limit, "startsAt": now + spec.starts_in, "endsAt": now + spec.ends_in,
            "paymentWindowSeconds": spec.payment_window_seconds,
        });
        let created = self.done(admin, "createCampaign", query, json!({ "input": input })).await;
        let campaign = text(&created["campaign"]["id"]);
        if !spec.rules.is_empty() {
            self.set_rules(admin, &campaign, &spec.rules).await;
        }
        campaign
    }

    /// Sets the rules of a campaign, as the administrator.
    pub async fn set_rules(&self, admin: &str, campaign: &str, rules: &[(String, String, String)]) {
        let query = "mutation($input: SetAccessRulesInput!) {
            setAccessRules(input: $input) { campaign { id } userErrors { code message field } } }";
        let rules: Vec<Value> = rules
            .iter()
            .map(|(name, expression, message)| json!({ "name": name, "expression": expression, "message": message }))
            .collect();
        let input = json!({ "input": { "campaignId": campaign, "rules": rules } });
        self.done(admin, "setAccessRules", query, input).await;
    }

    /// Publishes a campaign, as the administrator. Returns the state that it is in then.
    pub async fn publish(&self, admin: &str, campaign: &str) -> String {
        let query = "mutation($id: ID!) { publishCampaign(input: { campaignId: $id }) {
            campaign { state } userErrors { code message } } }";
        text(&self.done(admin, "publishCampaign", query, json!({ "id": campaign })).await["campaign"]["state"])
    }

    /// A campaign that sells right now. Returns its id.
    pub async fn live_campaign(&self, quantity: u32, per_user_limit: u32) -> String {
        self.published(&CampaignSpec { quantity, per_user_limit, ..CampaignSpec::default() }).await
    }

    /// A campaign that is published. Returns its id.
    pub async fn published(&self, spec: &CampaignSpec) -> String {
        let admin = self.admin_token().await;
        let campaign = self.create_campaign(&admin, spec).await;
        self.publish(&admin, &campaign).await;
        campaign
    }

    /// Puts money on somebody's balance.
    pub async fn top_up(&self, user: &str, amount: &str) {
        let query = "mutation($input: TopUpBalanceInput!) {
            topUpBalance(input: $input) { user { id } userErrors { code message } } }";
        let input = json!({ "input": { "userId": user, "amount": money(amount) } });
        self.done(&self.admin_token().await, "topUpBalance", query, input).await;
    }

    /// Tries to grab; the whole payload.
    pub async fn try_grab(&self, token: &str, campaign: &str, quantity: u32, key: Option<&str>) -> Value {
        let query = "mutation($input: GrabInput!) { grab(input: $input) {
            order { id status quantity } remaining userErrors { code message field } } }";
        let input = json!({ "campaignId": campaign, "quantity": quantity, "idempotencyKey": key });
        self.data(Some(token), query, json!({ "input": input })).await["grab"].take()
    }

    /// Grabs one unit, which has to succeed. Returns the order's id.
    pub async fn grab(&self, buyer: &Customer, campaign: &str) -> String {
        let payload = self.try_grab(&buyer.token, campaign, 1, None).await;
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        text(&payload["order"]["id"])
    }

    /// Tries to pay; the whole payload.
    pub async fn pay(&self, token: &str, order: &str, key: &str) -> Value {
        let query = "mutation($input: PayInput!) { pay(input: $input) {
            order { id status paidAt } userErrors { code message field } } }";
        let input = json!({ "orderId": order, "idempotencyKey": key });
        self.data(Some(token), query, json!({ "input": input })).await["pay"].take()
    }

    /// Waits until an order is in this state.
    pub async fn wait_for_status(&self, token: &str, order: &str, status: &str) {
        let query = "query($id: ID!) { order(id: $id) { status } }";
        let what = format!("{order} to be {status}");
        self.wait_for(&what, Some(token), query, json!({ "id": order }), |data| {
            (data["order"]["status"] == status).then_some(())
        })
        .await;
    }

    /// The report of a campaign, once no grab of it is on its way any more.
    pub async fn settled_report(&self, campaign: &str) -> Value {
        let admin = self.admin_token().await;
        let query = "query($id: ID!) { campaign(id: $id) { report { grabs queued pendingPayment paid cancelled expired
            rejected refunded available revenue { amount currencyCode } balanced } } }";
        self.wait_for("the grabs to be orders", Some(&admin), query, json!({ "id": campaign }), |data| {
            let report = &data["campaign"]["report"];
            (report["queued"] == 0).then(|| report.clone())
        })
        .await
    }
}

/// An amount in the shop's currency.
pub fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currencyCode": "CNY" })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

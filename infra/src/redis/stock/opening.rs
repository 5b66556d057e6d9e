//! Opening and closing a campaign.
//!
//! The next life is written in parts beside the present one, each part only while the claim is good, and comes into
//! its place in one step at the end. The claim is bound to the life of the server, so parts that a server forgot are
//! never opened as if they were all.

use std::collections::HashMap;

use chrono::Duration;
use domain::{
    error::Fault,
    id::{CampaignId, TypedId, UserId},
    spike::stock::{OpeningClaim, RememberedRequest, SaleStock, SaleTerms},
};

use super::shared::Shared;
use crate::redis::{
    keys::Keys,
    script,
    text::{self, attempt},
    token::token,
};

/// Fields that one part has.
const PART: usize = 500;

impl Shared {
    pub(super) async fn claim_opening(&self, campaign_id: CampaignId) -> Result<Option<OpeningClaim>, Fault> {
        let token = token()?;
        let keys = self.keys(campaign_id);
        let call =
            script::CLAIM.on(&[keys.opening(), keys.sale()]).with(&token).with(OpeningClaim::LEASE.num_milliseconds());
        let claimed: bool = self.run(&call).await?;
        Ok(claimed.then_some(OpeningClaim { campaign_id, token }))
    }

    pub(super) async fn keep_claim(&self, claim: &OpeningClaim, longer: Duration) -> Result<(), Fault> {
        let call = script::KEEP.on(&[self.keys(claim.campaign_id).opening()]).with(&claim.token);
        self.run(&call.with(longer.num_milliseconds())).await
    }

    pub(super) async fn load(&self, stock: &SaleStock, claim: &OpeningClaim) -> Result<bool, Fault> {
        let keys = self.keys(stock.campaign_id);
        let [staged_holds, staged_buyers, staged_attempts] = keys.staged();
        let stage = Stage { shared: self, keys: &keys, token: &claim.token };
        let holds = stock.holds.iter().map(|hold| (text::id(hold.order_id), text::hold(hold)));
        let staged = tokio::try_join!(
            stage.write(&staged_holds, Box::new(holds)),
            stage.write(&staged_buyers, Box::new(buyers(stock))),
            stage.write(&staged_attempts, Box::new(stock.requests.iter().map(known))),
        )?;
        if staged != (true, true, true) {
            return Ok(false);
        }
        self.know(stock.campaign_id, stock.epoch).await?;
        let mut call = script::LOAD.on(&keys.all()).with(&claim.token).with(stock.epoch);
        for (name, value) in numbers(stock).into_iter().chain(terms(&stock.terms)) {
            call.arg(name).arg(value);
        }
        self.run(&call).await
    }

    pub(super) async fn unload(&self, campaign: CampaignId) -> Result<(), Fault> {
        self.run::<u64>(&script::UNLOAD.on(&self.keys(campaign).life())).await.map(drop)
    }
}

/// What a key is written from: fields and their values, made as they are taken.
type Fields<'a> = Box<dyn Iterator<Item = (String, String)> + Send + 'a>;

/// Writes parts of a life.
struct Stage<'a> {
    shared: &'a Shared,
    keys: &'a Keys,
    token: &'a str,
}

impl Stage<'_> {
    /// Writes a key in parts. Also with nothing to write, so that what another opening left is gone. False if the
    /// claim has ended.
    async fn write(&self, key: &str, fields: Fields<'_>) -> Result<bool, Fault> {
        let mut fields = fields.peekable();
        let mut first = true;
        while first || fields.peek().is_some() {
            let mut call =
                script::STAGE.on(&[self.keys.opening(), key.to_owned()]).with(self.token).with(u8::from(first));
            for (name, value) in fields.by_ref().take(PART) {
                call.arg(name).arg(value);
            }
            if !self.shared.run::<bool>(&call).await? {
                return Ok(false);
            }
            first = false;
        }
        Ok(true)
    }
}

/// What each buyer holds.
fn buyers(stock: &SaleStock) -> impl Iterator<Item = (String, String)> {
    let mut buyers: HashMap<UserId, (u32, String)> = HashMap::new();
    for hold in &stock.holds {
        let (units, orders) = buyers.entry(hold.user_id).or_default();
        *units = units.saturating_add(hold.quantity);
        if !orders.is_empty() {
            orders.push(',');
        }
        orders.push_str(&text::id(hold.order_id));
    }
    buyers.into_iter().map(|(user, (units, orders))| (text::id(user), format!("{units}|{orders}")))
}

fn known(request: &RememberedRequest) -> (String, String) {
    let got = format!("{}|{}", request.order_id.uuid().simple(), request.quantity);
    (attempt(request.user_id, &request.request_key), got)
}

fn numbers(stock: &SaleStock) -> Vec<(&'static str, String)> {
    let held = stock.holds.iter().fold(0_u32, |held, hold| held.saturating_add(hold.quantity));
    vec![
        ("quantity", stock.quantity.to_string()),
        ("available", stock.quantity.saturating_sub(held).to_string()),
        ("held", held.to_string()),
        ("version", stock.terms.version.to_string()),
    ]
}

/// The terms as fields of the sale, without their version.
pub(super) fn terms(terms: &SaleTerms) -> Vec<(&'static str, String)> {
    let flag = |on: bool| u8::from(on).to_string();
    vec![
        ("starts", terms.starts_at.timestamp_millis().to_string()),
        ("ends", terms.ends_at.timestamp_millis().to_string()),
        ("paused", flag(terms.paused)),
        ("ended", flag(terms.ended)),
        ("limit", terms.per_user_limit.to_string()),
        ("price", terms.unit_price.minor.to_string()),
        ("currency", terms.unit_price.currency.to_string()),
        ("window", terms.payment_window_seconds.to_string()),
    ]
}

//! How a sale is run, through the graph: products, campaigns, stock, lists of all kinds, the audit log, and who may.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

pub(crate) mod asking;
mod audit;
mod campaigns;
mod lifecycle;
mod listing;
mod paging;
mod permission;
mod products;
mod rivals;
mod stock;
mod updates;

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::{CampaignSpec, Customer, TestShop};

/// A campaign in each of the situations that make a difference for those who run it, by the shop's clock.
const SITUATIONS: [&str; 8] = ["DRAFT", "LATE_DRAFT", "SCHEDULED", "LIVE", "SOLD_OUT", "PAUSED", "ENDED", "OVER"];

/// Makes a campaign in one of [`SITUATIONS`]. `LATE_DRAFT` and `OVER` need the end of their campaign to come: call
/// [`let_time_pass`] once all are made.
async fn campaign_in(shop: &TestShop, admin: &str, situation: &str, buyer: &Customer) -> String {
    let short = Duration::minutes(1);
    let spec = match situation {
        "LATE_DRAFT" | "OVER" => CampaignSpec { ends_in: short, ..CampaignSpec::default() },
        "SCHEDULED" => CampaignSpec { starts_in: Duration::minutes(30), ..CampaignSpec::default() },
        "SOLD_OUT" => CampaignSpec { quantity: 1, ..CampaignSpec::default() },
        _ => CampaignSpec::default(),
    };
    let campaign = shop.create_campaign(admin, &spec).await;
    if !situation.ends_with("DRAFT") {
        shop.publish(admin, &campaign).await;
    }
    match situation {
        "SOLD_OUT" => {
            let order = shop.grab(buyer, &campaign).await;
            shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
        }
        "PAUSED" => step(shop, admin, "pauseCampaign", &campaign).await,
        "ENDED" => step(shop, admin, "endCampaign", &campaign).await,
        _ => {}
    }
    campaign
}

/// Lets the short campaigns of [`campaign_in`] come to their end, and no access token.
fn let_time_pass(shop: &TestShop) {
    shop.advance(Duration::minutes(2));
}

/// Moves a campaign to another stage, which has to succeed.
async fn step(shop: &TestShop, admin: &str, name: &str, campaign: &str) {
    asking::done(shop, admin, name, "campaign { id }", json!({ "campaignId": campaign })).await;
}

/// What an administrator sees of a campaign.
async fn look(shop: &TestShop, admin: &str, campaign: &str, shown: &str) -> Value {
    let query = format!("query($id: ID!) {{ campaign(id: $id) {{ {shown} }} }}");
    shop.data(Some(admin), &query, json!({ "id": campaign })).await["campaign"].take()
}

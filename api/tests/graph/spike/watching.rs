//! Watching a campaign: as it is now, and then each time that it is seen otherwise.

use std::time::Duration as Pause;

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{NO_CAMPAIGN, cancel, error_code, step};
use crate::support::{CampaignSpec, Subscription, TestShop};

const UPDATED: &str = "subscription($id: ID!) { campaignUpdated(id: $id) { state remaining } }";

/// What is seen next, and it has to differ from what was seen before.
async fn next(watch: &mut Subscription, before: &Value) -> Value {
    let seen = watch.next_data("/campaignUpdated").await;
    assert_ne!(seen, *before, "only changes are told");
    seen
}

fn seen(state: &str, remaining: u32) -> Value {
    json!({ "state": state, "remaining": remaining })
}

#[tokio::test]
async fn a_watcher_sees_where_a_sale_is_and_what_is_left() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(2, 1).await;
    let [one, two] = [shop.register_customer().await, shop.register_customer().await];
    let mut watch = shop.subscribe(None, UPDATED, json!({ "id": campaign })).await;
    let mut last = watch.next_data("/campaignUpdated").await;
    assert_eq!(last, seen("LIVE", 2), "the current state first");

    shop.grab(&one, &campaign).await;
    last = next(&mut watch, &last).await;
    assert_eq!(last, seen("LIVE", 1));
    let order = shop.grab(&two, &campaign).await;
    last = next(&mut watch, &last).await;
    assert_eq!(last, seen("SOLD_OUT", 0));
    let mut late = shop.subscribe(Some(&two.token), UPDATED, json!({ "id": campaign })).await;
    assert_eq!(late.next_data("/campaignUpdated").await, seen("SOLD_OUT", 0));

    shop.wait_for_status(&two.token, &order, "PENDING_PAYMENT").await;
    cancel(&shop, &two.token, &order).await;
    last = next(&mut watch, &last).await;
    assert_eq!(last, seen("LIVE", 1), "what was given up is on sale again");
    for (move_to, state) in
        [("pauseCampaign", "PAUSED"), ("resumeCampaign", "LIVE"), ("pauseCampaign", "PAUSED"), ("endCampaign", "ENDED")]
    {
        step(&shop, move_to, &campaign).await;
        last = next(&mut watch, &last).await;
        assert_eq!(last, seen(state, 1));
    }
    watch.completed().await;
    late.until(|payload| payload["data"]["campaignUpdated"]["state"] == "ENDED").await;
    late.completed().await;
    shop.stop().await;
}

/// What is seen next while time passes in small steps.
async fn next_in_time(shop: &TestShop, watch: &mut Subscription) -> Value {
    let passing = async {
        loop {
            shop.advance(Duration::milliseconds(250));
            // The next update is what is waited for; the pause only spares the processor.
            tokio::time::sleep(Pause::from_millis(5)).await;
        }
    };
    tokio::select! {
        seen = watch.next_data("/campaignUpdated") => seen,
        () = passing => unreachable!("time passes for ever"),
    }
}

#[tokio::test]
async fn a_watcher_sees_a_sale_start_and_end_by_itself() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let (starts_in, ends_in) = (Duration::seconds(10), Duration::seconds(20));
    let campaign = shop.published(&CampaignSpec { starts_in, ends_in, ..CampaignSpec::default() }).await;
    let (starts_at, ends_at) = (shop.now() + starts_in, shop.now() + ends_in);
    let mut watch = shop.subscribe(None, UPDATED, json!({ "id": campaign })).await;
    assert_eq!(watch.next_data("/campaignUpdated").await, seen("SCHEDULED", 10));
    assert_eq!(next_in_time(&shop, &mut watch).await, seen("LIVE", 10));
    assert!(shop.now() >= starts_at);
    assert_eq!(next_in_time(&shop, &mut watch).await, seen("ENDED", 10));
    assert!(shop.now() >= ends_at);
    watch.completed().await;

    // Who comes afterwards is told that it is over, and no more.
    let mut watch = shop.subscribe(None, UPDATED, json!({ "id": campaign })).await;
    assert_eq!(watch.next_data("/campaignUpdated").await, seen("ENDED", 10));
    watch.completed().await;
    shop.stop().await;
}

#[tokio::test]
async fn there_is_nothing_to_watch_of_what_is_not_there_for_buyers() {
    let shop = TestShop::start().await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    let draft = shop.create_campaign(&admin, &CampaignSpec::default()).await;
    for (token, id, code) in [
        (None, NO_CAMPAIGN, "NOT_FOUND"),
        (None, draft.as_str(), "NOT_FOUND"),
        (Some(buyer.token.as_str()), draft.as_str(), "NOT_FOUND"),
        (None, buyer.id.as_str(), "BAD_USER_INPUT"),
    ] {
        let mut watch = shop.subscribe(token, UPDATED, json!({ "id": id })).await;
        assert_eq!(error_code(&watch.next().await), code, "{id}");
        watch.completed().await;
    }
    let mut watch = shop.subscribe(Some(&admin), UPDATED, json!({ "id": draft })).await;
    assert_eq!(watch.next_data("/campaignUpdated").await, seen("DRAFT", 10));
    shop.publish(&admin, &draft).await;
    assert_eq!(watch.next_data("/campaignUpdated").await, seen("LIVE", 10));
    shop.stop().await;
}

//! What a grab answers: an order, or one word why not. What is refused takes nothing.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{NO_CAMPAIGN, error_code, granted, refused, remaining, step};
use crate::support::{CampaignSpec, TestShop};

const GRAB: &str = "mutation($input: GrabInput!) { grab(input: $input) {
    order { id } remaining userErrors { code message field } } }";

#[tokio::test]
async fn a_grab_takes_units_and_becomes_an_order_to_be_paid() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;

    let payload = shop.try_grab(&buyer.token, &campaign, 2, None).await;
    let order = granted(&payload).to_owned();
    assert_eq!((&payload["remaining"], &payload["order"]["quantity"]), (&json!(8), &json!(2)), "{payload:#}");
    assert_eq!(payload["order"]["status"], "QUEUED", "answered before the database has it");
    assert_eq!(remaining(&shop, &campaign).await, 8);

    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    let query = "query($id: ID!) { order(id: $id) { quantity unitPrice { amount currencyCode } total { amount }
        createdAt payBefore paidAt closedAt campaign { id remaining } user { id } } }";
    let shown = shop.data(Some(&buyer.token), query, json!({ "id": order })).await;
    assert_eq!(
        shown["order"],
        json!({
            "quantity": 2, "unitPrice": { "amount": "9.99", "currencyCode": "CNY" }, "total": { "amount": "19.98" },
            "createdAt": "2026-01-01T10:00:00+00:00", "payBefore": "2026-01-01T10:15:00+00:00",
            "paidAt": null, "closedAt": null,
            "campaign": { "id": campaign, "remaining": 8 }, "user": { "id": buyer.id },
        })
    );
    let other = shop.register_customer().await;
    let payload = shop.try_grab(&other.token, &campaign, 1, None).await;
    assert_eq!(payload["remaining"], 7, "{payload:#}");
    shop.stop().await;
}

#[tokio::test]
async fn one_unit_is_what_is_grabbed_if_nothing_is_said() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    let answer = shop.data(Some(&buyer.token), GRAB, json!({ "input": { "campaignId": campaign } })).await;
    granted(&answer["grab"]);
    assert_eq!(answer["grab"]["remaining"], 9);
    shop.stop().await;
}

#[tokio::test]
async fn there_is_nothing_to_grab_of_what_is_not_there_for_buyers() {
    let shop = TestShop::start().await;
    let buyer = shop.register_customer().await;
    let draft = shop.create_campaign(&shop.admin_token().await, &CampaignSpec::default()).await;
    for campaign in [NO_CAMPAIGN, &draft] {
        let payload = shop.try_grab(&buyer.token, campaign, 1, None).await;
        assert_eq!(refused(&payload), "CAMPAIGN_NOT_FOUND");
        assert_eq!(payload["userErrors"][0]["field"], json!(["input", "campaignId"]));
    }
    shop.publish(&shop.admin_token().await, &draft).await;
    granted(&shop.try_grab(&buyer.token, &draft, 1, None).await);
    shop.stop().await;
}

#[tokio::test]
async fn a_sale_begins_and_ends_on_the_millisecond() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let (starts_in, ends_in) = (Duration::seconds(60), Duration::seconds(120));
    let spec = CampaignSpec { per_user_limit: 5, starts_in, ends_in, ..CampaignSpec::default() };
    let campaign = shop.published(&spec).await;
    let buyer = shop.register_customer().await;
    let grab = async || shop.try_grab(&buyer.token, &campaign, 1, None).await;
    let instant = Duration::milliseconds(1);

    let early = grab().await;
    assert_eq!(refused(&early), "NOT_STARTED");
    let told = early["userErrors"][0]["message"].as_str().unwrap();
    assert!(told.contains("2026-01-01T10:01:00"), "it says when: {told}");
    shop.advance(starts_in - instant);
    assert_eq!(refused(&grab().await), "NOT_STARTED");
    shop.advance(instant);
    granted(&grab().await);
    shop.advance(ends_in - starts_in - instant);
    granted(&grab().await);
    shop.advance(instant);
    assert_eq!(refused(&grab().await), "ENDED");
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&json!(2), &json!(8), &json!(true)));
    shop.stop().await;
}

#[tokio::test]
async fn a_sale_that_is_stopped_by_hand_sells_nothing() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 5).await;
    let buyer = shop.register_customer().await;
    let grab = async || shop.try_grab(&buyer.token, &campaign, 1, None).await;

    granted(&grab().await);
    step(&shop, "pauseCampaign", &campaign).await;
    assert_eq!(refused(&grab().await), "PAUSED");
    step(&shop, "resumeCampaign", &campaign).await;
    granted(&grab().await);
    step(&shop, "endCampaign", &campaign).await;
    assert_eq!(refused(&grab().await), "ENDED");
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&json!(2), &json!(8), &json!(true)));
    shop.stop().await;
}

#[tokio::test]
async fn what_is_left_goes_to_who_asks_for_no_more_than_that() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(3, 3).await;
    let [one, two, three] =
        [shop.register_customer().await, shop.register_customer().await, shop.register_customer().await];

    granted(&shop.try_grab(&one.token, &campaign, 2, None).await);
    let too_many = shop.try_grab(&two.token, &campaign, 2, None).await;
    assert_eq!(refused(&too_many), "INSUFFICIENT_STOCK");
    assert_eq!(too_many["userErrors"][0]["field"], json!(["input", "quantity"]));
    assert_eq!(remaining(&shop, &campaign).await, 1, "a refusal takes nothing");
    let last = shop.try_grab(&two.token, &campaign, 1, None).await;
    granted(&last);
    assert_eq!(last["remaining"], 0);
    assert_eq!(refused(&shop.try_grab(&three.token, &campaign, 1, None).await), "SOLD_OUT");
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&json!(2), &json!(0), &json!(true)));
    shop.stop().await;
}

#[tokio::test]
async fn the_limit_of_one_user_holds_over_all_their_orders() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let [buyer, other] = [shop.register_customer().await, shop.register_customer().await];
    let grab = async |quantity| shop.try_grab(&buyer.token, &campaign, quantity, None).await;

    assert_eq!(refused(&grab(4).await), "LIMIT_EXCEEDED");
    let first = granted(&grab(2).await).to_owned();
    let over = grab(2).await;
    assert_eq!(refused(&over), "LIMIT_EXCEEDED");
    assert_eq!(over["userErrors"][0]["field"], json!(["input", "quantity"]));
    granted(&grab(1).await);
    assert_eq!(refused(&grab(1).await), "LIMIT_EXCEEDED");

    // A paid order counts as much as one that waits.
    shop.top_up(&buyer.id, "100").await;
    shop.wait_for_status(&buyer.token, &first, "PENDING_PAYMENT").await;
    assert_eq!(shop.pay(&buyer.token, &first, "pay").await["order"]["status"], "PAID");
    assert_eq!(refused(&grab(1).await), "LIMIT_EXCEEDED");
    granted(&shop.try_grab(&other.token, &campaign, 3, None).await);
    assert_eq!(remaining(&shop, &campaign).await, 4);
    shop.stop().await;
}

#[tokio::test]
async fn who_is_not_eligible_is_told_why() {
    let shop = TestShop::start().await;
    let rule =
        |name: &str, expression: &str, message: &str| (name.to_owned(), expression.to_owned(), message.to_owned());
    let rules = vec![
        rule("working", "user.workStatus != \"UNEMPLOYED\"", "For people with work."),
        rule("of age", "user.age >= 18", "For adults."),
    ];
    let campaign = shop.published(&CampaignSpec { rules, ..CampaignSpec::default() }).await;
    let unemployed = shop.register_customer_with(json!({ "workStatus": "UNEMPLOYED" })).await;
    let employed = shop.register_customer().await;

    let payload = shop.try_grab(&unemployed.token, &campaign, 1, None).await;
    assert_eq!(refused(&payload), "NOT_ELIGIBLE");
    assert_eq!(payload["userErrors"][0]["message"], "For people with work.");
    assert_eq!(remaining(&shop, &campaign).await, 10);
    granted(&shop.try_grab(&employed.token, &campaign, 1, None).await);
    shop.stop().await;
}

#[tokio::test]
async fn a_quantity_is_at_least_one_and_at_most_what_a_user_may_have() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    let ask = async |quantity: Value| {
        let input = json!({ "input": { "campaignId": campaign, "quantity": quantity } });
        shop.graphql(Some(&buyer.token), GRAB, input).await
    };
    for quantity in [0, -1, i32::MIN] {
        let payload = ask(json!(quantity)).await["data"]["grab"].take();
        assert_eq!(refused(&payload), "INVALID_QUANTITY", "{quantity}");
        assert_eq!(payload["userErrors"][0]["field"], json!(["input", "quantity"]));
    }
    assert_eq!(refused(&ask(json!(i32::MAX)).await["data"]["grab"]), "LIMIT_EXCEEDED");
    for quantity in [json!(i64::from(i32::MAX) + 1), json!(1.5), json!("1"), json!(null)] {
        let answer = ask(quantity.clone()).await;
        let code = error_code(&answer);
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code), "{quantity}: {answer:#}");
    }
    assert_eq!(remaining(&shop, &campaign).await, 10);
    shop.stop().await;
}

#[tokio::test]
async fn a_grab_that_makes_no_sense_is_an_error_and_not_an_answer() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 3).await;
    let buyer = shop.register_customer().await;
    let good = json!({ "campaignId": campaign });
    assert_eq!(error_code(&shop.graphql(None, GRAB, json!({ "input": good })).await), "UNAUTHENTICATED");

    for id in ["", "campaign_", "7", &buyer.id, &campaign.to_uppercase()] {
        let answer = shop.graphql(Some(&buyer.token), GRAB, json!({ "input": { "campaignId": id } })).await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT", "{id:?}: {answer:#}");
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "input.campaignId");
    }
    let long = "k".repeat(129);
    for key in ["", " ", "a b", "tab\t", "schlüssel", "\u{0}", &long] {
        let input = json!({ "input": { "campaignId": campaign, "idempotencyKey": key } });
        let answer = shop.graphql(Some(&buyer.token), GRAB, input).await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT", "{key:?}: {answer:#}");
    }
    assert_eq!(remaining(&shop, &campaign).await, 10);
    granted(&shop.try_grab(&buyer.token, &campaign, 1, Some(&long[1..])).await);
    shop.stop().await;
}

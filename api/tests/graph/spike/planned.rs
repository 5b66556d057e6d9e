//! A grab in a form that clients send is carried out by a plan and not by the executor. Nobody can tell: each form is
//! asked both ways here, and the texts of the answers are the same.

use async_graphql::{Request, Response};
use domain::{
    testing::{self, instant},
    user::{Viewer, viewer::SignedIn},
};
use schema::{Asker, Limits, Reader, TraceId, whole};
use serde_json::{Value, json};

use super::{NO_CAMPAIGN, granted};
use crate::support::{CampaignSpec, Customer, TestShop};

/// All that a grab can be asked for, and some of the ways to ask.
const PLANNED: [&str; 6] = [
    "mutation Grab($input: GrabInput!) { grab(input: $input) {}{ order { id quantity status } remaining \
     userErrors { code message field } } }",
    "mutation($input: GrabInput!) { grab(input: $input) {}{ __typename remaining userErrors { field __typename code } \
     order { __typename closedAt paidAt payBefore createdAt version status total { currencyCode amount __typename } \
     unitPrice { amount currencyCode } quantity id } } }",
    "mutation($wish: GrabInput!) { mine: grab(input: $wish) {}{ left: remaining why: userErrors { what: code } \
     got: order { first: id second: id } } }",
    "mutation($input: GrabInput!) { grab(input: $input) {}{ ...all ... on GrabPayload { remaining } } } \
     fragment all on GrabPayload { order { ...known } ... { userErrors { message } } } \
     fragment known on Order { status id }",
    "mutation A($input: GrabInput!) { grab(input: $input) {}{ order { total { amount } } } }",
    "mutation($input: GrabInput!) { grab(input: $input) {}{ remaining } }",
];

/// Forms that are left to the executor.
const NOT_PLANNED: [&str; 9] = [
    "mutation($input: GrabInput!) { grab(input: $input) { order { campaign { id } } } }",
    "mutation($input: GrabInput!) { grab(input: $input) { remaining remaining } }",
    "mutation($input: GrabInput!) { grab(input: $input) { remaining @skip(if: false) } }",
    "mutation($input: GrabInput!) { a: grab(input: $input) { remaining } b: grab(input: $input) { remaining } }",
    "mutation($id: ID!) { grab(input: { campaignId: $id }) { remaining } }",
    "mutation($input: GrabInput! = { campaignId: \"x\" }) { grab(input: $input) { remaining } }",
    "mutation($input: GrabInput!, $on: Boolean = true) { grab(input: $input) @include(if: $on) { remaining } }",
    "mutation($input: GrabInput!) { grab(input: $input) { ...p @include(if: true) } } fragment p on GrabPayload \
     { remaining }",
    "mutation($input: PayInput!) { pay(input: $input) { order { id } } }",
];

/// The document as it has a plan.
fn planned(form: &str) -> String {
    form.replace("{}", "")
}

/// The same in words that have none.
fn executed(form: &str) -> String {
    form.replace("{}", "@include(if: true) ")
}

/// What the server answers, to the letter, and with which status.
async fn answer(shop: &TestShop, token: Option<&str>, document: &str, variables: &Value) -> (u16, String) {
    let body = json!({ "query": document, "variables": variables }).to_string();
    let mut request =
        reqwest::Client::new().post(shop.url("/graphql")).header("content-type", "application/json").body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Those of any form; what it does not declare it passes over.
fn variables(input: &Value) -> Value {
    json!({ "input": input, "wish": input, "id": input["campaignId"] })
}

/// Grabs once, so that the executor has seen each form, and then has both answer the same attempt.
async fn same_both_ways(shop: &TestShop, token: Option<&str>, input: &Value) {
    for form in PLANNED {
        let variables = variables(input);
        let first = answer(shop, token, &planned(form), &variables).await;
        let by_executor = answer(shop, token, &executed(form), &variables).await;
        let by_plan = answer(shop, token, &planned(form), &variables).await;
        assert_eq!(by_plan, by_executor, "{form} {input}");
        assert_eq!(by_plan, first, "{form} {input}");
    }
}

/// Sees each form for the first time, so that it is proven.
async fn prove(shop: &TestShop, buyer: &Customer) {
    for form in PLANNED {
        let input = json!({ "campaignId": NO_CAMPAIGN });
        answer(shop, Some(&buyer.token), &planned(form), &variables(&input)).await;
    }
}

async fn shop() -> TestShop {
    TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await
}

#[tokio::test]
async fn an_answer_does_not_tell_how_it_came_about() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    prove(&shop, &buyer).await;
    let campaign = shop.live_campaign(3, 2).await;
    let sold_out = shop.live_campaign(1, 1).await;
    let other = shop.register_customer().await;
    shop.grab(&other, &sold_out).await;
    let token = Some(buyer.token.as_str());

    let order = shop.try_grab(&buyer.token, &campaign, 1, Some("k")).await;
    shop.wait_for_status(&buyer.token, granted(&order), "PENDING_PAYMENT").await;
    for input in [
        json!({ "campaignId": campaign, "quantity": 1, "idempotencyKey": "k" }),
        json!({ "idempotencyKey": "k", "campaignId": campaign }),
        json!({ "campaignId": campaign, "quantity": 2, "idempotencyKey": "k" }),
        json!({ "campaignId": campaign, "quantity": 3 }),
        json!({ "campaignId": campaign, "quantity": 0, "idempotencyKey": null }),
        json!({ "campaignId": campaign, "quantity": -1 }),
        json!({ "campaignId": sold_out, "quantity": 1 }),
        json!({ "campaignId": sold_out, "quantity": 2 }),
        json!({ "campaignId": NO_CAMPAIGN }),
        // What follows is no input of a grab: the executor says so.
        json!({ "campaignId": "nonsense" }),
        json!({ "campaignId": 7 }),
        json!({ "campaignId": null }),
        json!({ "campaignId": campaign, "quantity": null }),
        json!({ "campaignId": campaign, "quantity": "1" }),
        json!({ "campaignId": campaign, "quantity": 1.0 }),
        json!({ "campaignId": campaign, "quantity": 4_294_967_297_i64 }),
        json!({ "campaignId": campaign, "quantity": 3, "price": 1 }),
        json!({ "campaignId": campaign, "idempotencyKey": "not a key" }),
        json!({ "campaignId": campaign, "idempotencyKey": ["k"] }),
        json!({}),
        json!([]),
        json!("x"),
        Value::Null,
    ] {
        same_both_ways(&shop, token, &input).await;
    }
    let input = json!({ "campaignId": campaign, "quantity": 1, "idempotencyKey": "k" });
    same_both_ways(&shop, None, &input).await;
    same_both_ways(&shop, Some("no token"), &input).await;
    shop.stop().await;
}

#[tokio::test]
async fn units_are_granted_in_the_same_words() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    prove(&shop, &buyer).await;
    for form in PLANNED {
        let mut answers = Vec::new();
        for document in [planned(form), executed(form)] {
            let campaign = shop.published(&CampaignSpec::default()).await;
            let variables = variables(&json!({ "campaignId": campaign, "quantity": 1 }));
            let (status, text) = answer(&shop, Some(&buyer.token), &document, &variables).await;
            // The order is another.
            let words = text.split('"').map(|word| if word.starts_with("order_") { "order" } else { word });
            answers.push((status, words.collect::<Vec<_>>().join("\"")));
        }
        assert_eq!(answers[0], answers[1], "{form}");
        assert!(answers[0].1.starts_with("{\"data\":{"), "{}", answers[0].1);
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_form_is_planned_once_the_executor_found_it_valid() {
    let shop = shop().await;
    let buyer = shop.register_customer().await;
    let campaign = shop.live_campaign(10, 10).await;
    let (graph, reader) = (whole(shop.app().services().clone(), Limits::default()), Reader::new(Limits::default()));
    let signed_in = SignedIn { user_id: buyer.id.parse().unwrap(), session_id: testing::id(1), expires_at: shop.now() };
    let asker =
        Asker { viewer: Viewer::SignedIn(signed_in), trace: TraceId("t".to_owned()), address: None, wants_cost: false };
    for (form, has_plan) in PLANNED.iter().map(|form| (form, true)).chain(NOT_PLANNED.iter().map(|form| (form, false)))
    {
        let request = |quantity: u32| {
            let variables = variables(&json!({ "campaignId": campaign, "quantity": quantity }));
            Request::new(planned(form)).variables(serde_json::from_value(variables).unwrap())
        };
        let checked = reader.check(request(0)).await.unwrap_or_else(|refused| panic!("{form}: {refused:?}"));
        assert!(checked.planned_grab(&asker).is_none(), "not before it is known to be valid: {form}");
        graph.execute(checked.on_behalf_of(asker.clone())).await;
        let checked = reader.check(request(0)).await.unwrap();
        assert_eq!(checked.planned_grab(&asker).is_some(), has_plan, "{form}");
        for quantity in [0, 1] {
            let checked = reader.check(request(quantity)).await.unwrap();
            let Some(grab) = checked.planned_grab(&asker) else {
                assert!(!has_plan, "{form}");
                continue;
            };
            let Ok(answer) = grab.run(shop.app().services(), &asker.trace).await else { panic!("{form}") };
            let written = serde_json::to_string(&answer).unwrap();
            assert!(written.starts_with("{\"data\":{\""), "{written}");
            assert_eq!(written.contains("\"order_"), quantity == 1 && form.contains("id"), "{written}");
            // Those who pass an answer on, in a list or over a socket, pass on the same.
            assert_eq!(serde_json::to_string(&Response::from(answer)).unwrap(), written, "{form}");
        }
        let curious = Asker { wants_cost: true, ..asker.clone() };
        assert!(checked.planned_grab(&curious).is_none(), "the executor knows what it costs");
    }
    shop.stop().await;
}

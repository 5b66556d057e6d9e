//! Who is who, what surrounds the graph, and the end.

use domain::testing::instant;
use serde_json::{Value, json};

use crate::support::{Frame, TestShop, within};

const ME: &str = "{ me { username } }";

#[tokio::test]
async fn a_bad_token_takes_nothing_from_public_fields() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let buyer = shop.register_customer().await;
    assert_eq!(shop.data(Some(&buyer.token), ME, json!({})).await["me"]["username"], buyer.username.as_str());
    assert_eq!(shop.data(None, ME, json!({})).await["me"], Value::Null);

    shop.advance(chrono::Duration::minutes(15));
    for (token, why) in [(buyer.token.as_str(), "expired"), ("forged", "not valid")] {
        let public = shop.graphql(Some(token), "{ campaigns { nodes { id } } }", json!({})).await;
        assert!(public.get("errors").is_none(), "{public}");
        let protected = shop.graphql(Some(token), ME, json!({})).await;
        assert_eq!(protected["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{protected}");
        assert!(protected["errors"][0]["message"].as_str().unwrap().contains(why), "{protected}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn every_answer_can_be_traced() {
    let shop = TestShop::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let ask = async |traceparent: Option<String>| {
        let mut request = shop.http().get(shop.url("/healthz"));
        if let Some(traceparent) = traceparent {
            request = request.header("traceparent", traceparent);
        }
        request.send().await.unwrap().headers()["x-trace-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(ask(Some(format!("00-{trace}-00f067aa0ba902b7-01"))).await, trace);
    let (one, two, made_up) = (ask(None).await, ask(None).await, ask(Some("x".to_owned())).await);
    assert!(one != two && [&one, &two, &made_up].iter().all(|id| id.len() == 32), "{one} {two} {made_up}");
    shop.stop().await;
}

#[tokio::test]
async fn pages_around_the_graph() {
    let shop = TestShop::start().await;
    let get = async |path: &str| {
        let answer = shop.http().get(shop.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(get("/healthz").await, (200, r#"{"status":"ok"}"#.to_owned()));
    assert_eq!(get("/readyz").await, (200, r#"{"ready":true}"#.to_owned()));
    assert!(get("/").await.1.contains("/graphql"), "the front door leads to the playground");
    let (status, keys) = get("/.well-known/jwks.json").await;
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert_eq!((status, keys["keys"][0]["alg"].as_str()), (200, Some("EdDSA")));
    assert!(keys["keys"][0].get("d").is_none(), "the private part stays here");

    let first = keys["keys"][0]["kid"].clone();
    shop.app().world().keys.rotate().await.unwrap();
    let rotated: Value = serde_json::from_str(&get("/.well-known/jwks.json").await.1).unwrap();
    let ids: Vec<&Value> = rotated["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
    assert!(ids.len() == 2 && ids.contains(&&first), "old tokens stay good: {rotated}");
    shop.stop().await;

    let shop = TestShop::builder().with("server.playground", "false").start().await;
    assert_eq!(shop.http().get(shop.url("/playground")).send().await.unwrap().status(), 404);
    shop.stop().await;
}

#[tokio::test]
async fn readiness_says_what_is_wrong() {
    let shop = TestShop::start().await;
    shop.app().world().close().await.unwrap();
    let answer = shop.http().get(shop.url("/readyz")).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["ready"], false);
    assert!(answer["problems"]["database"].is_string(), "{answer}");
    assert_eq!(shop.http().get(shop.url("/healthz")).send().await.unwrap().status(), 200, "it lives all the same");
}

#[tokio::test]
async fn a_socket_shows_an_order_from_its_grab_to_its_payment() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(5, 1).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    let order = shop.grab(&buyer, &campaign).await;

    let query = "subscription($id: ID!) { orderStatus(orderId: $id) { id status } }";
    let mut status = shop.subscribe(Some(&buyer.token), query, json!({ "id": order })).await;
    status.until(|payload| payload["data"]["orderStatus"]["status"] == "PENDING_PAYMENT").await;
    let paid = shop.pay(&buyer.token, &order, "pay-1").await;
    assert_eq!(paid["order"]["status"], "PAID", "{paid:#}");
    assert_eq!(status.next_data("/orderStatus/status").await, "PAID");

    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["paid"], &report["available"], &report["balanced"]), (&json!(1), &json!(4), &json!(true)));
    shop.stop().await;
}

#[tokio::test]
async fn who_comes_with_a_bad_token_is_not_let_in() {
    let shop = TestShop::start().await;
    for payload in [
        json!({ "authorization": "Bearer forged" }),
        json!({ "Authorization": "Basic eDp5" }),
        json!({ "authorization": 7 }),
    ] {
        let mut socket = shop.socket().await;
        socket.send(&json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.next().await, Frame::Closed(4403, "the access token is not valid".to_owned()), "{payload}");
    }
    // Nobody in particular may look at what is public.
    let mut socket = shop.socket().await;
    socket.init(None).await;
    let mut answer = socket.subscribe("{ me { id } }", json!({})).await;
    assert_eq!(answer.next_data("/me").await, Value::Null);
    answer.completed().await;

    shop.stop().await;
}

#[tokio::test]
async fn a_stop_closes_sockets_with_1001_and_loses_nothing() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(5, 1).await;
    let buyer = shop.register_customer().await;
    let order = shop.grab(&buyer, &campaign).await;
    let query = "subscription { orderStatus { id status } }";
    let mut one = shop.subscribe(Some(&buyer.token), query, json!({})).await;
    one.next().await;
    let mut silent = shop.socket().await;

    let closing = async {
        // Whatever was still on its way to the subscriber may come first.
        let goodbye = loop {
            match one.frame().await {
                Frame::Json(_) => {}
                Frame::Closed(code, _) => break code,
            }
        };
        (goodbye, silent.next().await)
    };
    let (shop, (goodbye, silence)) =
        within("the restart", Box::pin(async { tokio::join!(shop.restart(), closing) })).await;
    assert_eq!(goodbye, 1001);
    assert!(matches!(silence, Frame::Closed(1001, _)), "{silence:?}");

    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    assert_eq!(shop.settled_report(&campaign).await["balanced"], true);
    shop.stop().await;
}

#[tokio::test]
async fn a_socket_is_closed_when_its_token_expires() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let customer = shop.register_customer().await;
    let mut anonymous = shop.socket().await;
    anonymous.init(None).await;
    let mut socket = shop.socket().await;
    socket.init(Some(&customer.token)).await;
    let query = "{ me { username } }";
    socket.send(&json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    assert_eq!(socket.message().await["payload"]["data"]["me"]["username"], customer.username);
    assert_eq!(socket.message().await["type"], "complete");

    shop.advance(chrono::Duration::minutes(15));
    assert_eq!(socket.next().await, Frame::Closed(4403, "the access token has expired".to_owned()));
    // Who was let in without a token stays.
    anonymous.send(&json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } })).await;
    assert_eq!(anonymous.message().await["payload"]["data"]["__typename"], "Query");
    shop.stop().await;
}

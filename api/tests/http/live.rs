//! Subscriptions for clients that hold no socket: server-sent events (graphql-sse) and multipart (Apollo).

use domain::testing::instant;
use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    support::{TestShop, within},
    wire::{get, post},
};

const EVENTS: &str = "text/event-stream";
const MULTIPART: &str = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=\"1.0\",application/json";

/// An answer that goes on, read piece by piece.
struct Live {
    response: Response,
    unread: String,
    /// What divides one piece from the next.
    divider: &'static str,
}

impl Live {
    async fn open(shop: &TestShop, token: Option<&str>, accept: &str, body: &Value) -> Self {
        let mut request = shop.http().post(shop.url("/graphql")).header("accept", accept).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = within("an answer", request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        let media = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(media.starts_with(accept.split([';', ',']).next().unwrap()), "{media}");
        let divider = if media.starts_with(EVENTS) { "\n\n" } else { "\r\n--graphql" };
        Self { response, unread: String::new(), divider }
    }

    /// The next piece; none if the answer has ended, an error if it was cut off.
    async fn piece(&mut self) -> Result<Option<String>, reqwest::Error> {
        loop {
            if let Some((piece, rest)) = self.unread.split_once(self.divider) {
                let (piece, rest) = (piece.to_owned(), rest.to_owned());
                self.unread = rest;
                return Ok(Some(piece));
            }
            match within("more of the answer", self.response.chunk()).await? {
                Some(bytes) => self.unread.push_str(std::str::from_utf8(&bytes).unwrap()),
                None => return Ok(None),
            }
        }
    }

    /// The next payload, without signs of life.
    async fn payload(&mut self) -> Value {
        loop {
            let piece = self.piece().await.unwrap().expect("a payload, not the end");
            let payload = if self.divider == "\n\n" {
                piece.strip_prefix("event: next\ndata: ").map(|json| serde_json::from_str(json).unwrap())
            } else {
                piece.split_once("\r\n\r\n").and_then(|(head, json)| {
                    assert_eq!(head.trim(), "content-type: application/json");
                    serde_json::from_str::<Value>(json).unwrap().get_mut("payload").map(Value::take)
                })
            };
            if let Some(payload) = payload {
                return payload;
            }
        }
    }

    /// The answer has to end by itself.
    async fn completed(&mut self) {
        let last = if self.divider == "\n\n" {
            self.piece().await.unwrap().expect("an end")
        } else {
            while self.piece().await.unwrap().is_some() {}
            self.unread.clone()
        };
        assert!(["event: complete\ndata: ", "--\r\n"].contains(&last.as_str()), "{last:?}");
        assert_eq!(self.piece().await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_order_is_watched_over_http() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(5, 2).await;
    let buyer = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    for accept in [EVENTS, MULTIPART] {
        let order = shop.grab(&buyer, &campaign).await;
        let query = "subscription($id: ID!) { orderStatus(orderId: $id) { id status } }";
        let body = json!({ "query": query, "variables": { "id": order } });
        let mut watched = Live::open(&shop, Some(&buyer.token), accept, &body).await;
        while watched.payload().await["data"]["orderStatus"]["status"] != "PENDING_PAYMENT" {}
        shop.pay(&buyer.token, &order, &format!("pay-{order}")).await;
        assert_eq!(watched.payload().await["data"]["orderStatus"]["status"], "PAID", "{accept}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_cannot_go_on_ends() {
    let shop = TestShop::start().await;
    let unknown =
        json!({ "query": "subscription { campaignUpdated(id: \"campaign_00000000000000000000000000\") { id } }" });
    for accept in [EVENTS, MULTIPART] {
        let mut live = Live::open(&shop, None, accept, &unknown).await;
        assert_eq!(live.payload().await["errors"][0]["extensions"]["code"], "NOT_FOUND", "{accept}");
        live.completed().await;
    }
    // A client that reads nothing but events is told everything in them.
    for (query, pointer, expected) in [
        ("{ __typename }", "/data/__typename", "Query"),
        ("mutation { __typename }", "/data/__typename", "Mutation"),
        ("{ nothing }", "/errors/0/extensions/code", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "/errors/0/extensions/code", "GRAPHQL_PARSE_FAILED"),
    ] {
        let mut live = Live::open(&shop, None, EVENTS, &json!({ "query": query })).await;
        assert_eq!(live.payload().await.pointer(pointer), Some(&json!(expected)), "{query}");
        live.completed().await;
    }
    // A client of multipart reads JSON too, as long as nothing was begun.
    let answer = post(&shop, &json!({ "query": "subscription {" }), &[("accept", MULTIPART)]).await;
    assert_eq!((answer.status, answer.code()), (200, "GRAPHQL_PARSE_FAILED"));
    let mut live = Live::open(&shop, None, MULTIPART, &json!({ "query": "subscription { nothing }" })).await;
    assert_eq!(live.payload().await["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    live.completed().await;
    let answer = get(&shop, &[("query", unknown["query"].as_str().unwrap())], &[("accept", EVENTS)]).await;
    assert!(
        answer.body.as_str().unwrap().contains("event: complete\ndata: \n\n"),
        "EventSource asks with GET: {answer:?}"
    );
    shop.stop().await;
}

#[tokio::test]
async fn signs_of_life_come_while_nothing_happens() {
    let shop = TestShop::builder().with("websocket.keepalive", "100ms").start().await;
    let campaign = shop.live_campaign(5, 1).await;
    let body = json!({ "query": format!("subscription {{ campaignUpdated(id: \"{campaign}\") {{ id }} }}") });
    for (accept, sign) in [(EVENTS, ":"), (MULTIPART, "{}")] {
        let mut live = Live::open(&shop, None, accept, &body).await;
        live.payload().await;
        for _ in 0..3 {
            assert!(live.piece().await.unwrap().unwrap().ends_with(sign), "{accept}");
        }
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_watch_ends_with_its_token_and_with_the_server() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let buyer = shop.register_customer().await;
    let campaign = shop.live_campaign(5, 1).await;
    let body = json!({ "query": format!("subscription {{ campaignUpdated(id: \"{campaign}\") {{ id }} }}") });
    for accept in [EVENTS, MULTIPART] {
        let token = shop.sign_in(&buyer.phone, &buyer.password).await;
        let mut live = Live::open(&shop, Some(&token), accept, &body).await;
        live.payload().await;
        shop.advance(chrono::Duration::minutes(15));
        assert_eq!(live.payload().await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{accept}");
        live.completed().await;
    }
    let mut lives = Vec::new();
    for accept in [EVENTS, MULTIPART] {
        let mut live = Live::open(&shop, None, accept, &body).await;
        live.payload().await;
        lives.push(live);
    }
    let ((), cut) = tokio::join!(shop.stop(), async {
        let mut cut = Vec::new();
        for live in &mut lives {
            cut.push(live.piece().await);
        }
        cut
    });
    assert!(cut.iter().all(Result::is_err), "cut off, so that the client comes again: {cut:?}");
}

#[tokio::test]
async fn they_are_counted_like_sockets() {
    let shop = TestShop::builder().with("websocket.max_sockets_per_user", "1").start().await;
    let buyer = shop.register_customer().await;
    let body = json!({ "query": "subscription { orderStatus { id } }" });
    let one = Live::open(&shop, Some(&buyer.token), EVENTS, &body).await;
    let bearer = format!("Bearer {}", buyer.token);
    let two = post(&shop, &body, &[("accept", EVENTS), ("authorization", &bearer)]).await;
    assert_eq!((two.status, two.code()), (429, "RATE_LIMITED"));
    drop(one);
    let again = crate::support::wait_until("the place", async || {
        let request = shop.http().post(shop.url("/graphql")).header("accept", EVENTS).json(&body);
        request.bearer_auth(&buyer.token).send().await.ok().filter(|answer| answer.status() == 200)
    });
    drop(again.await);
    shop.stop().await;
}

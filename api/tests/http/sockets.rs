//! `graphql-transport-ws` message by message: a table of cases, each with the close code or the message that the protocol
//! asks for (github.com/enisdenjo/graphql-ws, PROTOCOL.md).

use domain::testing::instant;
use futures_util::{SinkExt, StreamExt, stream::FuturesUnordered};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{Frame, Socket, TestShop, wait_until, within};

/// One thing that happens on a socket.
enum Step {
    Say(Value),
    SayText(&'static str),
    SayBinary(&'static [u8]),
    Hear(Value),
    /// A message of this type for this id whose first error has this code.
    HearError(&'static str, &'static str),
    Closed(u16, &'static str),
}

use Step::{Closed, Hear, HearError, Say, SayBinary, SayText};

fn init() -> Step {
    Say(json!({ "type": "connection_init" }))
}

fn ack() -> Step {
    Hear(json!({ "type": "connection_ack" }))
}

fn subscribe(id: &str, query: &str) -> Step {
    Say(json!({ "type": "subscribe", "id": id, "payload": { "query": query } }))
}

fn next(id: &str, data: Value) -> Step {
    Hear(json!({ "type": "next", "id": id, "payload": { "data": data } }))
}

fn complete(id: &str) -> Step {
    Hear(json!({ "type": "complete", "id": id }))
}

/// A subscription that says something once and then goes on.
fn watch(campaign: &str) -> String {
    format!("subscription {{ campaignUpdated(id: \"{campaign}\") {{ id }} }}")
}

fn cases(campaign: &str) -> Vec<(&'static str, Vec<Step>)> {
    let typename = "{ __typename }";
    let query = || json!({ "__typename": "Query" });
    let seen = || json!({ "campaignUpdated": { "id": campaign } });
    vec![
        ("no JSON", vec![SayText("nonsense"), Closed(4400, "Invalid message")]),
        ("a list", vec![SayText("[\"ping\"]"), Closed(4400, "Invalid message")]),
        ("binary", vec![SayBinary(b"{\"type\":\"ping\"}"), Closed(4400, "Invalid message")]),
        ("an unknown type", vec![SayText("{\"type\":\"start\"}"), Closed(4400, "Invalid message")]),
        (
            "a payload that is no object",
            vec![Say(json!({ "type": "connection_init", "payload": 7 })), Closed(4400, "Invalid")],
        ),
        (
            "subscribe without an id",
            vec![
                init(),
                ack(),
                Say(json!({ "type": "subscribe", "payload": { "query": typename } })),
                Closed(4400, "Invalid"),
            ],
        ),
        ("subscribe with an empty id", vec![init(), ack(), subscribe("", typename), Closed(4400, "Invalid")]),
        (
            "subscribe without a query",
            vec![init(), ack(), Say(json!({ "type": "subscribe", "id": "1", "payload": {} })), Closed(4400, "Invalid")],
        ),
        ("subscribe before connection_init", vec![subscribe("1", typename), Closed(4401, "Unauthorized")]),
        ("connection_init twice", vec![init(), ack(), init(), Closed(4429, "Too many initialisation requests")]),
        (
            "connection_init with a forged token",
            vec![
                Say(json!({ "type": "connection_init", "payload": { "authorization": "Bearer forged" } })),
                Closed(4403, "not valid"),
            ],
        ),
        (
            "a running id again",
            vec![
                init(),
                ack(),
                subscribe("a", &watch(campaign)),
                next("a", seen()),
                subscribe("a", typename),
                Closed(4409, "Subscriber for a already exists"),
            ],
        ),
        (
            "ping before connection_init",
            vec![Say(json!({ "type": "ping" })), Hear(json!({ "type": "pong" })), init(), ack()],
        ),
        (
            "ping with a payload, pong",
            vec![
                init(),
                ack(),
                Say(json!({ "type": "pong", "payload": {} })),
                Say(json!({ "type": "ping", "payload": { "x": 1 } })),
                Hear(json!({ "type": "pong" })),
            ],
        ),
        ("a query", vec![init(), ack(), subscribe("1", typename), next("1", query()), complete("1")]),
        (
            "a mutation",
            vec![
                init(),
                ack(),
                subscribe("1", "mutation { __typename }"),
                next("1", json!({ "__typename": "Mutation" })),
                complete("1"),
            ],
        ),
        (
            "an id again after its end",
            vec![
                init(),
                ack(),
                subscribe("1", typename),
                next("1", query()),
                complete("1"),
                subscribe("1", typename),
                next("1", query()),
                complete("1"),
            ],
        ),
        (
            "complete of nothing",
            vec![
                init(),
                ack(),
                Say(json!({ "type": "complete", "id": "x" })),
                subscribe("1", typename),
                next("1", query()),
                complete("1"),
            ],
        ),
        (
            "an id again after complete",
            vec![
                init(),
                ack(),
                subscribe("1", &watch(campaign)),
                next("1", seen()),
                Say(json!({ "type": "complete", "id": "1" })),
                subscribe("1", typename),
                next("1", query()),
                complete("1"),
            ],
        ),
        (
            "two at once",
            vec![
                init(),
                ack(),
                subscribe("a", &watch(campaign)),
                next("a", seen()),
                subscribe("b", &watch(campaign)),
                next("b", seen()),
            ],
        ),
        (
            "one too many",
            vec![
                init(),
                ack(),
                subscribe("a", &watch(campaign)),
                next("a", seen()),
                subscribe("b", &watch(campaign)),
                next("b", seen()),
                subscribe("c", typename),
                HearError("c", "TOO_MANY_OPERATIONS"),
                subscribe("d", typename),
                HearError("d", "TOO_MANY_OPERATIONS"),
            ],
        ),
        (
            "a syntax error",
            vec![
                init(),
                ack(),
                subscribe("1", "{"),
                HearError("1", "GRAPHQL_PARSE_FAILED"),
                subscribe("1", typename),
                next("1", query()),
                complete("1"),
            ],
        ),
        (
            "an unknown field",
            vec![init(), ack(), subscribe("1", "{ nothing }"), HearError("1", "GRAPHQL_VALIDATION_FAILED")],
        ),
        (
            "an unknown field of a subscription",
            vec![
                init(),
                ack(),
                subscribe("1", "subscription { nothing }"),
                HearError("1", "GRAPHQL_VALIDATION_FAILED"),
            ],
        ),
        (
            "two fields of a subscription",
            vec![
                init(),
                ack(),
                subscribe("1", "subscription { a: orderStatus { id } b: orderStatus { id } }"),
                HearError("1", "GRAPHQL_VALIDATION_FAILED"),
            ],
        ),
        (
            "no such operation",
            vec![
                init(),
                ack(),
                Say(
                    json!({ "type": "subscribe", "id": "1", "payload": { "query": "query A { me { id } }", "operationName": "B" } }),
                ),
                HearError("1", "OPERATION_RESOLUTION_FAILURE"),
            ],
        ),
        (
            "a missing variable",
            vec![
                init(),
                ack(),
                subscribe("1", "query($id: ID!) { order(id: $id) { id } }"),
                HearError("1", "BAD_USER_INPUT"),
            ],
        ),
        (
            "too deep",
            vec![
                init(),
                ack(),
                Say(
                    json!({ "type": "subscribe", "id": "1", "payload": { "query": format!("{}{}", "{a".repeat(40), "}".repeat(40)) } }),
                ),
                HearError("1", "QUERY_TOO_COMPLEX"),
            ],
        ),
    ]
}

async fn play(shop: &TestShop, name: &str, steps: Vec<Step>) -> String {
    let mut socket = shop.socket().await;
    let mut last = String::new();
    for (place, step) in steps.into_iter().enumerate() {
        match step {
            Say(message) => socket.send(&message).await,
            SayText(text) => socket.send_text(text).await,
            SayBinary(bytes) => socket.send_frame(Message::binary(bytes)).await,
            Hear(message) => {
                assert_eq!(socket.next().await, Frame::Json(message.clone()), "{name}, step {place}");
                last = message["type"].as_str().unwrap().to_owned();
            }
            HearError(id, code) => {
                let Frame::Json(message) = socket.next().await else { panic!("{name}, step {place}: closed") };
                let heard = (&message["type"], &message["id"], &message["payload"][0]["extensions"]["code"]);
                assert_eq!(heard, (&json!("error"), &json!(id), &json!(code)), "{name}, step {place}: {message}");
                last = format!("error {code}");
            }
            Closed(code, why) => match socket.next().await {
                Frame::Closed(got, reason) if got == code && reason.contains(why) => last = format!("{code} {reason}"),
                other => panic!("{name}, step {place}: {other:?} and not {code} {why}"),
            },
        }
    }
    last
}

#[tokio::test]
async fn the_table_of_the_protocol() {
    let shop = TestShop::builder().with("websocket.max_operations", "2").start().await;
    let campaign = shop.live_campaign(5, 1).await;
    let cases = cases(&campaign);
    println!("{} cases of graphql-transport-ws:", cases.len());
    for (name, steps) in cases {
        println!("  {name:<40} {}", play(&shop, name, steps).await);
    }
    shop.stop().await;
}

/// Opens a socket with these headers; an answer that is none is told.
async fn open(shop: &TestShop, headers: &[(&'static str, &str)]) -> Result<Socket, (u16, String)> {
    let mut request = format!("ws://{}/graphql", shop.app().addr()).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    match within("a socket", connect_async(request)).await {
        Ok((stream, _)) => Ok(Socket::over(stream)),
        Err(tungstenite::Error::Http(answer)) => {
            let body = answer.body().as_deref().unwrap_or_default();
            Err((answer.status().as_u16(), String::from_utf8_lossy(body).into_owned()))
        }
        Err(error) => panic!("{error}"),
    }
}

const SPEAKS: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

#[tokio::test]
async fn who_may_open_a_socket() {
    let shop = TestShop::builder()
        .with("cors.origins", "https://app.example")
        .with("rates.exempt", "")
        .with("websocket.max_sockets_per_address", "2")
        .with("websocket.max_sockets_per_user", "1")
        .start()
        .await;
    let mut none = open(&shop, &[]).await.ok().unwrap();
    assert!(matches!(none.next().await, Frame::Closed(4406, _)), "no protocol at all");
    let foreign = open(&shop, &[SPEAKS, ("origin", "https://evil.example")]).await.err().unwrap();
    assert!(foreign.0 == 403 && foreign.1.contains("FORBIDDEN"), "{foreign:?}");
    let own = format!("http://{}", shop.app().addr());
    // The socket that was closed leaves its place when its client has confirmed it.
    drop(none);
    let mut named =
        wait_until("a place", async || open(&shop, &[SPEAKS, ("origin", "https://app.example")]).await.ok()).await;
    let mut same = wait_until("a place", async || open(&shop, &[SPEAKS, ("origin", &own)]).await.ok()).await;
    let full = open(&shop, &[SPEAKS]).await.err().unwrap();
    assert!(full.0 == 429 && full.1.contains("RATE_LIMITED"), "{full:?}");

    let buyer = shop.register_customer().await;
    named.init(Some(&buyer.token)).await;
    let payload = json!({ "authorization": format!("Bearer {}", buyer.token) });
    same.send(&json!({ "type": "connection_init", "payload": payload })).await;
    assert!(matches!(same.next().await, Frame::Closed(1013, _)), "a second one of this user");
    drop((named, same));
    let again = wait_until("a place", async || open(&shop, &[SPEAKS]).await.ok());
    again.await.init(Some(&buyer.token)).await;
    shop.stop().await;
}

#[tokio::test]
async fn silence_and_noise_are_bounded() {
    let shop = TestShop::builder()
        .with("websocket.init_timeout", "300ms")
        .with("websocket.message_limit", "4096")
        .start()
        .await;
    let mut silent = shop.socket().await;
    assert_eq!(silent.next().await, Frame::Closed(4408, "Connection initialisation timeout".to_owned()));
    let mut patient = shop.socket().await;
    patient.init(None).await;
    let padded = json!({ "type": "ping", "payload": { "x": "x".repeat(4_000) } });
    patient.send(&padded).await;
    assert_eq!(patient.message().await, json!({ "type": "pong" }));
    patient.send(&json!({ "type": "ping", "payload": { "x": "x".repeat(5_000) } })).await;
    assert!(matches!(patient.next().await, Frame::Closed(1009, _)), "too large");
    let mut garbled = shop.socket().await;
    garbled
        .send_frame(Message::Frame(tungstenite::protocol::frame::Frame::message(
            vec![0xff_u8, 0xfe],
            tungstenite::protocol::frame::coding::OpCode::Data(tungstenite::protocol::frame::coding::Data::Text),
            true,
        )))
        .await;
    assert!(matches!(garbled.next().await, Frame::Closed(1007, _)), "no UTF-8");
    shop.stop().await;
}

#[tokio::test]
async fn who_does_not_answer_any_more_is_cut_off() {
    let shop = TestShop::builder().with("websocket.keepalive", "200ms").start().await;
    let mut request = format!("ws://{}/graphql", shop.app().addr()).into_client_request().unwrap();
    request.headers_mut().insert(SPEAKS.0, HeaderValue::from_static(SPEAKS.1));
    // A raw connection: a client of WebSocket would answer pings by itself.
    let address = shop.app().addr();
    let mut wire = crate::wire::Wire::open(&shop).await;
    wire.write(&format!(
        "GET /graphql HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    ))
    .await;
    let heard = wire.closed().await;
    assert!(heard.starts_with("HTTP/1.1 101"), "{heard}");

    let (mut stream, _) = connect_async(request).await.unwrap();
    stream.send(Message::text(json!({ "type": "connection_init" }).to_string())).await.unwrap();
    let mut pings = 0;
    while pings < 5 {
        pings += usize::from(matches!(within("a ping", stream.next()).await, Some(Ok(Message::Ping(_)))));
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_new_token_keeps_a_socket_open() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let (buyer, other) = (shop.register_customer().await, shop.register_customer().await);
    let renew = |token: &str| json!({ "type": "ping", "payload": { "authorization": format!("Bearer {token}") } });
    let mut socket = shop.socket().await;
    socket.init(Some(&buyer.token)).await;
    shop.advance(chrono::Duration::minutes(10));
    let fresh = shop.sign_in(&buyer.phone, &buyer.password).await;
    socket.send(&renew(&fresh)).await;
    assert_eq!(socket.message().await, json!({ "type": "pong", "payload": { "authorized": true } }));
    shop.advance(chrono::Duration::minutes(10));
    let query = json!({ "query": "{ me { username } }" });
    socket.send(&json!({ "id": "1", "type": "subscribe", "payload": query })).await;
    assert_eq!(socket.message().await["payload"]["data"]["me"]["username"], buyer.username);
    assert_eq!(socket.message().await["type"], "complete");
    shop.advance(chrono::Duration::minutes(5));
    assert_eq!(socket.next().await, Frame::Closed(4403, "the access token has expired".to_owned()));

    let (ours, theirs) =
        (shop.sign_in(&buyer.phone, &buyer.password).await, shop.sign_in(&other.phone, &other.password).await);
    for (token, why) in [(theirs.as_str(), "another user's"), ("forged", "not valid")] {
        let mut socket = shop.socket().await;
        socket.init(Some(&ours)).await;
        socket.send(&renew(token)).await;
        let closed = socket.next().await;
        assert!(matches!(&closed, Frame::Closed(4403, reason) if reason.contains(why)), "{closed:?}");
    }
    let mut early = shop.socket().await;
    early.send(&renew(&ours)).await;
    assert!(matches!(early.next().await, Frame::Closed(4401, _)));
    shop.stop().await;
}

#[tokio::test]
async fn a_change_is_made_though_its_socket_is_gone() {
    let shop = TestShop::builder().with("auth.password_hashing_concurrency", "1").start().await;
    let login = "mutation($input: LoginInput!) { login(input: $input) { user { username } } }";
    let credentials = |phone: &str| json!({ "input": { "phone": phone, "password": "correct horse battery" } });
    // One password is hashed at a time, and these come first.
    let mut others: FuturesUnordered<_> =
        (0..20).map(|number| shop.data(None, login, credentials(&format!("+1000666000{number}")))).collect();
    others.next().await;
    let query = "mutation($input: RegisterInput!) { register(input: $input) { user { id } userErrors { code } } }";
    let input = json!({
        "username": "gone", "phone": "+10007770001", "password": "correct horse battery",
        "birthDate": "1990-05-17", "workStatus": "EMPLOYED",
    });
    let mut socket = shop.socket().await;
    socket.init(None).await;
    let payload = json!({ "query": query, "variables": { "input": input } });
    socket.send(&json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    socket.send(&json!({ "type": "ping" })).await;
    assert_eq!(socket.message().await, json!({ "type": "pong" }), "the server has heard both, and hashes others");
    drop(socket);
    others.count().await;
    let name = shop.wait_for("the account", None, login, credentials("+10007770001"), |data| {
        data["login"]["user"]["username"].as_str().map(str::to_owned)
    });
    assert_eq!(name.await, "gone");
    shop.stop().await;
}

#[tokio::test]
async fn the_cost_is_told_when_it_is_asked_for() {
    let shop = TestShop::start().await;
    let mut socket = shop.socket().await;
    socket.init(None).await;
    let payload = json!({ "query": "{ me { id } }", "extensions": { "cost": true } });
    socket.send(&json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    let cost = socket.message().await["payload"]["extensions"]["cost"].take();
    assert_eq!((&cost["complexity"]["used"], &cost["depth"]["used"]), (&json!(2), &json!(2)), "{cost}");
    shop.stop().await;
}

//! Sockets over time: who may open one, how long it stays, and what becomes of what runs on it. What is said on them is in
//! [`crate::protocol`].

use std::collections::BTreeSet;

use domain::testing::instant;
use futures_util::{SinkExt, StreamExt, stream::FuturesUnordered};
use serde_json::json;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{Frame, Socket, TestShop, wait_until, within};

/// Opens a socket with these headers; an answer that is none is told.
pub(crate) async fn open(shop: &TestShop, headers: &[(&'static str, &str)]) -> Result<Socket, (u16, String)> {
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
async fn all_that_wait_their_turn_are_answered() {
    let shop = TestShop::start().await;
    let mut socket = shop.socket().await;
    socket.init(None).await;
    // More than run at a time, twice over: a turn that is not given back would be missing.
    for round in 0..2 {
        let ids: BTreeSet<String> = (0..40).map(|number| format!("{round}-{number}")).collect();
        for id in &ids {
            let payload = json!({ "query": "{ campaigns { totalCount } }" });
            socket.send(&json!({ "id": id, "type": "subscribe", "payload": payload })).await;
        }
        let mut completed = BTreeSet::new();
        while completed.len() < ids.len() {
            let message = socket.message().await;
            match message["type"].as_str() {
                Some("next") => assert_eq!(message["payload"]["data"]["campaigns"]["totalCount"], 0),
                Some("complete") => {
                    completed.insert(message["id"].as_str().unwrap().to_owned());
                }
                _ => panic!("{message}"),
            }
        }
        assert_eq!(completed, ids);
    }
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
